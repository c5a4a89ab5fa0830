"""Scenarios of calls and streams: CPU, latency, lateness."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass

from benchmarks.gateway import bench as shared
from benchmarks.gateway.bench import BURST, CHAT_PATH, CONNECTIONS, EMBEDDINGS_PATH, MESSAGES_PATH, Bench
from benchmarks.gateway.load import Outcome, load, percentile
from benchmarks.gateway.process import resident, wake_ups
from benchmarks.gateway.report import Quantity
from benchmarks.gateway.servers import Server
from benchmarks.gateway.subjects import CHAT, CLAUDE, EMBEDDINGS
from benchmarks.gateway.wrk import installed, wrk

_CALL, _CHUNK = "s CPU / 1,000", "ms CPU / 1,000 chunks"
UNARY = Quantity("unary, 16 connections", "CPU", _CALL, 0.15)
UNARY_RATIO = Quantity("unary, 16 connections", "CPU, times nginx", "×", 8)
UNARY_P99 = Quantity("unary, 16 connections", "latency p99", "ms", 5)
UNARY_RATE = Quantity("unary, 16 connections", "time of 1,000 calls", "ms")
SINGLE = Quantity("unary, 1 connection", "latency p50", "ms")
ADDED = Quantity("unary, 1 connection", "p50 above direct", "ms", 0.3)
LARGE = Quantity("prompts of 200 kB", "CPU", _CALL, 0.6)
BURSTS = Quantity("burst, same dialect", "CPU", _CHUNK, 8)
BURSTS_RATIO = Quantity("burst, same dialect", "CPU, times nginx", "×", 2)
BURSTS_FIRST = Quantity("burst, same dialect", "first piece p50", "ms")
_PAIRS = {
    "openai → anthropic": (CHAT_PATH, CLAUDE),
    "anthropic → openai": (MESSAGES_PATH, CHAT),
}


async def unary(bench: Bench) -> None:
    """Measure calls answered whole, as fast as 16 connections can."""
    by_wrk = installed() and bench.scale.seconds > 0
    if not installed():
        bench.report.note(
            "wrk is not installed: the own client was used, and takes more of the upstream's core"
        )
    for _ in bench.rounds():
        for server in bench.having(CHAT):
            body = shared.chat(server.subject.models[CHAT], "bench-unary")
            await _plain(server, body, CONNECTIONS, 200)
            work = (
                wrk(server.target, CHAT_PATH, body, connections=CONNECTIONS, seconds=bench.scale.seconds)
                if by_wrk
                else _plain(server, body, CONNECTIONS, bench.scale.calls)
            )
            if done := await bench.measured(UNARY.scenario, server, work):
                outcome, cpu = done
                bench.add(UNARY, server, cpu and cpu / outcome.answered * 1e3)
                bench.add(UNARY_P99, server, percentile(outcome.latencies, 0.99) * 1e3)
                bench.add(UNARY_RATE, server, outcome.seconds / outcome.answered * 1e6)
    bench.ratio(UNARY_RATIO, UNARY)


async def single(bench: Bench) -> None:
    """Measure what a server adds to the latency of one call at a time."""
    for _ in bench.rounds():
        alone: float | None = None
        for server in bench.having(CHAT):
            body = shared.chat(server.subject.models[CHAT], "bench-unary")
            await _plain(server, body, 1, 50)
            if done := await bench.measured(
                SINGLE.scenario, server, _plain(server, body, 1, bench.scale.single_calls)
            ):
                p50 = statistics.median(done[0].latencies) * 1e3
                bench.add(SINGLE, server, p50)
                if server.name == "direct":
                    alone = p50
                elif alone is not None:
                    bench.add(ADDED, server, p50 - alone)


async def large(bench: Bench) -> None:
    """Measure calls with prompts of 200 kB."""
    for _ in bench.rounds():
        for server in bench.having(CHAT):
            body = shared.chat(server.subject.models[CHAT], "bench-unary", padding=200_000)
            await _plain(server, body, CONNECTIONS, 30)
            work = _plain(server, body, CONNECTIONS, bench.scale.large_calls)
            if done := await bench.measured(LARGE.scenario, server, work):
                outcome, cpu = done
                bench.add(LARGE, server, cpu and cpu / outcome.answered * 1e3)


async def burst(bench: Bench) -> None:
    """Measure streams that come as fast as they go, the same dialect on both sides."""
    for _ in bench.rounds():
        for server in bench.having(CHAT):
            body = shared.chat(server.subject.models[CHAT], f"bench-burst-{BURST}", stream=True)
            outcome = await _burst(bench, BURSTS, server, CHAT_PATH, body)
            if outcome:
                bench.add(BURSTS_FIRST, server, percentile(outcome.firsts, 0.5) * 1e3)
    bench.ratio(BURSTS_RATIO, BURSTS)


async def paced(bench: Bench) -> None:
    """Measure streams of 20 ms a chunk: a hundred, many, and as many with a tenth of the chunks."""
    scale = bench.scale
    many = [(20, scale.paced_pieces), *([(200, scale.slow_pieces)] if scale.slow_pieces else [])]
    paces = [_Pace(100, 20, scale.paced_pieces, cpu=60)]
    paces += [_Pace(scale.many, pace, pieces, late_ms=50, memory_kb=100) for pace, pieces in many]
    for _ in bench.rounds():
        for server in bench.having(CHAT):
            for pace in paces:
                await _paced(bench, server, pace)


async def translated(bench: Bench) -> None:
    """Measure streams that speak one dialect to the client and another to the upstream."""
    for _ in bench.rounds():
        for name, (path, model) in _PAIRS.items():
            for server in bench.having(CHAT, CLAUDE):
                fast = _ask(path, server.subject.models[model], f"bench-burst-{BURST}")
                quantity = Quantity(f"translated, {name}", "CPU, burst", _CHUNK, 40)
                await _burst(bench, quantity, server, path, fast)
                slow = _ask(
                    path, server.subject.models[model], f"bench-paced-20ms-{bench.scale.paced_pieces}"
                )
                quantity = Quantity(f"translated, {name}", "CPU, 100 paced streams", _CHUNK, 100)
                work = _streams(server, path, slow, 100, 100, bench.scale.paced_pieces)
                if done := await bench.measured(quantity.scenario, server, work):
                    _add_chunks(bench, quantity, server, *done)


async def embeddings(bench: Bench) -> None:
    """Measure 100 vectors of 1536 numbers, as numbers and as base64."""
    for _ in bench.rounds():
        for encoding in ("float", "base64"):
            quantity = Quantity("100 vectors of 1536", f"CPU, {encoding}", "ms CPU / call")
            for server in bench.having(EMBEDDINGS):
                body = shared.embed(server.subject.models[EMBEDDINGS], 100, encoding)
                request = server.target.request(EMBEDDINGS_PATH, body)
                await load(server.target, request, connections=4, calls=8)
                work = load(
                    server.target, request, connections=4, calls=max(50, bench.scale.large_calls // 5)
                )
                if done := await bench.measured(quantity.scenario, server, work):
                    outcome, cpu = done
                    bench.add(quantity, server, cpu and cpu / outcome.answered * 1e3)


def _ask(path: str, model: str, wish: str) -> bytes:
    return shared.messages(model, wish) if path == MESSAGES_PATH else shared.chat(model, wish, stream=True)


async def _plain(server: Server, body: bytes, connections: int, calls: int) -> Outcome:
    request = server.target.request(CHAT_PATH, body)
    return await load(server.target, request, connections=connections, calls=calls)


async def _streams(
    server: Server, path: str, body: bytes, connections: int, calls: int, pieces: int
) -> Outcome:
    request = server.target.request(path, body)
    return await load(server.target, request, connections=connections, calls=calls, pieces=pieces)


async def _burst(bench: Bench, quantity: Quantity, server: Server, path: str, body: bytes) -> Outcome | None:
    await _streams(server, path, body, CONNECTIONS, 20, BURST)
    work = _streams(server, path, body, CONNECTIONS, bench.scale.bursts, BURST)
    if not (done := await bench.measured(quantity.scenario, server, work)):
        return None
    _add_chunks(bench, quantity, server, *done)
    return done[0]


def _add_chunks(
    bench: Bench, quantity: Quantity, server: Server, outcome: Outcome, cpu: float | None
) -> None:
    bench.add(quantity, server, cpu and cpu / outcome.pieces * 1e6)


@dataclass(frozen=True, slots=True)
class _Pace:
    """Concurrent streams of one pace, and the goals for them."""

    streams: int
    pace_ms: int
    pieces: int
    cpu: float | None = None
    late_ms: float | None = None
    memory_kb: float | None = None

    @property
    def scenario(self) -> str:
        return f"{self.streams:,} streams, {self.pace_ms} ms a chunk"


async def _paced(bench: Bench, server: Server, pace: _Pace) -> None:
    wish = f"bench-paced-{pace.pace_ms}ms-{pace.pieces}"
    request = server.target.request(CHAT_PATH, shared.chat(server.subject.models[CHAT], wish, stream=True))
    before, ramp = bench.memory_before(server), pace.streams * bench.scale.ramp_ms / 1e3
    woken = wake_ups(server.pid)
    peak: list[int] = []
    half = (ramp + pace.pace_ms * pace.pieces / 1e3) / 2  # all have begun, none has ended
    asyncio.get_running_loop().call_later(half, lambda: peak.append(resident(server.pid)))
    work = load(
        server.target, request, connections=pace.streams, calls=pace.streams, pieces=pace.pieces, ramp=ramp
    )
    if not (done := await bench.measured(pace.scenario, server, work)):
        return
    _add_chunks(bench, Quantity(pace.scenario, "CPU", _CHUNK, pace.cpu), server, *done)
    if server.pid:
        woken = wake_ups(server.pid) - woken
        bench.add(Quantity(pace.scenario, "wake-ups", "a chunk"), server, woken / done[0].pieces)
    _add_lateness(bench, pace, server, [1e3 * late for late in done[0].lateness])
    if peak and server.pid and pace.memory_kb:
        memory = Quantity(pace.scenario, "memory a stream", "kB", pace.memory_kb)
        bench.add(memory, server, max(0, peak[0] - before) / pace.streams / 1e3)


def _add_lateness(bench: Bench, pace: _Pace, server: Server, late_ms: list[float]) -> None:
    bench.add(Quantity(pace.scenario, "lateness p50", "ms"), server, percentile(late_ms, 0.5))
    bench.add(Quantity(pace.scenario, "lateness p99", "ms", pace.late_ms), server, percentile(late_ms, 0.99))
    bench.add(Quantity(pace.scenario, "lateness most", "ms"), server, percentile(late_ms, 1))

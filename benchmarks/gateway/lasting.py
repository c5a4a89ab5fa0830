"""Scenarios of a server's life: start, idle streams, growth, workers, and whether every call is on record."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.gateway import bench as shared
from benchmarks.gateway.bench import CHAT_PATH, Bench
from benchmarks.gateway.idle import Idle, open_streams
from benchmarks.gateway.load import Outcome, load
from benchmarks.gateway.process import proportional, resident
from benchmarks.gateway.report import Quantity
from benchmarks.gateway.servers import Server, serving
from benchmarks.gateway.subjects import CHAT, Subject

_MB, _KB = 1e6, 1e3
START = Quantity("start", "to the first answer", "s", 1)
IDLE_MEMORY = Quantity("start", "idle memory, resident", "MB", 70)
IDLE_SHARE = Quantity("start", "idle memory, shared pages divided", "MB")
GROWTH = Quantity("memory over calls", "growth", "%", 5)
WORKERS = Quantity("two workers", "time of one worker's work, times", "×", 1 / 1.9)
LEDGER = Quantity("ledger", "calls not on record, or twice", "calls", 0)
GONE = Quantity("client gone", "upstream closed after", "ms", 100)


async def start(bench: Bench) -> None:
    """Measure from the command to the first answer, and the memory of a server that has answered once."""
    for _ in bench.rounds():
        for subject in _startable(bench):
            first = shared.chat(subject.models[CHAT], "bench-unary")
            async with serving(subject, bench.upstream, bench.cores.subject, first=first) as server:
                bench.add(START, server, server.started)
                bench.add(IDLE_MEMORY, server, resident(server.pid) / _MB)
                bench.add(IDLE_SHARE, server, proportional(server.pid) / _MB)


async def idle(bench: Bench) -> None:
    """Hold many streams on which nothing comes; then see how soon the upstream is rid of them."""
    scale = bench.scale
    scenario = f"{scale.idle:,} idle streams"
    lost = Quantity(scenario, "lost", "streams", 0)
    memory = Quantity(scenario, "memory a stream", "kB", 100)
    for server in bench.having(CHAT):
        request = server.target.request(CHAT_PATH, _idle_body(server))
        before = bench.memory_before(server)
        async with Idle(server.target, request, scale.idle) as streams:
            await asyncio.sleep(scale.idle_seconds)
            bench.add(lost, server, scale.idle - streams.open)
            if server.pid:
                bench.add(memory, server, max(0, resident(server.pid) - before) / scale.idle / _KB)
            if not (await _calls(server, 100)).answered:
                bench.report.note(f"{scenario}, {server.name}: nothing else is answered meanwhile")
        await _upstream_streams(bench, 0)
    for _ in bench.rounds():
        for server in bench.having(CHAT):
            bench.add(GONE, server, await _gone(bench, server) * 1e3)


async def growth(bench: Bench) -> None:
    """Compare the memory after many calls with that after ten times as many."""
    scale = bench.scale
    for subject in _startable(bench):
        async with serving(subject, bench.upstream, bench.cores.subject) as server:
            await _calls(server, scale.calls_before)
            before = proportional(server.pid)
            bench.add(Quantity(GROWTH.scenario, f"after {scale.calls_before:,}", "MB"), server, before / _MB)
            outcome = await _calls(server, scale.calls_after - scale.calls_before)
            if outcome.failed:
                bench.report.note(f"{GROWTH.scenario}, {server.name}: {outcome.failed}")
            bench.add(GROWTH, server, (proportional(server.pid) / before - 1) * 100 if before else None)
    bench.tick()


async def workers(bench: Bench) -> None:
    """Compare two workers with one.

    Where four cores are free the workers have two of them, and the time counts. Where not, it is what the
    CPU says: the time that the busier worker needs for its part of the calls.
    """
    spare = sorted(bench.cores.free)
    enough = len(spare) >= 2
    if not enough:
        bench.report.note(
            "two workers: fewer than four cores, so it is taken from the CPU of the busier worker"
        )
    for _ in bench.rounds():
        for subject in (each for each in _startable(bench) if each.ours or each.name == "nginx"):
            times = []
            for count in (1, 2):
                cores = bench.cores.subject | frozenset(spare[: count - 1] if enough else ())
                async with serving(subject, bench.upstream, cores, workers=count) as server:
                    times.append(await _work(bench, server, by_clock=enough))
            bench.report.add(WORKERS, subject.name, times[1] / times[0])


async def _work(bench: Bench, server: Server, *, by_clock: bool) -> float:
    """Return the seconds that a number of calls takes: of the clock, or of CPU in the busiest process."""
    await _calls(server, 500, connections=64)
    before = server.cpu()
    outcome = await _calls(server, bench.scale.calls, connections=64)
    after = server.cpu()
    return outcome.seconds if by_clock else max(after[pid] - before.get(pid, 0.0) for pid in after)


async def ledger(bench: Bench) -> None:
    """Count the records of a known number of calls and streams, at once after the last answer."""
    for server in bench.having(CHAT):
        if not (records := server.subject.records):
            continue
        for _ in bench.rounds():
            before = records(server.folder)
            plain = await _calls(server, bench.scale.calls // 4)
            body = shared.chat(server.subject.models[CHAT], "bench-burst-20", stream=True)
            request = server.target.request(CHAT_PATH, body)
            streams = await load(server.target, request, connections=50, calls=200, pieces=20)
            made = plain.answered + streams.answered
            bench.report.add(LEDGER, server.name, abs(records(server.folder) - before - made))


def _startable(bench: Bench) -> list[Subject]:
    return [server.subject for server in bench.having(CHAT) if server.subject.command]


def _idle_body(server: Server) -> bytes:
    return shared.chat(server.subject.models[CHAT], "bench-idle", stream=True)


async def _calls(server: Server, calls: int, connections: int = shared.CONNECTIONS) -> Outcome:
    body = shared.chat(server.subject.models[CHAT], "bench-unary")
    request = server.target.request(CHAT_PATH, body)
    return await load(server.target, request, connections=connections, calls=calls)


async def _gone(bench: Bench, server: Server) -> float:
    """Return the seconds from a client's leaving until the upstream has no stream any more."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            Idle(server.target, server.target.request(CHAT_PATH, _idle_body(server)), 1)
        )
        await stack.aclose()
        left = time.perf_counter()
        await _upstream_streams(bench, 0)
        return time.perf_counter() - left


async def _upstream_streams(bench: Bench, count: int, limit: float = 30.0) -> None:
    """Wait until the upstream has this many streams."""
    try:
        async with asyncio.timeout(limit):
            while await open_streams(bench.upstream[0]) != count:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.001)
    except TimeoutError:
        bench.report.note(f"the upstream still has streams {limit:g} s after their clients left")

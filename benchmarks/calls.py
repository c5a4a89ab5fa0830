"""CPU of calls of language models: the library, against its own transport with the same requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from benchmarks import upstream
from benchmarks.figure import Figure, Rounds, differences, scaled
from modelbay import AsyncModelbay, Modelbay
from modelbay.wires.request import Request
from modelbay.wires.transport import Transport

KEY = "sk-0000000000000000"
MODEL = "openai/gpt-4.1-mini"
QUESTION = "Say something of twenty-nine tokens."
CALLS, STREAMS, WARM_UP = 500, 50, 30
UNARY_GOAL_MS, CHUNK_GOAL_US = 0.25, 25.0
_BODIES: Mapping[str, Mapping[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": QUESTION}]},
    "responses": {"input": [{"role": "user", "content": QUESTION}], "store": False},
}
_PATHS = {"chat": "chat/completions", "responses": "responses"}


def credentials(base_url: str, api: str = "chat") -> dict[str, Any]:
    """Return what the library needs to reach the upstream."""
    return {"openai": {"openai_api_key": KEY, "openai_api_base": base_url, "api_protocol": api}}


def request(base_url: str, api: str, *, stream: bool) -> Request:
    """Return what the library sends for the question."""
    body = {"model": "gpt-4.1-mini", "stream": stream, **_BODIES[api]}
    return Request("POST", f"{base_url}/{_PATHS[api]}", {"Authorization": f"Bearer {KEY}"}, body)


async def cpu(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the CPU seconds of one call of `work`, the mean of many."""
    before = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - before) / times


async def drain(items: AsyncIterator[object]) -> None:
    """Read to the end."""
    async for _ in items:
        pass


async def _compare(
    rounds: Rounds, times: int, bare: Callable[[], Awaitable[object]], ours: Callable[[], Awaitable[object]]
) -> tuple[list[float], list[float]]:
    """Measure both in turns, so that what disturbs the machine disturbs both."""
    await cpu(bare, WARM_UP)
    await cpu(ours, WARM_UP)
    pairs = [(await cpu(bare, times), await cpu(ours, times)) for _ in rounds]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


async def _unary(rounds: Rounds, base_url: str, api: str) -> list[Figure]:
    async with Transport() as transport, AsyncModelbay(credentials(base_url, api)) as bay:
        bare_request, model = request(base_url, api, stream=False), bay.llm(MODEL)
        bare, ours = await _compare(
            rounds, CALLS, lambda: transport.json(bare_request), lambda: model.invoke(QUESTION)
        )
    return [
        Figure(f"call, {api}: transport alone", "ms CPU", scaled(bare, 1e3)),
        Figure(f"call, {api}: library", "ms CPU", scaled(ours, 1e3)),
        Figure(f"call, {api}: overhead", "ms CPU", differences(ours, bare, 1e3), UNARY_GOAL_MS),
    ]


async def _stream(rounds: Rounds, base_url: str, api: str) -> list[Figure]:
    async with Transport() as transport, AsyncModelbay(credentials(base_url, api)) as bay:
        bare_request, model = request(base_url, api, stream=True), bay.llm(MODEL)
        bare, ours = await _compare(
            rounds,
            STREAMS,
            lambda: drain(transport.events(bare_request)),
            lambda: drain(model.stream(QUESTION)),
        )
    each = 1e6 / upstream.CHUNKS
    return [
        Figure(f"chunk, {api}: transport alone", "µs CPU", scaled(bare, each)),
        Figure(f"chunk, {api}: library", "µs CPU", scaled(ours, each)),
        Figure(f"chunk, {api}: overhead", "µs CPU", differences(ours, bare, each), CHUNK_GOAL_US),
    ]


def unary(rounds: Rounds) -> list[Figure]:
    """Measure a call that is answered whole, over both of OpenAI's APIs."""
    with upstream.running() as base_url:
        return [figure for api in _PATHS for figure in asyncio.run(_unary(rounds, base_url, api))]


def stream(rounds: Rounds) -> list[Figure]:
    """Measure a streamed answer of 100 chunks, over both of OpenAI's APIs."""
    with upstream.running() as base_url:
        return [figure for api in _PATHS for figure in asyncio.run(_stream(rounds, base_url, api))]


def blocking(rounds: Rounds) -> list[Figure]:
    """Measure what the blocking twin adds: a second thread, and the way there and back."""
    values: dict[str, list[float]] = {"asynchronous": [], "blocking": []}
    chunks: list[float] = []
    with upstream.running() as base_url, Modelbay(credentials(base_url)) as bay:
        model = bay.llm(MODEL)
        for _ in range(WARM_UP):
            model.invoke(QUESTION)
        for _ in rounds:
            values["asynchronous"].append(asyncio.run(_asynchronous(base_url)))
            values["blocking"].append(_blocking(CALLS, lambda: model.invoke(QUESTION)))
            chunks.append(_blocking(STREAMS, lambda: list(model.stream(QUESTION))))
    return [
        Figure("blocking call: library", "ms CPU", scaled(values["blocking"], 1e3)),
        Figure(
            "blocking call: over the asynchronous",
            "ms CPU",
            differences(values["blocking"], values["asynchronous"], 1e3),
        ),
        Figure("blocking chunk: library", "µs CPU", scaled(chunks, 1e6 / upstream.CHUNKS)),
    ]


async def _asynchronous(base_url: str) -> float:
    async with AsyncModelbay(credentials(base_url)) as bay:
        model = bay.llm(MODEL)
        await cpu(lambda: model.invoke(QUESTION), WARM_UP)
        return await cpu(lambda: model.invoke(QUESTION), CALLS)


def _blocking(times: int, work: Callable[[], object]) -> float:
    before = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - before) / times

"""Embedding 2,000 texts against an upstream that answers in 50 ms: time on the wall, and CPU."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks import upstream
from benchmarks.calls import KEY, credentials
from benchmarks.figure import Figure, Rounds, scaled
from modelbay import AsyncModelbay
from modelbay.sdk import TextEmbeddingModel
from modelbay.sdk.batches import Limits, batches_of
from modelbay.wires.request import Request
from modelbay.wires.transport import Transport
from modelbay.wires.vectors import floats_of_base64

TEXTS = ["token " * 511 + "token"] * 2000
MODEL = "openai/text-embedding-3-small"
LIMITS = Limits(texts=2048, text_tokens=8191, request_tokens=300_000)
WALL_GOAL, CPU_GOAL_PERCENT = 1.1, 10.0


def embedding(rounds: Rounds) -> list[Figure]:
    """Measure the library, its transport with the same requests, and the decoding of what came."""
    with upstream.running() as base_url:
        return asyncio.run(_measure(rounds, base_url))


async def _measure(rounds: Rounds, base_url: str) -> list[Figure]:
    requests = [_request(base_url, texts) for texts in batches_of(TEXTS, LIMITS)]
    at_once = TextEmbeddingModel.requests_at_once
    ideal = math.ceil(len(requests) / at_once) * upstream.LATENCY
    async with Transport() as transport, AsyncModelbay(credentials(base_url)) as bay:
        await bay.embed(MODEL, TEXTS)  # warm-up; the upstream makes its answers
        answer = orjson.dumps(await transport.json(requests[0]))
        timings = [
            (
                await _bare(transport, requests, at_once),
                await _ours(bay),
                _json_seconds(answer) * len(requests),
                _float_seconds(orjson.loads(answer)),
            )
            for _ in rounds
        ]
    return _figures(timings, len(requests), at_once, ideal)


def _figures(timings: Sequence[Any], requests: int, at_once: int, ideal: float) -> list[Figure]:
    bare, ours, parsing, floats = ([each[place] for each in timings] for place in range(4))
    busy = [other.cpu + number for other, _, _, number in timings]  # what no library could save
    note = f"{requests} requests, {at_once} at once: {ideal * 1e3:.0f} ms of waiting"
    return [
        Figure("embedding: wall", "ms", scaled([each.wall for each in ours], 1e3), note=note),
        Figure("embedding: wall, transport alone", "ms", scaled([each.wall for each in bare], 1e3)),
        Figure(
            "embedding: wall over waiting and decoding",
            "ratio",
            tuple(each.wall / (ideal + least) for each, least in zip(ours, busy, strict=True)),
            WALL_GOAL,
        ),
        Figure("embedding: CPU", "ms CPU", scaled([each.cpu for each in ours], 1e3)),
        Figure("embedding: CPU, transport alone", "ms CPU", scaled([each.cpu for each in bare], 1e3)),
        Figure("embedding: CPU, of it JSON", "ms CPU", scaled(parsing, 1e3)),
        Figure("embedding: CPU, base64 to floats", "ms CPU", scaled(floats, 1e3)),
        _share(
            "embedding: CPU besides decoding",
            [each.cpu - json - number for _, each, json, number in timings],
            ours,
        ),
        _share(
            "embedding: CPU added by the library",
            [each.cpu - other.cpu - number for other, each, _, number in timings],
            ours,
            CPU_GOAL_PERCENT,
        ),
    ]


def _share(name: str, seconds: Sequence[float], whole: Sequence[_Spent], goal: float | None = None) -> Figure:
    shares = tuple(100 * spent / each.wall for spent, each in zip(seconds, whole, strict=True))
    return Figure(name, "% of a core", shares, goal)


class _Spent:
    """Seconds on the wall and of CPU since it was made, until `stop`."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def stop(self) -> _Spent:
        self.wall, self.cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        return self


def _request(base_url: str, texts: Sequence[str]) -> Request:
    body = {"model": "text-embedding-3-small", "input": texts, "encoding_format": "base64"}
    return Request("POST", f"{base_url}/embeddings", {"Authorization": f"Bearer {KEY}"}, body)


async def _bare(transport: Transport, requests: Sequence[Request], at_once: int) -> _Spent:
    """Send the same requests with the same concurrency; the answers stay as they come."""
    room = asyncio.Semaphore(at_once)

    async def send(request: Request) -> None:
        async with room:
            await transport.json(request)

    spent = _Spent()
    await asyncio.gather(*map(send, requests))
    return spent.stop()


async def _ours(bay: AsyncModelbay) -> _Spent:
    spent = _Spent()
    result = await bay.embed(MODEL, TEXTS)
    spent.stop()
    assert len(result.embeddings) == len(TEXTS)
    return spent


def _json_seconds(answer: bytes) -> float:
    began = time.process_time()
    orjson.loads(answer)
    return time.process_time() - began


def _float_seconds(answer: Any) -> float:
    """Decode as many vectors as there are texts and keep them: half of the time goes into new memory."""
    coded = [row["embedding"] for row in answer["data"]]
    began = time.process_time()
    vectors = [floats_of_base64(coded[place % len(coded)]) for place in range(len(TEXTS))]
    spent = time.process_time() - began
    assert len(vectors[-1]) == upstream.DIMENSIONS
    return spent

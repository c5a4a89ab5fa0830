"""`kill -9` under load: every answer that a client has got completely is in the ledger, once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.client import Answer
from tests.gateway.process import Running, running
from tests.gateway.ways import WAYS, Way, until
from tests.upstreams.openai import OpenAIUpstream

from modelbay.wires.http1.errors import WireError

CLIENTS = 32
WAY = WAYS[0]


class Load:
    """Clients that ask again and again, and remember each answer that was complete."""

    def __init__(self, gateway: Running, way: Way) -> None:
        self.complete: list[Answer] = []
        self._gateway = gateway
        self._way = way
        self._changed = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._ask(bool(number % 2))) for number in range(CLIENTS)]

    async def answered(self, number: int) -> None:
        """Wait for so many complete answers."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.complete) >= number)

    async def stop(self) -> None:
        """Have every client finish with what it has asked already."""
        self._gateway, gateway = None, self._gateway  # type: ignore[assignment]
        await asyncio.gather(*self._tasks)
        self._gateway = gateway

    async def _ask(self, stream: bool) -> None:
        while self._gateway is not None:
            try:
                answer = await self._gateway.call("POST", self._way.path, self._way.body(stream=stream))
            except (OSError, WireError):
                await asyncio.sleep(0.01)  # nobody is there
                continue
            if answer.status == 200 and answer.complete:
                async with self._changed:
                    self.complete.append(answer)
                    self._changed.notify_all()


def _used(answer: Answer) -> int:
    told: Any = answer.json if answer.headers["content-type"] == "application/json" else answer.events[-2]
    tokens: int = told["usage"]["total_tokens"]
    return tokens


def _agree(answers: list[Answer], records: list[dict[str, Any]]) -> None:
    """Check that each answer has one record, with the same numbers in it."""
    times = Counter(record["id"] for record in records)
    assert set(times.values()) <= {1}
    by_id = {record["id"]: record for record in records}
    found = [by_id[answer.headers["x-request-id"]] for answer in answers]
    assert {record["status"] for record in found} == {200}
    assert sum(each["prompt_tokens"] + each["completion_tokens"] for each in found) == sum(
        map(_used, answers)
    )
    prices = {Decimal(record["price"]) for record in found}
    assert sum(Decimal(record["price"]) for record in found) == prices.pop() * len(found)
    assert not prices


def _way() -> Way:
    """Return a call whose usage the client is told of as well, streamed or not."""

    class Told(Way):
        def body(self, *, stream: bool = False, **more: Any) -> dict[str, Any]:
            options = {"stream_options": {"include_usage": True}} if stream else {}
            return super().body(stream=stream, **options, **more)

    return Told(WAY.name, WAY.path, WAY.model)


@pytest.mark.parametrize("workers", [1, 2], ids=["alone", "two"])
async def test_what_was_answered_completely_is_in_the_ledger_after_a_kill(
    workers: int, tmp_path: Path
) -> None:
    """Money is asked for by the ledger; a crash must neither forget a call nor count one twice."""
    async with OpenAIUpstream() as upstream:
        options = ("--workers", str(workers), "--no-access-log")
        async with running(tmp_path, {"openai": upstream}, *options) as gateway:
            load = Load(gateway, _way())
            await load.answered(300)
            killed = {gateway.process.pid, *(gateway.workers() if workers > 1 else ())}
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            await load.stop()
            assert (await gateway.ended())[0] == -signal.SIGKILL
        assert len(load.complete) >= 300
        _agree(load.complete, await gateway.records())
        seen = {each["id"] for each in await gateway.records()}
        async with running(tmp_path, {"openai": upstream}) as again:  # it goes on where it was killed
            answer = await again.call("POST", WAY.path, _way().body())
            again.signal(signal.SIGTERM)
            assert (await again.ended())[0] == 0
        after = [each["id"] for each in await again.records()]
        assert set(after) == {*seen, answer.headers["x-request-id"]}
        assert len(after) == len(set(after))


async def test_a_worker_that_is_killed_is_replaced_and_the_ledger_stays_exact(tmp_path: Path) -> None:
    """One crash costs the calls of one process, and those are either in the ledger or not answered."""
    async with OpenAIUpstream() as upstream:
        options = ("--workers", "2", "--no-access-log")
        async with running(tmp_path, {"openai": upstream}, *options) as gateway:
            load, before = Load(gateway, _way()), gateway.workers()
            await load.answered(100)
            os.kill(min(before), signal.SIGKILL)
            await until(
                lambda: len(gateway.workers()) == 2 and min(before) not in gateway.workers(), pause=0.02
            )
            await load.answered(len(load.complete) + 300)
            await load.stop()
            gateway.signal(signal.SIGTERM)
            assert (await gateway.ended())[0] == 0
        _agree(load.complete, await gateway.records())


async def test_workers_add_up_their_metrics(tmp_path: Path) -> None:
    """Whoever scrapes meets one of them, and wants to know of all."""
    async with OpenAIUpstream() as upstream:
        options = ("--workers", "2", "--no-access-log")
        async with running(tmp_path, {"openai": upstream}, *options) as gateway:
            for _ in range(40):
                assert (await gateway.call("POST", WAY.path, WAY.body())).status == 200
            counted = 0.0
            while counted < 40:
                page = (await gateway.call("GET", "/metrics")).body.decode()
                lines = [line for line in page.splitlines() if line.startswith("modelbay_calls_total{")]
                counted = sum(float(line.rpartition(" ")[2]) for line in lines)
            assert counted == 40

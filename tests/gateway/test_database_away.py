"""While PostgreSQL is away calls are spooled, and counted once when it is back; or they are refused."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.process import Running, running
from tests.gateway.test_durability_killed import WAY, Load, _agree, _way
from tests.platform.databases import OwnServer
from tests.upstreams.openai import OpenAIUpstream

QUIET = ("--no-access-log",)


async def answered(gateway: Running, wanted: Callable[[int], bool]) -> Any:
    """Ask until an answer has a status that is wanted; return it."""
    async with asyncio.timeout(60):
        while True:
            answer = await gateway.call("POST", WAY.path, _way().body())
            if wanted(answer.status):
                return answer
            await asyncio.sleep(0.05)


async def readiness(gateway: Running, status: int, *, healed: bool = False) -> Any:
    """Ask whether a gateway is ready until it says so, or not; return what it said.

    Args:
        healed: Ask until it also misses nothing: it tries every second to move calls into the database.
    """
    async with asyncio.timeout(60):
        while True:
            answer = await gateway.ready()
            if answer.status == status and not (healed and "degraded" in answer.json):
                return answer
            await asyncio.sleep(0.05)


def set_up(folder: Path, text: str) -> None:
    """Write the settings of a gateway."""
    (folder / "data").mkdir(mode=0o700, parents=True)
    (folder / "data" / "gateway.yaml").write_text(text)


async def test_calls_are_spooled_and_counted_once(tmp_path: Path, own_server: OwnServer) -> None:
    """Though the server stops under load, the gateway is killed meanwhile, and another one takes over."""
    async with OpenAIUpstream() as upstream:
        async with running(tmp_path, {"openai": upstream}, *QUIET) as gateway:
            load = Load(gateway, _way())
            await load.answered(200)
            await asyncio.to_thread(own_server.pause)
            await load.answered(len(load.complete) + 300)
            gateway.signal(signal.SIGKILL)
            await load.stop()
            await gateway.ended()
        await asyncio.to_thread(own_server.resume)
        async with running(tmp_path, {"openai": upstream}, *QUIET) as again:
            second = Load(again, _way())
            await second.answered(100)
            await asyncio.to_thread(own_server.pause)
            await second.answered(len(second.complete) + 100)
            await asyncio.to_thread(own_server.resume)
            await second.answered(len(second.complete) + 100)
            await second.stop()
            again.signal(signal.SIGTERM)
            assert (await again.ended())[0] == 0
        records = await again.records()

    _agree([*load.complete, *second.complete], records)
    assert max(Counter(record["id"] for record in records).values()) == 1


async def test_a_key_that_nobody_knows_is_not_let_in(tmp_path: Path, own_server: OwnServer) -> None:
    """Whether it opens something cannot be looked up; what is known goes on."""
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}, *QUIET) as gateway:
        await answered(gateway, lambda status: status == 200)
        await asyncio.to_thread(own_server.pause)
        async with asyncio.timeout(60):
            while b"cannot be read" not in (await gateway.ready()).body:
                pass
        strange = await gateway.call(
            "POST", WAY.path, _way().body(), {"authorization": "Bearer mb-" + "a" * 49}
        )
        known = [await gateway.call("POST", WAY.path, _way().body()) for _ in range(20)]
        ready = await gateway.ready()

        assert strange.status in {401, 503}
        assert {answer.status for answer in known} == {200}
        assert (ready.status, ready.json["status"], ready.json["reasons"]) == (200, "ready", [])
        assert any("cannot be read" in reason for reason in ready.json["degraded"])
        await asyncio.to_thread(own_server.resume)


async def test_a_gateway_that_knows_no_key_is_not_ready(tmp_path: Path, own_server: OwnServer) -> None:
    """It could serve nobody while the database is away; another that knows some can."""
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}, *QUIET) as gateway:
        first = await gateway.ready()
        await asyncio.to_thread(own_server.pause)
        away = await readiness(gateway, 503)
        await asyncio.to_thread(own_server.resume)
        back = await readiness(gateway, 200, healed=True)

        assert (first.status, first.json) == (200, {"status": "ready", "reasons": []})
        assert any("keys cannot be read" in reason for reason in away.json["reasons"])
        assert back.json == first.json


async def test_calls_are_refused_where_that_is_the_policy(tmp_path: Path, own_server: OwnServer) -> None:
    """Before anything is spent; and taken again when the server is back."""
    set_up(tmp_path, "when_database_is_away: refuse\n")
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}, *QUIET) as gateway:
        first = await answered(gateway, lambda status: status == 200)
        await asyncio.to_thread(own_server.pause)
        refused = await answered(gateway, lambda status: status != 200)
        asked = len(upstream.requests)
        again = await gateway.call("POST", WAY.path, _way().body())

        assert (refused.status, again.status, len(upstream.requests)) == (503, 503, asked)
        assert "degraded" not in (await readiness(gateway, 503)).json
        await asyncio.to_thread(own_server.resume)
        last = await answered(gateway, lambda status: status == 200)
        gateway.signal(signal.SIGTERM)
        assert (await gateway.ended())[0] == 0
    ids = [record["id"] for record in await gateway.records()]
    assert {first.headers["x-request-id"], last.headers["x-request-id"]} <= set(ids)
    assert len(ids) == len(set(ids))


async def test_a_spool_that_is_full_refuses(tmp_path: Path, own_server: OwnServer) -> None:
    """A disk that fills up would take everything else with it."""
    set_up(tmp_path, "spool_limit: 20000\n")
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}, *QUIET) as gateway:
        await answered(gateway, lambda status: status == 200)
        await asyncio.to_thread(own_server.pause)
        refused = await answered(gateway, lambda status: status != 200)
        assert (refused.status, "too many calls wait" in str(refused.json)) == (503, True)
        assert "too many calls wait for the database" in (await readiness(gateway, 503)).json["reasons"]
        await asyncio.to_thread(own_server.resume)
        await answered(gateway, lambda status: status == 200)


@pytest.mark.parametrize(
    "text", ["when_database_is_away: maybe\n", "spool_limit: 0\n", "spool_limit: much\n"]
)
async def test_a_setting_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """By name, before anything serves."""
    set_up(tmp_path, text)
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}) as gateway:
        code, said = await gateway.ended()

    assert code != 0
    assert text.partition(":")[0] in said

"""Clients that do not wait: nobody goes on working for them, and what was used is written down."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from tests.gateway.client import encode
from tests.gateway.serving import Served, serving
from tests.gateway.ways import EITHER_LANE, WAYS, WORDS, Watched, Way, asking, gated, until

from modelbay.sdk.testing import faults

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
either_lane = pytest.mark.parametrize("way", EITHER_LANE, ids=lambda way: way.name)


async def _nothing_is_left(served: Served) -> None:
    """Nothing runs, and nothing is held: also the metrics say so."""
    await until(lambda: not served.server.active)
    page = await served.call("GET", "/metrics")
    assert b"\nmodelbay_active_calls 0.0\n" in page.body


@every_way
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_leaving_before_the_answers_head_closes_the_upstream(
    way: Way, stream: bool, tmp_path: Path
) -> None:
    """The prompt has been sent, so it is paid for; the answer has not begun."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_fail(faults.slow_headers())
        async with asking(served, way, stream=stream):
            await upstream.received()
        await upstream.hung_up()
        record = await ledger.until(written=1)
        assert (record.status, record.completion_tokens, record.estimated) == (499, 0, True)
        assert record.prompt_tokens > 0
        assert record.price
        await _nothing_is_left(served)
        assert upstream.connections == 0


@every_way
async def test_leaving_in_the_middle_of_a_stream_closes_the_upstream(way: Way, tmp_path: Path) -> None:
    """A model that goes on talking to nobody costs money."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_stream(*WORDS)
        gated(upstream, open_for=8)
        async with asking(served, way, stream=True) as client:
            await client.until(b"word3")
        await upstream.hung_up()
        record = await ledger.until(written=1)
        assert (record.status, record.stream, record.estimated) == (499, True, True)
        assert record.prompt_tokens > 0
        assert 0 < record.completion_tokens < 60
        assert record.price
        await _nothing_is_left(served)
        assert upstream.connections == 0


@every_way
async def test_leaving_in_the_middle_of_a_whole_answer_closes_the_upstream(way: Way, tmp_path: Path) -> None:
    """A client that sees nothing leaves more often than one that sees the answer grow."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_fail(faults.stall(200, "body"))
        async with asking(served, way):
            await upstream.received()
        await upstream.hung_up()
        record = await ledger.until(written=1)
        assert (record.status, record.stream) == (499, False)
        assert record.prompt_tokens > 0
        await _nothing_is_left(served)
        assert upstream.connections == 0


@either_lane
async def test_the_record_reaches_ledger_log_and_metrics_alike(way: Way, tmp_path: Path) -> None:
    """Whoever compares them must find the same call, with the same usage."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        gated(upstream, open_for=4)
        async with asking(served, way, stream=True) as client:
            await client.until(b"data:")
        used = (await ledger.until(written=1)).prompt_tokens
        (kept,) = await served.records()
        assert (kept["status"], kept["prompt_tokens"]) == (499, used)
        page = ""
        while 'status="499"' not in page:
            page = (await served.call("GET", "/metrics")).body.decode()
        labels = f'model="{way.model.partition("/")[2]}",provider="{way.family}"'
        counted = re.findall(rf'modelbay_tokens_total{{kind="input",{labels}[^}}]*}} ([0-9.]+)', page)
        assert [float(each) for each in counted] == [used]


async def test_leaving_in_the_middle_of_the_request_asks_nobody(tmp_path: Path) -> None:
    """There is no call to make yet; that somebody tried is written down all the same."""
    async with serving(tmp_path, "openai") as served:
        ledger = Watched(served.gateway)
        _, writer = await asyncio.open_connection(*served.place)
        sent = encode(
            "POST", "/v1/chat/completions", WAYS[0].body(), {"authorization": f"Bearer {served.key}"}
        )
        writer.write(sent[:-20])
        await until(lambda: served.gateway.active)
        writer.transport.abort()
        record = await ledger.until(written=1)
        assert (record.status, record.prompt_tokens, record.asked_model) == (499, 0, "")
        assert not served.upstreams["openai"].requests


@either_lane
async def test_many_that_leave_at_once_leave_nothing_behind(way: Way, tmp_path: Path) -> None:
    """A browser tab that is closed takes all of its calls with it."""
    async with way.serving(tmp_path) as served, asyncio.TaskGroup() as group:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        gated(upstream, open_for=0)

        async def leave(number: int) -> None:
            async with asking(served, way, stream=bool(number % 2)):
                await upstream.received(40)

        for number in range(40):
            group.create_task(leave(number))
        await ledger.until(written=40)
        assert {record.status for record in ledger.written} == {499}
        assert len({record.id for record in ledger.written}) == 40
        for _ in range(40):
            await upstream.hung_up()
        await _nothing_is_left(served)
        assert upstream.connections == 0


async def test_leaving_in_the_middle_of_speech_closes_the_upstream(tmp_path: Path) -> None:
    """What is spoken is priced by its text, so all of it is written down."""
    async with serving(tmp_path, "openai") as served:
        upstream, ledger = served.upstreams["openai"], Watched(served.gateway)
        upstream.will_fail(faults.stall(3000, "body"))
        body = {"model": "openai/tts-1", "input": "Hello " * 200, "voice": "alloy"}
        reader, writer = await asyncio.open_connection(*served.place)
        writer.write(encode("POST", "/v1/audio/speech", body, {"authorization": f"Bearer {served.key}"}))
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        await upstream.hung_up()
        record = await ledger.until(written=1)
        assert (record.status, record.meter) == (499, "character")
        assert record.quantity

"""Going down: what runs is finished, what is new goes elsewhere, and who insists is obeyed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.gateway.client import Answer, encode, read_answer
from tests.gateway.process import Running, running
from tests.gateway.serving import FAKES
from tests.gateway.ways import EITHER_LANE, WAYS, WORDS, Client, Way, gated

from modelbay.sdk.testing import FakeUpstream, Gate

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
either_lane = pytest.mark.parametrize("way", EITHER_LANE, ids=lambda way: way.name)
workers = pytest.mark.parametrize("workers", [1, 2], ids=["alone", "two"])


@every_way
async def test_a_gateway_that_goes_down_is_not_ready_and_takes_no_new_call(way: Way, tmp_path: Path) -> None:
    """A connection that is still open must not be a way around it."""
    async with way.serving(tmp_path) as served:
        assert (await served.call("GET", "/readyz")).status == 200
        served.gateway.draining()
        ready = await served.call("GET", "/readyz")
        assert (ready.status, ready.json["reasons"]) == (503, ["the gateway is shutting down"])
        refused = await served.post(way.path, way.body())
        assert (refused.status, way.is_error(refused.json)) == (503, True)
        assert refused.headers["retry-after"] == "1"
        assert (await served.call("GET", "/healthz")).status == 200
        assert not way.upstream(served).requests


@asynccontextmanager
async def _streaming(
    folder: Path, way: Way, *options: str
) -> AsyncIterator[tuple[Running, FakeUpstream, Gate, Client]]:
    """Run the command with one stream in its middle."""
    upstream: FakeUpstream
    async with FAKES[way.family]() as upstream, running(folder, {way.family: upstream}, *options) as gateway:
        upstream.will_stream(*WORDS)
        gate = gated(upstream, open_for=6)
        client = Client(*await asyncio.open_connection(*gateway.place))
        named = {"authorization": f"Bearer {gateway.key}", "connection": "keep-alive"}
        client.writer.write(encode("POST", way.path, way.body(stream=True), named))
        await client.until(b"word1")
        try:
            yield gateway, upstream, gate, client
        finally:
            client.leave()


@either_lane
@workers
async def test_a_signal_lets_streams_finish_and_nothing_begin(way: Way, workers: int, tmp_path: Path) -> None:
    """A deployment must cost nobody an answer, and must not hang on to who comes later."""
    async with _streaming(tmp_path, way, "--workers", str(workers)) as (gateway, upstream, gate, client):
        idle = Client(*await asyncio.open_connection(*gateway.place))
        gateway.signal(signal.SIGTERM)
        assert await idle.reader.read() == b""
        idle.leave()
        await gateway.gone()
        named = {"authorization": f"Bearer {gateway.key}"}
        client.writer.write(encode("POST", way.path, way.body(), named))  # on the connection that is in use
        gate.open()
        answer, refused = _both(client.seen + await client.reader.read())
        assert (refused.status, refused.headers["connection"]) == (503, "close")
        assert way.is_error(refused.json)
        assert answer.complete
        assert way.is_end(answer.events[-1])
        assert len(upstream.requests) == 1
        assert (await gateway.ended())[0] == 0
        assert [each["status"] for each in await gateway.records()] == [200, 503]


def _both(data: bytes) -> tuple[Answer, Answer]:
    place = data.rindex(b"HTTP/1.1 ")
    return read_answer(data[:place]), read_answer(data[place:])


async def _insist(gateway: Running) -> None:
    gateway.signal(signal.SIGINT)
    await gateway.gone()
    gateway.signal(signal.SIGINT)


async def _wait(gateway: Running) -> None:
    gateway.signal(signal.SIGTERM)


@either_lane
@workers
@pytest.mark.parametrize(
    ("ask", "drain"), [(_insist, "60"), (_wait, "0.2")], ids=["second signal", "out of time"]
)
async def test_what_cannot_finish_is_cut_and_written_down(
    way: Way, workers: int, ask: Callable[[Running], Awaitable[None]], drain: str, tmp_path: Path
) -> None:
    """The exit code says that something was cut, the client sees it, and what was used is in the ledger."""
    options = ("--workers", str(workers), "--drain", drain)
    async with _streaming(tmp_path, way, *options) as (gateway, upstream, _, client):
        await ask(gateway)
        answer = await client.rest()
        assert not answer.complete
        assert not any(map(way.is_end, answer.events))
        await upstream.hung_up()
        assert (await gateway.ended())[0] == 1
        (record,) = await gateway.records()
        assert (record["status"], record["estimated"]) == (499, 1)
        assert record["prompt_tokens"] > 0

"""Deadlines of network settings: for the beginning of a stream, between its pieces, and for a whole call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.wires.raw_upstream import Received, answer_of, chunk, raw_upstream, stream_head

from modelbay.errors import InvokeConnectionError
from modelbay.wires.call_transport import CallTransport
from modelbay.wires.network import Network
from modelbay.wires.request import Request, call_deadline
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

EVENT = chunk(b'data: {"n": 1}\n\n')
FIRST = r"has not begun within 0\.2 seconds \(network settings, first_token_timeout\)"
IDLE = r"after 0\.2 seconds \(network settings, idle_timeout\)"
TOTAL = r"the whole call may take 0\.3 seconds \(network settings, total_timeout\)"


@asynccontextmanager
async def calling(network: Network) -> AsyncIterator[Callable[[], Transport]]:
    """Give what makes the transport of one call under these settings."""
    async with Transport(TransportSettings(trust_env=False, retries=0)) as transport:
        yield lambda: CallTransport(lambda: transport, network)


async def silent(received: Received) -> None:
    """Say nothing."""
    await received.hang_up_seen()


async def head_only(received: Received) -> None:
    """Begin an answer and say nothing of it."""
    await received.say(stream_head())
    await received.hang_up_seen()


async def one_event(received: Received) -> None:
    """Say one event, then nothing."""
    await received.say(stream_head(), EVENT)
    await received.hang_up_seen()


async def events(transport: Transport, url: str) -> list[Any]:
    """Read a stream of events."""
    return [each async for each in transport.events(Request("POST", url))]


async def flow(transport: Transport, url: str) -> list[Any]:
    """Pass a stream on as it arrives."""
    seen: list[bytes] = []
    answer = await transport.relay(Request("POST", url), streamed=True)
    await answer.flow(seen.append)
    return seen


async def chunks(transport: Transport, url: str) -> list[Any]:
    """Read bytes as they come."""
    return [each async for each in transport.chunks(Request("POST", url))]


async def whole(transport: Transport, url: str) -> list[Any]:
    """Read an answer at once."""
    return [await transport.send(Request("POST", url))]


Read = Callable[[Transport, str], Awaitable[list[Any]]]
streams = pytest.mark.parametrize("read", [events, flow, chunks])


@streams
@pytest.mark.parametrize("upstream_does", [silent, head_only])
async def test_a_stream_that_does_not_begin_is_given_up(read: Read, upstream_does: Any) -> None:
    """A head is not yet an answer: many upstreams send it at once and then think."""
    async with raw_upstream(upstream_does) as upstream, calling(Network(first_token_timeout=0.2)) as call:
        with pytest.raises(InvokeConnectionError, match=FIRST):
            await read(call(), upstream.url)


@streams
async def test_a_stream_that_has_begun_may_go_on_beyond_the_first_limit(read: Read) -> None:
    """It is for the first piece only."""
    going_on = asyncio.Event()

    async def slowly(received: Received) -> None:
        await received.say(stream_head(), EVENT)
        await asyncio.wait_for(going_on.wait(), 5)
        await received.say(EVENT, chunk(b""))

    async with raw_upstream(slowly) as upstream, calling(Network(first_token_timeout=0.2)) as call:
        reading = asyncio.ensure_future(read(call(), upstream.url))
        await asyncio.sleep(0.4)  # longer than the limit: that is what this is about
        going_on.set()
        assert len(await reading) == 2


@streams
async def test_a_stream_that_stalls_is_given_up(read: Read) -> None:
    """After what it said, and the setting is named."""
    async with raw_upstream(one_event) as upstream, calling(Network(idle_timeout=0.2)) as call:
        with pytest.raises(InvokeConnectionError, match=IDLE):
            await read(call(), upstream.url)


@pytest.mark.parametrize("read", [events, flow, chunks, whole])
@pytest.mark.parametrize("upstream_does", [silent, head_only, one_event])
async def test_a_call_that_takes_too_long_is_given_up(read: Read, upstream_does: Any) -> None:
    """Wherever it hangs."""
    async with raw_upstream(upstream_does) as upstream, calling(Network(total_timeout=0.3)) as call:
        with pytest.raises(InvokeConnectionError, match=TOTAL):
            await read(call(), upstream.url)


async def test_an_answer_that_comes_whole_is_not_waited_for_as_a_stream_is() -> None:
    """It begins when it is complete: how long that may take is the total limit's matter."""

    async def late(received: Received) -> None:
        await asyncio.sleep(0.4)
        await received.say(answer_of(body={"ok": 1}))

    async with raw_upstream(late) as upstream, calling(Network(first_token_timeout=0.2)) as call:
        assert (await call().send(Request("POST", upstream.url))).body == b'{"ok":1}'


async def test_several_requests_of_a_call_share_its_time() -> None:
    """A call that asks in many small steps must not take as many times its limit."""
    answered = 0

    async def steadily(received: Received) -> None:
        nonlocal answered
        await asyncio.sleep(0.05)
        answered += 1
        await received.say(answer_of(body={}))

    async with raw_upstream(steadily) as upstream, calling(Network(total_timeout=0.3)) as call:
        transport = call()
        with pytest.raises(InvokeConnectionError, match=TOTAL):
            for _ in range(100):
                await transport.send(Request("POST", upstream.url))
        assert (await transport.again().send(Request("POST", upstream.url))).status == 200

    assert 0 < answered < 10


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (Network(total_timeout=30, idle_timeout=30, first_token_timeout=30), "the whole call may take 0."),
        (Network(total_timeout=0.3), "total_timeout"),
    ],
)
async def test_the_tighter_of_settings_and_call_counts(network: Network, said: str) -> None:
    """And the error says whose it was."""
    async with raw_upstream(head_only) as upstream, calling(network) as call:
        tighter = 0.2 if network.idle_timeout else 30
        token = call_deadline.set(asyncio.get_running_loop().time() + tighter)
        with pytest.raises(InvokeConnectionError) as raised:
            await events(call(), upstream.url)
        call_deadline.reset(token)

    assert said in raised.value.description
    assert ("network settings" in raised.value.description) is (said == "total_timeout")

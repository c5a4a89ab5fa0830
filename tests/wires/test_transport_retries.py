"""What is repeated, how often and after which pause; what never is."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
from tests.wires.raw_upstream import (
    RawUpstream,
    Received,
    always,
    answer_of,
    chunk,
    in_turn,
    raw_upstream,
    stream_head,
)

from modelbay.errors import InvokeConnectionError, InvokeError, InvokeRateLimitError
from modelbay.wires.request import Request, Timeouts, call_deadline
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

SETTINGS = TransportSettings(trust_env=False)
GOOD = answer_of(body={"good": True})


class Pauses(list[float]):
    """Takes the place of waiting, and remembers."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def ask(upstream: RawUpstream, pauses: Pauses, **how: Any) -> Any:
    async with Transport(SETTINGS, sleep=pauses, random=lambda: 0.0) as transport:
        return await transport.json(Request("POST", upstream.url, json={}, **how))


@pytest.mark.parametrize(
    ("refusal", "headers"),
    [(429, {}), (529, {}), (503, {"retry-after": "1"}), (500, {"x-should-retry": "true"})],
)
async def test_a_refusal_is_repeated_for_every_request(refusal: int, headers: dict[str, str]) -> None:
    """A refused request was not carried out: repeating it costs nothing twice."""
    async with raw_upstream(in_turn(answer_of(refusal, {}, headers), GOOD)) as upstream:
        assert await ask(upstream, Pauses()) == {"good": True}
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
@pytest.mark.parametrize("idempotent", [True, False])
async def test_a_failure_half_way_is_repeated_only_if_that_is_harmless(status: int, idempotent: bool) -> None:
    """A chat answered with 500 may have been billed; an embedding gives the same answer again."""
    async with raw_upstream(in_turn(answer_of(status, {}), GOOD)) as upstream:
        if idempotent:
            assert await ask(upstream, Pauses(), idempotent=True) == {"good": True}
        else:
            with pytest.raises(InvokeError):
                await ask(upstream, Pauses())
    assert len(upstream.requests) == (2 if idempotent else 1)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, {}, {}),
        (401, {}, {}),
        (404, {}, {}),
        (501, {}, {}),
        (429, {}, {"x-should-retry": "false"}),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, {}),
        (429, {"error": {"message": "pay", "type": "credit_balance_exhausted"}}, {"x-should-retry": "true"}),
        (200, {"error": {"message": "m", "type": "overloaded_error"}}, {}),
    ],
)
async def test_what_cannot_succeed_is_not_repeated(
    status: int, body: object, headers: dict[str, str]
) -> None:
    """Neither a wrong request, nor an empty account, nor an answer that has begun."""
    async with raw_upstream(always(answer_of(status, body, headers))) as upstream:
        with pytest.raises(InvokeError):
            await ask(upstream, Pauses(), idempotent=True)
    assert len(upstream.requests) == 1


async def test_pauses_double_and_attempts_end() -> None:
    """Two extra attempts by default, then the error."""
    pauses = Pauses()
    async with raw_upstream(always(answer_of(429, {}))) as upstream:
        with pytest.raises(InvokeRateLimitError):
            await ask(upstream, pauses)
    assert (pauses, len(upstream.requests)) == ([0.5, 1.0], 3)


async def test_pauses_have_a_ceiling_and_jitter() -> None:
    """Clients that fail together must not come back together."""
    pauses = Pauses()
    settings = TransportSettings(trust_env=False, retries=6)
    async with raw_upstream(always(answer_of(429, {}))) as upstream:
        transport = Transport(settings, sleep=pauses, random=lambda: 1.0)
        with pytest.raises(InvokeRateLimitError):
            await transport.json(Request("POST", upstream.url))
        await transport.aclose()
    assert pauses == [0.375, 0.75, 1.5, 3.0, 6.0, 6.0]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [({"retry-after": "7"}, 7.0), ({"retry-after-ms": "120"}, 0.12), ({"retry-after": "0"}, 0.0)],
)
async def test_the_pause_that_is_asked_for_is_kept(headers: dict[str, str], pause: float) -> None:
    """The upstream knows when there will be room again."""
    pauses = Pauses()
    async with raw_upstream(in_turn(answer_of(429, {}, headers), GOOD)) as upstream:
        await ask(upstream, pauses)
    assert pauses == [pause]


async def test_a_pause_that_is_too_long_is_left_to_the_caller() -> None:
    """Waiting for an hour inside a call helps nobody: the error says when to come back."""
    pauses = Pauses()
    async with raw_upstream(always(answer_of(429, {}, {"retry-after": "3600"}))) as upstream:
        with pytest.raises(InvokeRateLimitError) as caught:
            await ask(upstream, pauses)
    assert (caught.value.retry_after, pauses) == (3600.0, [])


@pytest.mark.parametrize("outer", [True, False])
async def test_a_pause_beyond_the_deadline_is_not_begun(outer: bool) -> None:
    """The caller would only learn later what is known now."""
    pauses = Pauses()
    token = call_deadline.set(time.monotonic() + 5 if outer else None)
    async with raw_upstream(always(answer_of(429, {}, {"retry-after": "30"}))) as upstream:
        with pytest.raises(InvokeRateLimitError):
            await ask(upstream, pauses, timeouts=Timeouts(total=600 if outer else 5))
    call_deadline.reset(token)
    assert pauses == []


async def test_a_refused_connection_is_tried_again() -> None:
    """Nothing was sent; a server that restarts is back in a second."""
    pauses = Pauses()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
    async with Transport(SETTINGS, sleep=pauses, random=lambda: 0.0) as transport:
        with pytest.raises(InvokeConnectionError):
            await transport.json(Request("POST", url, json={}))
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("idempotent", [True, False])
async def test_a_connection_lost_before_the_answer_is_repeated_only_if_harmless(idempotent: bool) -> None:
    """The request was sent: the upstream may be at work on it."""

    async def answer(received: Received) -> None:
        if len(upstream.requests) == 1:
            received.writer.close()
        else:
            await received.say(GOOD)

    async with raw_upstream(answer) as upstream:
        if idempotent:
            assert await ask(upstream, Pauses(), idempotent=True) == {"good": True}
        else:
            with pytest.raises(InvokeConnectionError):
                await ask(upstream, Pauses())
    assert len(upstream.requests) == (2 if idempotent else 1)


async def test_nothing_is_repeated_once_an_answer_has_begun() -> None:
    """A caller has seen its first words; a second answer would contradict them."""

    async def answer(received: Received) -> None:
        await received.say(stream_head(), chunk(b"data: 1\n\n"))
        received.writer.close()

    async with raw_upstream(answer) as upstream, Transport(SETTINGS, sleep=Pauses()) as transport:
        events = transport.events(Request("POST", upstream.url, json={}, idempotent=True))
        assert (await anext(events)).data == b"1"
        with pytest.raises(InvokeConnectionError):
            await anext(events)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("seen", [True, False])
async def test_a_kept_connection_that_was_closed_meanwhile_goes_unnoticed(seen: bool) -> None:
    """Servers close idle connections when they like: the call takes a new one, with no retry spent.

    `seen`: whether the end has arrived before the next request is sent, or crosses it on its way.
    """

    async def answer(received: Received) -> None:
        if not seen and len(upstream.requests) == 2:
            received.reset()  # as a closed socket does with whatever still reaches it
            return
        await received.say(GOOD)
        if seen and len(upstream.requests) == 1:
            received.writer.close()
            await received.writer.wait_closed()

    settings = TransportSettings(trust_env=False, retries=0)
    async with raw_upstream(answer) as upstream, Transport(settings) as transport:
        request = Request("POST", upstream.url, json={})
        assert await transport.json(request) == {"good": True}
        await asyncio.sleep(0)  # the server's turn to close
        assert await transport.json(request) == {"good": True}
    assert upstream.connections == 2


async def test_a_half_closed_idle_connection_is_not_used() -> None:
    """A server that has sent its end may still accept bytes, into nothing."""

    async def answer(received: Received) -> None:
        await received.say(GOOD)
        if len(upstream.requests) == 1:
            received.writer.write_eof()
            await received.hang_up_seen()

    settings = TransportSettings(trust_env=False, retries=0)
    async with raw_upstream(answer) as upstream, Transport(settings) as transport:
        for _ in range(2):
            assert await transport.json(Request("POST", upstream.url, json={})) == {"good": True}
    assert (upstream.connections, len(upstream.requests)) == (2, 2)


async def test_unasked_words_on_an_idle_connection_are_never_the_next_answer() -> None:
    """An answer that nobody asked for must not be given to the caller that comes next."""

    async def answer(received: Received) -> None:
        await received.say(answer_of(body={"n": len(upstream.requests)}))
        if len(upstream.requests) == 1:
            await received.say(answer_of(408, {"error": "idle for too long"}))

    async with raw_upstream(answer) as upstream, Transport(SETTINGS) as transport:
        for number in (1, 2, 3):
            assert await transport.json(Request("POST", upstream.url, json={})) == {"n": number}
            await asyncio.sleep(0.01)
    assert upstream.connections == 2

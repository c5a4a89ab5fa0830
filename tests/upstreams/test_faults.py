"""Faults of the connection as a raw client sees them: refused, reset, closed, stalled, stale."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.upstreams.client import ask, talking
from tests.upstreams.openai import OpenAIUpstream

from modelbay.sdk.testing import FakeUpstream, Gate, faults

CHAT = "/v1/chat/completions"
BODY: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "one two three"}]}
STREAM = {**BODY, "stream": True}
RESPONSE = {"model": "gpt-4o", "input": "Hi", "stream": True}


@pytest.fixture
async def upstream() -> AsyncIterator[OpenAIUpstream]:
    """Run a fake, and prove at the end that it leaves nothing behind."""
    before = asyncio.all_tasks()
    async with OpenAIUpstream() as running:
        yield running
    assert running.connections == 0
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}


async def test_refuses_connections_until_it_listens_again(upstream: OpenAIUpstream) -> None:
    """A server that is down accepts nothing, and comes back on the same address."""
    upstream.will_fail(faults.refuse())
    with pytest.raises(ConnectionRefusedError):
        await ask(upstream, CHAT, BODY)

    await upstream.listen_again()
    assert (await ask(upstream, CHAT, BODY)).status == 200


@pytest.mark.parametrize("after", [0, 1, 40])
async def test_resets_after_so_many_bytes(upstream: OpenAIUpstream, after: int) -> None:
    """A reset is an error, not an end; what came before it counts from the status line."""
    upstream.will_fail(faults.reset(after))
    async with talking(upstream) as talk:
        talk.send(CHAT, BODY)
        assert len(await talk.some(after)) == after
        with pytest.raises(ConnectionResetError):
            await talk.rest()


@pytest.mark.parametrize("after", [0, 1, 40])
@pytest.mark.parametrize("body", [BODY, STREAM])
async def test_closes_after_so_many_bytes(upstream: OpenAIUpstream, body: Any, after: int) -> None:
    """A clean end in the middle of an answer."""
    upstream.will_fail(faults.close(after))
    async with talking(upstream) as talk:
        talk.send(CHAT, body)
        assert len(await talk.rest()) == after


@pytest.mark.parametrize("after", [0, 5])
async def test_counts_from_the_body_when_told(upstream: OpenAIUpstream, after: int) -> None:
    """Tests of half a stream do not care how long the headers are."""
    upstream.will_fail(faults.close(after, counting="body"))
    async with talking(upstream) as talk:
        talk.send(CHAT, BODY)
        assert (await talk.head())[0] == 200
        assert len(await talk.rest()) == after


async def test_stalls_until_the_client_leaves(upstream: OpenAIUpstream) -> None:
    """Nothing ends a stall but the client, and the fake notices that it left."""
    upstream.will_fail(faults.stall(12))
    async with talking(upstream) as talk:
        talk.send(CHAT, STREAM)
        assert await talk.some(12) == b"HTTP/1.1 200"
    await asyncio.wait_for(upstream.hung_up(), 5)


async def test_stopping_ends_a_stall() -> None:
    """A test that forgets to leave must not hang at its end."""
    async with OpenAIUpstream() as upstream, talking(upstream) as talk:
        upstream.will_fail(faults.stall(12))
        talk.send(CHAT, BODY)
        await talk.some(12)
        await upstream.stop()
        assert await talk.rest() == b""


@pytest.mark.parametrize("body", [BODY, STREAM])
async def test_announces_more_than_it_sends(upstream: OpenAIUpstream, body: Any) -> None:
    """Neither a length nor a chunk size can be trusted."""
    upstream.will_fail(faults.truncated())
    async with talking(upstream) as talk:
        talk.send(CHAT, body)
        with pytest.raises(asyncio.IncompleteReadError):
            await talk.got()


async def test_is_slow_with_its_headers(upstream: OpenAIUpstream) -> None:
    """The status line comes, the rest does not."""
    upstream.will_fail(faults.slow_headers())
    async with talking(upstream) as talk:
        talk.send(CHAT, BODY)
        assert await talk.some(17) == b"HTTP/1.1 200 OK\r\n"
    await asyncio.wait_for(upstream.hung_up(), 5)


async def test_says_and_does_connection_close(upstream: OpenAIUpstream) -> None:
    """A server without keep-alive."""
    upstream.will_fail(faults.close_after_answer(), times=None)
    async with talking(upstream) as talk:
        talk.send(CHAT, BODY)
        got = await talk.got()
        assert (got.status, got.headers["connection"]) == (200, "close")
        assert await talk.rest() == b""


async def test_a_stale_connection_is_closed_under_the_request(upstream: OpenAIUpstream) -> None:
    """The race that every pool loses sometimes; a fresh connection is served."""
    upstream.will_fail(faults.stale())
    async with talking(upstream) as talk:
        talk.send(CHAT, BODY)
        assert (await talk.got()).status == 200
        talk.send(CHAT, BODY)
        assert await talk.rest() == b""
    assert (await ask(upstream, CHAT, BODY)).status == 200


async def test_idle_connections_can_be_closed(upstream: OpenAIUpstream) -> None:
    """Servers do it without a word."""
    async with talking(upstream) as talk:
        talk.send(CHAT, BODY)
        await talk.got()
        upstream.close_idle()
        assert await talk.rest() == b""


async def test_faults_come_at_the_request_and_path_they_are_meant_for(upstream: OpenAIUpstream) -> None:
    """`after` counts good requests, `times` bad ones, and other paths are left alone."""
    upstream.will_fail(faults.status(503), after=1, times=2, path=CHAT)

    others = [(await ask(upstream, "/v1/models")).status for _ in range(3)]
    chats = [(await ask(upstream, CHAT, BODY)).status for _ in range(4)]

    assert (others, chats) == ([200] * 3, [200, 503, 503, 200])


async def test_faults_wait_for_each_other(upstream: OpenAIUpstream) -> None:
    """A sequence reads in the order it was written."""
    upstream.will_fail(faults.rate_limited())
    upstream.will_fail(faults.html())

    assert [(await ask(upstream, CHAT, BODY)).status for _ in range(3)] == [429, 502, 200]


async def test_hanging_up_in_a_stream_is_noticed(upstream: OpenAIUpstream) -> None:
    """The gate holds the stream open, so that no timing is involved."""
    upstream.gate = Gate()
    async with talking(upstream) as talk:
        talk.send(CHAT, STREAM)
        upstream.gate.let(1)
        await talk.head()
        assert b"assistant" in await talk.piece()
    await asyncio.wait_for(upstream.hung_up(), 5)


async def test_a_fault_of_the_fake_is_raised_at_its_end() -> None:
    """A broken fake must fail the test, not look like an upstream's 500."""

    class Broken(FakeUpstream):
        def routes(self) -> dict[str, Any]:
            return {"GET /x": lambda request: 1 / 0}

    with pytest.raises(ZeroDivisionError):
        async with Broken() as upstream:
            assert (await ask(upstream, "/x")).status == 500


@pytest.mark.parametrize(
    ("text", "name"),
    [("429", "429"), ("reset:120", "reset"), ("no-end", "no-end"), ("slow-headers:1", "slow-headers")],
)
def test_faults_have_names_for_the_command_line(text: str, name: str) -> None:
    """Each can be injected by hand."""
    assert faults.named(text).name == name


@pytest.mark.parametrize("text", ["", "nope", "reset", "reset:x", "no-end:1"])
def test_an_unknown_fault_lists_those_there_are(text: str) -> None:
    """A misspelt fault is not silently none."""
    with pytest.raises(ValueError, match="error-in-200"):
        faults.named(text)

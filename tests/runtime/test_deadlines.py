"""One deadline for a whole call: it ends the work, and what the work holds open."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop
from tests.runtime.conftest import MakeEngine
from tests.upstreams.openai import OpenAIUpstream

from modelbay.entities import UserPromptMessage
from modelbay.errors import InvokeConnectionError
from modelbay.runtime.deadlines import before, within
from modelbay.sdk.testing import Gate, faults
from modelbay.wires.request import GRAIN, call_deadline

HELLO = [UserPromptMessage(content="Hello")]
SHORT = 0.05


def said_too_late(error: BaseException) -> bool:
    return "no complete answer within 0.05 seconds (the call's timeout)" in str(error)


@pytest.fixture
async def upstream() -> AsyncIterator[OpenAIUpstream]:
    async with OpenAIUpstream() as fake:
        yield fake


def credentials_for(upstream: OpenAIUpstream) -> dict[str, dict[str, Any]]:
    return {"openai": {"openai_api_key": "test-key", "openai_api_base": upstream.url}}


async def test_a_call_that_takes_too_long_ends_and_closes_its_socket(
    engine: MakeEngine, upstream: OpenAIUpstream
) -> None:
    """Who gave up must not keep a connection busy, nor be billed for an answer that nobody reads."""
    upstream.will_fail(faults.stall())
    with pytest.raises(InvokeConnectionError) as caught:
        await engine(**credentials_for(upstream)).invoke("openai/gpt-4.1-mini", HELLO, timeout=SHORT)

    assert said_too_late(caught.value)
    assert caught.value.retryable
    assert (caught.value.provider, caught.value.model) == ("openai", "gpt-4.1-mini")
    await upstream.hung_up()


async def test_a_stream_that_takes_too_long_ends_and_closes_its_socket(
    engine: MakeEngine, upstream: OpenAIUpstream
) -> None:
    """The deadline is for the whole answer, not for the first chunk."""
    upstream.gate = Gate()
    upstream.gate.let(3)
    upstream.will_stream("a", "b", "c", "d", "e", "f")
    stream = engine(**credentials_for(upstream)).stream("openai/gpt-4.1-mini", HELLO, timeout=0.5)
    texts: list[str] = []
    with pytest.raises(InvokeConnectionError, match=r"openai/gpt-4\.1-mini: no complete answer within 0\.5"):
        async for chunk in stream:
            texts += [chunk.text]

    assert texts
    await upstream.hung_up()


async def test_a_deadline_counts_also_while_the_reader_is_slow(engine: MakeEngine) -> None:
    """It is a time, not a number of seconds for each chunk."""
    stream = engine(acme={"api_key": "k"}).stream(
        "acme/chat", [UserPromptMessage(content="many 100000")], timeout=SHORT
    )
    await anext(stream)
    loop = asyncio.get_running_loop()
    late = loop.create_future()
    loop.call_later(2 * SHORT, late.set_result, None)
    await late

    with pytest.raises(InvokeConnectionError, match="no complete answer"):
        async for _ in stream:
            pass


async def test_a_deadline_does_not_wait_for_blocked_code(engine: MakeEngine) -> None:
    """A plugin that blocks ends when it wants; its caller does not wait."""
    made = engine(acme={"api_key": "k"})
    kind: Any = type(made._prepare("acme/chat", "llm").instance)  # type: ignore[arg-type]
    stream = made.stream("acme/chat", [UserPromptMessage(content="block")], timeout=0.5)
    try:
        assert (await anext(stream)).text == "before "
        with pytest.raises(InvokeConnectionError, match="no complete answer"):
            await anext(stream)
        assert not kind.ended.is_set()
    finally:
        kind.gate.set()
    assert await asyncio.to_thread(kind.ended.wait, 30)


async def test_a_call_within_its_time_is_as_without_a_deadline(engine: MakeEngine) -> None:
    """And the deadline is forgotten after it."""
    made = engine(acme={"api_key": "k"})
    assert (await made.invoke("acme/chat", HELLO, timeout=60)).text == "chat: Hello"
    assert [chunk.text async for chunk in made.stream("acme/chat", HELLO, timeout=60)] == [
        "chat: ",
        "Hello",
        "",
    ]
    assert call_deadline.get() is None


async def test_a_timeout_of_nothing_is_over_at_once(engine: MakeEngine) -> None:
    """No request, no hang."""
    with pytest.raises(InvokeConnectionError, match="within 0 seconds"):
        await engine(acme={"api_key": "k"}).invoke(
            "acme/chat", [UserPromptMessage(content="wait")], timeout=0
        )


async def test_the_transport_knows_the_deadline() -> None:
    """Retries and their pauses must fit into it."""

    async def left() -> float | None:
        return call_deadline.get()

    async def lefts() -> AsyncIterator[float | None]:
        yield call_deadline.get()
        yield call_deadline.get()

    now = asyncio.get_running_loop().time()
    single = await within(60, left())
    first, second = [each async for each in before(60, lefts())]

    assert single is not None
    assert first is not None
    assert now + 59 < single < now + 62
    assert first == second


def test_a_deadline_is_no_earlier_on_a_loop_that_counts_in_milliseconds() -> None:
    """The deadline is by the clock, which the transport looks at, and not by the loop's (uvloop)."""

    async def one() -> AsyncIterator[float | None]:
        yield call_deadline.get()

    async def deadlines() -> tuple[float, list[float | None]]:
        started = time.monotonic()

        async def single() -> float | None:
            return call_deadline.get()

        return started, [await within(60, single()), *[each async for each in before(60, one())]]

    started, found = uvloop.run(deadlines())

    assert [each is not None and each >= started + 60 for each in found] == [True, True]


def test_what_has_run_into_its_deadline_is_known_to_be_late() -> None:
    """Timers are early by parts of a millisecond (uvloop); who asks then whether time is up is told so."""

    async def left() -> list[float]:
        found = []
        for number in range(20):
            deadline = time.monotonic() + 0.0051 + number / 10_000
            with pytest.raises(InvokeConnectionError):
                await within(deadline - time.monotonic(), asyncio.Event().wait())
            found.append(deadline - time.monotonic())
        return found

    assert max(uvloop.run(left())) <= GRAIN


@pytest.mark.parametrize("timeout", [None, 60])
async def test_closing_a_stream_closes_its_source(timeout: float | None) -> None:
    """With and without a deadline."""
    closed = threading.Event()

    async def source() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    stream: Any = before(timeout, source())
    await anext(stream)
    await stream.aclose()
    assert closed.is_set()


async def test_an_error_of_the_work_is_not_taken_for_the_deadline() -> None:
    """A plugin's own timeout has been mapped before it comes here."""

    async def work() -> None:
        raise InvokeConnectionError("its own")

    with pytest.raises(InvokeConnectionError, match="its own"):
        await within(60, work())

"""However a plugin writes `_invoke`, its caller sees the same answer and the event loop stays free."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.sdk.kit import HELLO, ByHand, Talker, make, piece, pieces, texts_of, turns, whole

from modelbay.entities import LLMResult, LLMResultChunk
from modelbay.errors import InvokeError
from modelbay.sdk import LargeLanguageModel

TEXTS = ("He", "l", "lo")


class SyncResult(Talker):
    def _invoke(self, *_: Any) -> LLMResult:
        return whole()


class SyncGenerator(Talker):
    def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
        yield from pieces(*TEXTS)


class SyncReturnsGenerator(Talker):
    def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
        return (chunk for chunk in pieces(*TEXTS))


class SyncIterator(Talker):
    def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
        return ByHand(pieces(*TEXTS))


class SyncReturnsAsyncGenerator(Talker):
    def _invoke(self, *_: Any) -> AsyncIterator[LLMResultChunk]:
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[LLMResultChunk]:
        for chunk in pieces(*TEXTS):
            yield chunk


class SyncReturnsCoroutine(SyncReturnsAsyncGenerator):
    def _invoke(self, *_: Any) -> Any:
        return self._later()

    async def _later(self) -> LLMResult:
        return whole()


class AsyncResult(Talker):
    async def _invoke(self, *_: Any) -> LLMResult:
        return whole()


class AsyncReturnsAsyncGenerator(SyncReturnsAsyncGenerator):
    async def _invoke(self, *_: Any) -> AsyncIterator[LLMResultChunk]:  # type: ignore[override]
        return self._chunks()


class AsyncReturnsGenerator(Talker):
    async def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
        return (chunk for chunk in pieces(*TEXTS))


class AsyncGenerator(Talker):
    async def _invoke(self, *_: Any) -> AsyncIterator[LLMResultChunk]:
        for chunk in pieces(*TEXTS):
            yield chunk


WHOLE = [SyncResult, AsyncResult, SyncReturnsCoroutine]
STREAMED = [
    SyncGenerator,
    SyncReturnsGenerator,
    SyncIterator,
    SyncReturnsAsyncGenerator,
    AsyncReturnsAsyncGenerator,
    AsyncReturnsGenerator,
    AsyncGenerator,
]


@pytest.mark.parametrize("kind", [*WHOLE, *STREAMED])
async def test_every_shape_gives_a_whole_answer(kind: type[LargeLanguageModel]) -> None:
    """Plugins in the wild use all of these; who calls them must not know."""
    result = await make(kind).invoke("m", {}, HELLO)

    assert (result.text, result.finish_reason) == ("Hello", "stop")
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (7, 3)


@pytest.mark.parametrize("kind", [*WHOLE, *STREAMED])
async def test_every_shape_gives_a_stream(kind: type[LargeLanguageModel]) -> None:
    """A plugin that cannot stream answers in one chunk; only the last chunk has usage and finish reason."""
    chunks = [chunk async for chunk in make(kind).stream("m", {}, HELLO)]

    assert "".join(chunk.text for chunk in chunks) == "Hello"
    assert len(chunks) == (1 if kind in WHOLE else 3)
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert [chunk.finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]


@pytest.mark.parametrize("answer", [None, "Hello", 5, ["a list"]])
async def test_an_answer_that_is_no_answer_is_an_error(answer: object) -> None:
    """A plugin's mistake must not look like an empty answer."""

    class Wrong(Talker):
        def _invoke(self, *_: Any) -> object:
            return answer

    with pytest.raises(InvokeError, match=f"answered with {type(answer).__name__}"):
        await make(Wrong).invoke("m", {}, HELLO)


async def test_a_blocking_call_leaves_the_event_loop_free() -> None:
    """Plugins written with blocking libraries share the process with everybody else's calls."""
    enough = threading.Event()

    class Blocking(Talker):
        def _invoke(self, *_: Any) -> LLMResult:
            assert enough.wait(30)
            return whole()

    call = asyncio.create_task(make(Blocking).invoke("m", {}, HELLO))
    await turns(100)
    enough.set()
    assert (await call).text == "Hello"


async def test_a_blocking_generator_leaves_the_event_loop_free() -> None:
    """The same between two chunks."""
    enough = threading.Event()

    class Blocking(Talker):
        def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
            yield piece("He")
            assert enough.wait(30)
            yield from pieces("llo")

    stream = make(Blocking).stream("m", {}, HELLO)
    assert (await anext(stream)).text == "He"
    rest = asyncio.create_task(texts_of(stream))
    await turns(100)
    enough.set()
    assert await rest == ["llo"]


async def test_many_blocking_streams_at_once_do_not_wait_for_each_other() -> None:
    """A stream whose reader pauses must not hold a thread that another call needs."""
    count = 40  # more than the worker threads of an event loop
    meeting = threading.Barrier(count, timeout=30)

    class Meeting(Talker):
        def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
            meeting.wait()
            yield from pieces("a", "b")

    streams = [make(Meeting).stream("m", {}, HELLO) for _ in range(count)]
    assert {chunk.text for chunk in await asyncio.gather(*map(anext, streams))} == {"a"}
    assert (await make(SyncResult).invoke("m", {}, HELLO)).text == "Hello"
    assert await asyncio.gather(*map(texts_of, streams)) == [["b"]] * count


async def test_a_blocking_generator_does_not_run_far_ahead_of_its_reader() -> None:
    """Memory per stream is bounded, however much slower the reader is."""
    made = 0
    stuck = threading.Event()

    class Flood(Talker):
        def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
            nonlocal made
            for place in range(10_000):
                made += 1
                if made > 100:
                    stuck.set()
                yield piece("x", place)

    stream = make(Flood).stream("m", {}, HELLO)
    ahead = []
    for taken in range(1, 31):
        await anext(stream)
        await turns(50)
        ahead.append(made - taken)
    await stream.aclose()

    assert max(ahead) <= 20
    assert not stuck.is_set()


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_closing_a_stream_closes_the_plugins_generator(asynchronous: bool) -> None:
    """What the plugin holds (a connection, a file) is let go when the reader leaves."""
    ended: list[str] = []

    class Holding(Talker):
        def _invoke(self, *_: Any) -> Any:
            return self._async() if asynchronous else self._sync()

        def _sync(self) -> Iterator[LLMResultChunk]:
            try:
                while True:
                    yield piece("x")
            finally:
                ended.append("sync")

        async def _async(self) -> AsyncIterator[LLMResultChunk]:
            try:
                while True:
                    yield piece("x")
            finally:
                ended.append("async")

    model = make(Holding)
    stream = model.stream("m", {}, HELLO)
    await anext(stream)
    await stream.aclose()

    assert ended == ["async" if asynchronous else "sync"]
    assert model.started_at == 0


async def test_closing_a_stream_closes_an_iterator_that_is_no_generator() -> None:
    """Anything with a `close` is closed."""
    source = ByHand(pieces("a", "b", "c"))

    class Handed(Talker):
        def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
            return source

    stream = make(Handed).stream("m", {}, HELLO)
    await anext(stream)
    await stream.aclose()

    assert source.closed


async def test_cancelling_a_call_cancels_the_plugins_coroutine() -> None:
    """A caller who gives up must not pay for the rest of the answer."""
    begun, ended = asyncio.Event(), asyncio.Event()

    class Slow(Talker):
        async def _invoke(self, *_: Any) -> LLMResult:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return whole()

    model = make(Slow)
    call = asyncio.create_task(model.invoke("m", {}, HELLO))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert ended.is_set()
    assert model.started_at == 0


@pytest.mark.parametrize("streaming", [False, True])
async def test_cancelling_does_not_wait_for_blocked_code(streaming: bool) -> None:
    """Blocked code cannot be interrupted; whoever gave up must not be held up by it."""
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    class Stuck(Talker):
        def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
            try:
                begun.set()
                release.wait(30)
                yield from pieces("too late")
            finally:
                ended.set()

    model = make(Stuck)
    work = texts_of(model.stream("m", {}, HELLO)) if streaming else model.invoke("m", {}, HELLO)
    call = asyncio.create_task(work)
    await asyncio.to_thread(begun.wait, 30)
    call.cancel()
    try:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(call), 10)
        assert not ended.is_set()
    finally:
        release.set()
    assert await asyncio.to_thread(ended.wait, 30)


async def test_a_call_on_a_thread_sees_the_callers_context() -> None:
    """Tracing and logging follow a call by its context variables."""
    import contextvars

    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="none")

    class Naming(Talker):
        def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
            yield from pieces(name.get())

    name.set("caller")
    assert (await make(Naming).invoke("m", {}, HELLO)).text == "caller"

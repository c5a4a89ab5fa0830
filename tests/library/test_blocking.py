"""The blocking twin: threads, running loops, streams that are left, and interruptions."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.library.conftest import acme_class
from tests.upstreams.openai import OpenAIUpstream

from modelbay import InvokeError, Modelbay
from modelbay.sdk.testing import Gate


@pytest.fixture
def upstream() -> Iterator[OpenAIUpstream]:
    with OpenAIUpstream().in_thread() as fake:
        yield fake


@pytest.fixture
def openai(upstream: OpenAIUpstream) -> Iterator[Any]:
    """A language model of the fake upstream."""
    credentials = {"openai_api_key": "test-key", "openai_api_base": upstream.url, "api_protocol": "chat"}
    with Modelbay({"openai": credentials}, environment=False) as bay:
        yield bay.llm("openai/gpt-4.1-mini")


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do the work on so many threads, all at once."""
    together = threading.Barrier(count)

    def begin(number: int) -> Any:
        together.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_many_threads_share_one_modelbay(blocking: Modelbay) -> None:
    """From the first call on, which starts the background thread."""

    def work(number: int) -> list[str]:
        llm = blocking.llm("acme/chat")
        streamed = "".join(chunk.text for chunk in llm.stream(f"s{number}"))
        return [llm.invoke(f"i{number}").text, streamed]

    assert in_threads(24, work) == [[f"chat: i{n}", f"chat: s{n}"] for n in range(24)]


async def test_it_works_inside_a_running_loop(blocking: Modelbay) -> None:
    """Notebooks and frameworks run one; it blocks, but it does not fail."""
    assert blocking.llm("acme/chat").invoke("Hi").text == "chat: Hi"
    assert [chunk.text for chunk in blocking.llm("acme/chat").stream("Hi")] == ["chat: ", "Hi", ""]


def test_a_stream_is_read_by_another_thread_than_began_it(blocking: Modelbay) -> None:
    """Web frameworks begin an answer on one thread and send it from another."""
    stream = blocking.llm("acme/chat").stream("many 200")
    texts: list[str] = []
    reader = threading.Thread(target=lambda: texts.extend(chunk.text for chunk in stream))
    reader.start()
    reader.join(30)
    assert "".join(texts).split() == [str(n) for n in range(200)]


def test_several_threads_may_read_one_stream(blocking: Modelbay) -> None:
    """Each chunk once, and every reader sees the end."""
    stream = blocking.llm("acme/chat").stream("many 300")
    shares = in_threads(4, lambda _: [chunk.text for chunk in stream])
    assert sorted(int(text) for share in shares for text in share if text) == list(range(300))


def test_a_finished_stream_stays_finished(blocking: Modelbay) -> None:
    """As any iterator."""
    stream = blocking.llm("acme/chat").stream("Hi")
    list(stream)
    assert list(stream) == []
    stream.close()  # type: ignore[attr-defined]


def test_closing_a_stream_closes_the_upstream(upstream: OpenAIUpstream, openai: Any) -> None:
    """When `close` returns, nothing more is billed."""
    upstream.gate = Gate()
    upstream.gate.let(4)
    stream = openai.stream("Hello, hello, hello, hello, hello.")
    next(stream)
    stream.close()
    stream.close()

    upstream.wait_hung_up()
    assert list(stream) == []


def test_a_with_block_closes_its_stream(upstream: OpenAIUpstream, openai: Any) -> None:
    """Also when the block fails."""
    upstream.gate = Gate()
    upstream.gate.let(4)
    with pytest.raises(KeyError), openai.stream("Hello, hello, hello, hello.") as stream:
        next(stream)
        raise KeyError("x")
    upstream.wait_hung_up()


def test_an_abandoned_stream_closes_the_upstream(upstream: OpenAIUpstream, openai: Any) -> None:
    """`break` is how most people leave a loop."""
    upstream.gate = Gate()
    upstream.gate.let(4)
    for chunk in openai.stream("Hello, hello, hello, hello."):
        assert chunk
        break
    upstream.wait_hung_up()


def test_a_stream_that_is_never_read_is_let_go(upstream: OpenAIUpstream, openai: Any) -> None:
    """It had begun, as the answer should be there when the reader comes."""
    upstream.gate = Gate()
    stream = openai.stream("Hello, hello, hello, hello.")
    asyncio.run(upstream.received())
    del stream
    gc.collect()
    upstream.wait_hung_up()


def test_a_slow_reader_holds_back_the_stream(blocking: Modelbay) -> None:
    """A book must not pile up in memory because its reader is slow."""
    kind = acme_class(blocking)
    stream = blocking.llm("acme/chat").stream("many 100000")
    next(stream)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0.2), blocking._portal._started()).result()

    assert not kind.ended.is_set()
    assert stream._channel._items.qsize() <= 70  # type: ignore[attr-defined]
    stream.close()  # type: ignore[attr-defined]
    assert kind.ended.wait(30)


def test_closing_a_stream_while_another_thread_waits_for_it_ends_both(blocking: Modelbay) -> None:
    """A stop button is pressed on another thread than the one that reads."""
    kind = acme_class(blocking)
    stream: Any = blocking.llm("acme/chat").stream("wait")
    texts: list[str] = []
    reader = threading.Thread(target=lambda: texts.extend(chunk.text for chunk in stream))
    reader.start()
    assert kind.begun.wait(30)
    closer = threading.Thread(target=stream.close)
    closer.start()
    closer.join(30)
    reader.join(30)

    assert not reader.is_alive()
    assert not closer.is_alive()
    assert texts == ["before "]
    assert kind.ended.is_set()


def test_an_error_inside_a_stream_comes_after_what_was_said(upstream: OpenAIUpstream, openai: Any) -> None:
    """And once; after it the stream has ended."""
    from modelbay.sdk.testing import faults

    upstream.will_stream("a", "b", "c", "d")
    upstream.will_fail(faults.error_event(after=3))
    stream = openai.stream("Hi")
    texts: list[str] = []
    with pytest.raises(InvokeError):
        texts.extend(chunk.text for chunk in stream)

    assert "".join(texts) == "ab"
    assert list(stream) == []


class Interrupted(BaseException):
    """What a signal handler raises, as Ctrl-C does."""


@pytest.fixture
def interrupt() -> Iterator[Callable[[], None]]:
    """Interrupt the main thread from another one."""

    def handler(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, handler)
    main = threading.main_thread().ident
    assert main is not None
    yield lambda: signal.pthread_kill(main, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


def test_an_interrupted_call_is_cancelled(
    upstream: OpenAIUpstream, openai: Any, interrupt: Callable[[], None]
) -> None:
    """Ctrl-C ends the call, and the upstream stops working for nobody."""
    from modelbay.sdk.testing import faults

    upstream.will_fail(faults.stall())

    def when_asked() -> None:
        asyncio.run(upstream.received())
        interrupt()

    threading.Thread(target=when_asked).start()
    with pytest.raises(Interrupted):
        openai.invoke("Hi")

    upstream.wait_hung_up()
    assert openai.invoke("Hi").text


def test_an_interrupted_stream_is_closed(blocking: Modelbay, interrupt: Callable[[], None]) -> None:
    """Ctrl-C while waiting for the next chunk."""
    kind = acme_class(blocking)

    def when_begun() -> None:
        kind.begun.wait(30)
        interrupt()

    threading.Thread(target=when_begun).start()
    stream = blocking.llm("acme/chat").stream("wait")
    with pytest.raises(Interrupted):
        list(stream)
    assert kind.ended.wait(30)
    assert list(stream) == []

"""Closing leaves nothing behind; not closing neither hangs nor complains."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from tests.library.conftest import acme_class, close
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, InvokeError, Modelbay

MODEL = "openai/gpt-4.1-mini"


def sockets() -> int:
    """Count the open sockets of this process."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            count += str(entry.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue
    return count


def native_threads() -> set[str]:
    return {entry.name for entry in Path("/proc/self/task").iterdir()}


@pytest.fixture
def upstream() -> Iterator[OpenAIUpstream]:
    with OpenAIUpstream().in_thread() as fake:
        yield fake


def credentials_for(upstream: OpenAIUpstream) -> dict[str, Any]:
    return {"openai": {"openai_api_key": "test-key", "openai_api_base": upstream.url, "api_protocol": "chat"}}


@pytest.mark.filterwarnings("error")
def test_the_blocking_twin_leaves_no_socket_and_no_thread(upstream: OpenAIUpstream, plugins: Path) -> None:
    """A program may make and close many."""
    gc.collect()
    threads, native, before = set(threading.enumerate()), native_threads(), sockets() - upstream.connections
    for _ in range(3):
        given = {**credentials_for(upstream), "acme": "k"}
        with Modelbay(given, plugins=[plugins], environment=False) as bay:
            bay.llm(MODEL).invoke("Hi")
            list(bay.llm(MODEL).stream("Hi"))
            list(bay.llm("acme/chat").stream("many 50"))
            bay.count_tokens(MODEL, "Hi")
        gc.collect()

    for thread in set(threading.enumerate()) - threads:
        thread.join(30)
    assert set(threading.enumerate()) <= threads
    assert native_threads() <= native
    upstream.close_idle()
    assert sockets() - upstream.connections <= before


@pytest.mark.filterwarnings("error")
async def test_the_asynchronous_twin_leaves_no_socket() -> None:
    """Connections are kept alive between calls, not beyond the twin."""
    async with OpenAIUpstream() as upstream:
        gc.collect()
        before = sockets()
        async with AsyncModelbay(credentials_for(upstream), environment=False) as bay:
            await bay.llm(MODEL).invoke("Hi")
            async for _ in bay.llm(MODEL).stream("Hi"):
                pass
            assert upstream.connections
        gc.collect()
        assert sockets() - upstream.connections <= before


def test_closing_during_a_call_ends_the_call(blocking: Modelbay) -> None:
    """Its thread must not wait for ever for an answer that nobody fetches."""
    kind = acme_class(blocking)
    raised: list[BaseException] = []

    def call() -> None:
        try:
            blocking.llm("acme/chat").invoke("wait")
        except Exception as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    assert kind.begun.wait(30)
    blocking.close()
    caller.join(30)

    assert [(type(error), str(error)) for error in raised] == [
        (RuntimeError, "this Modelbay was closed during the call")
    ]
    assert kind.ended.is_set()


def test_closing_during_a_stream_is_an_error_for_its_reader(blocking: Modelbay) -> None:
    """A half answer must not look like a whole one."""
    stream = blocking.llm("acme/chat").stream("wait")
    assert next(stream).text == "before "
    blocking.close()
    with pytest.raises(RuntimeError, match="closed during the stream"):
        next(stream)
    assert list(stream) == []


def test_closing_during_an_upstreams_stream_is_an_error_for_its_reader(upstream: OpenAIUpstream) -> None:
    """The same where a socket is open."""
    from modelbay.sdk.testing import Gate

    upstream.gate = Gate()
    upstream.gate.let(3)
    bay = Modelbay(credentials_for(upstream), environment=False)
    stream = bay.llm(MODEL).stream("Hello, hello, hello, hello.")
    next(stream)
    bay.close()
    with pytest.raises((RuntimeError, InvokeError)):
        list(stream)
    upstream.wait_hung_up()


def test_several_threads_may_close_at_once(blocking: Modelbay) -> None:
    """Each returns when it is closed."""
    blocking.llm("acme/chat").invoke("Hi")
    raised: list[BaseException] = []

    def shut() -> None:
        try:
            blocking.close()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    closers = [threading.Thread(target=shut) for _ in range(8)]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join(30)
    assert not any(closer.is_alive() for closer in closers)
    assert raised == []


async def test_closing_what_was_never_used_is_fine(make: Any) -> None:
    """And leaves no thread, as there was none."""
    before = set(threading.enumerate())
    bay = make()
    await close(bay)
    await close(bay)
    assert {thread.name for thread in set(threading.enumerate()) - before} <= {"asyncio_0", "asyncio_1"}


PROGRAM = """
import gc, sys, threading
from modelbay import Modelbay

bay = Modelbay({credentials!r}, plugins=[{plugins!r}], environment=False)
print(bay.llm("acme/chat").invoke("Hi").text)
print(bay.llm("openai/gpt-4.1-mini").invoke("Hi").text)
{more}
"""


CALL_ON_A_THREAD = """
def call():
    try:
        bay.llm("acme/chat").invoke("wait")
    except RuntimeError:
        pass

threading.Thread(target=call, daemon=True).start()
"""


@pytest.mark.parametrize(
    "more",
    [
        "",
        "stream = bay.llm('acme/chat').stream('wait'); next(stream)",
        "stream = bay.llm('acme/chat').stream('block'); next(stream)",
        CALL_ON_A_THREAD,
        "del bay; gc.collect()",
        "bay.close(); bay.close()",
    ],
    ids=["idle", "stream", "blocked stream", "call", "forgotten", "closed"],
)
def test_a_program_that_ends_without_closing_ends(
    upstream: OpenAIUpstream, plugins: Path, more: str, tmp_path: Path
) -> None:
    """No hang, no traceback, no warning: scripts end like this."""
    given = {**credentials_for(upstream), "acme": "k"}
    program = tmp_path / "program.py"
    program.write_text(dedent(PROGRAM).format(credentials=given, plugins=str(plugins), more=more))
    done = subprocess.run(
        [sys.executable, "-W", "error", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("chat: Hi\n")

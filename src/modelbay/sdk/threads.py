"""Running a plugin's blocking code without blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

_AHEAD = 16  # items a blocking generator may be ahead of its reader


async def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `function` and return what it gives, awaited if it is awaitable.

    An async function runs on the event loop, any other on a thread of its own; what it returns (a result, a
    generator, an async generator) is not consumed. Whoever is cancelled does not wait for blocked code.
    """
    if inspect.iscoroutinefunction(function):
        return await function(*args, **kwargs)
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        return function(*args, **kwargs)  # starts nothing yet
    outcome = await _on_thread(function, *args, **kwargs)
    return await outcome if inspect.isawaitable(outcome) else outcome


async def _on_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Any] = loop.create_future()

    def work() -> None:
        try:
            settle, outcome = answered.set_result, function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - carried over to the caller, which raises it
            settle, outcome = answered.set_exception, _bearable(error)
        _tell(loop, lambda: None if answered.done() else settle(outcome))

    _start(work)
    return await answered


def _start(work: Callable[[], None]) -> threading.Thread:
    """Run `work` on a new thread: in a pool of a few, blocked plugins would hold up everybody else."""
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="modelbay-plugin", daemon=True)
    thread.start()
    return thread


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(what)


def _bearable(error: BaseException) -> Exception:
    """Return the error as one that a future can hold and that does not end the event loop."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    wrapped.__cause__ = error
    return wrapped


def items(source: AsyncIterator[T] | Iterator[T]) -> AsyncIterator[T]:
    """Return an async iterator over `source`; a blocking iterator runs on a thread of its own."""
    return source if isinstance(source, AsyncIterator) else _from_thread(source)


class _End:
    """Marks the end of a blocking iterator; `error` is what ended it, None if it was complete."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class _Pump:
    """Moves items from a blocking iterator to the event loop, at most `_AHEAD` ahead of the reader."""

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(_AHEAD)
        self._left = threading.Event()
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._ended = False
        self._thread = _start(self._run)

    async def take(self) -> Any:
        """Return the next item, or the `_End`."""
        item = await self._queue.get()
        self._ended = isinstance(item, _End)
        self._room.release()
        return item

    def leave(self) -> None:
        """Tell the thread that nobody reads any more; it stops at its next item."""
        self._left.set()
        self._room.release()

    async def gone(self) -> None:
        """Wait until the iterator is closed and its thread has ended."""
        while not self._ended:
            await self.take()
        self._thread.join()

    def _run(self) -> None:
        error: Exception | None = None
        try:
            for item in self._source:
                self._room.acquire()
                if self._left.is_set():
                    break
                self._give(item)
        except BaseException as caught:  # noqa: BLE001 - carried over to the reader, which raises it
            error = _bearable(caught)
        closing = self._close_source()
        self._give(_End(error or closing))

    def _give(self, item: Any) -> None:
        _tell(self._loop, lambda: self._queue.put_nowait(item))

    def _close_source(self) -> Exception | None:
        try:
            close = getattr(self._source, "close", None)
            if close is not None:
                close()
        except BaseException as error:  # noqa: BLE001 - carried over to the reader, which raises it
            return _bearable(error)
        return None


async def _from_thread(source: Iterator[T]) -> AsyncIterator[T]:
    pump = _Pump(source)
    try:
        while not isinstance(item := await pump.take(), _End):
            yield item
        if item.error is not None:
            raise item.error
    except asyncio.CancelledError:
        pump.leave()
        raise  # who gave up does not wait for blocked code; it stops at its next item
    except BaseException:
        pump.leave()
        await pump.gone()
        raise
    await pump.gone()

"""Running a plugin's blocking code without blocking the event loop."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

_AHEAD = 16  # items a blocking generator may be ahead of its reader


async def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `function` and return what it gives, awaited if it is awaitable.

    An async function runs on the event loop, any other on a worker thread; what it returns (a result, a
    generator, an async generator) is not consumed.
    """
    if inspect.iscoroutinefunction(function):
        return await function(*args, **kwargs)
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        return function(*args, **kwargs)  # starts nothing yet
    outcome = await asyncio.to_thread(function, *args, **kwargs)
    return await outcome if inspect.isawaitable(outcome) else outcome


async def maybe_await(value: Awaitable[T] | T) -> T:
    """Return the value, awaited if it is awaitable."""
    return await value if inspect.isawaitable(value) else value


def items(source: AsyncIterator[T] | Iterator[T]) -> AsyncIterator[T]:
    """Return an async iterator over `source`; a blocking iterator runs on a thread of its own."""
    return source if isinstance(source, AsyncIterator) else _from_thread(source)


class _End:
    """Marks the end of a blocking iterator; `error` is what ended it, None if it was complete."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Pump:
    """Moves items from a blocking iterator to the event loop, at most `_AHEAD` ahead of the reader."""

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(_AHEAD)
        self._left = threading.Event()
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    def run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._source:
                self._room.acquire()
                if self._left.is_set():
                    break
                self._give(item)
        except BaseException as caught:  # noqa: BLE001 - carried over to the reader, which raises it
            error = caught
        finally:
            self._close_source()
            self._give(_End(error))

    def taken(self) -> None:
        self._room.release()

    def leave(self) -> None:
        """Tell the thread that nobody reads any more; it stops at its next item."""
        self._left.set()
        self._room.release()

    def _give(self, item: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.queue.put_nowait, item)

    def _close_source(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


async def _from_thread(source: Iterator[T]) -> AsyncIterator[T]:
    pump = _Pump(source)
    thread = asyncio.create_task(asyncio.to_thread(pump.run))
    try:
        while True:
            item = await pump.queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            pump.taken()
            yield item
    finally:
        pump.leave()
        await asyncio.shield(thread)

"""Reading an asynchronous stream from blocking code."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_AHEAD = 64  # items a stream may be ahead of a blocking reader
_RESUME = 16


class _End:
    """Marks the end of a stream; `error` is what ended it, None if it was complete."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Channel(Generic[T]):
    """What reader and stream share. It does not know the reader, so that a forgotten one is noticed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        self._room = asyncio.Event()
        self._waiting = False
        self._task: asyncio.Task[None] | None = None
        self._gone = threading.Event()

    def begin(self, source: AsyncIterator[T]) -> None:
        """Start reading, on the loop's thread."""
        self._task = self._loop.create_task(self._move(source))
        self._task.add_done_callback(self._finish)

    def take(self) -> T | _End:
        """Wait for the next item, or for the end."""
        item = self._items.get()
        if isinstance(item, _End):
            self._items.put(_End(None))  # for a reader on another thread
        elif self._waiting and self._items.qsize() <= _RESUME:
            self._tell(self._room.set)
        return item

    def leave(self) -> None:
        """Stop reading, soon."""
        self._tell(lambda: self._task and self._task.cancel())

    def wait(self) -> None:
        """Wait until the stream is closed."""
        self._gone.wait()

    def _tell(self, what: Callable[[], Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and all its streams with it
            self._loop.call_soon_threadsafe(what)

    async def _move(self, source: AsyncIterator[T]) -> None:
        try:
            async for item in source:
                self._items.put(item)
                if self._items.qsize() >= _AHEAD:
                    await self._until_read()
        finally:
            closing = getattr(source, "aclose", None)
            if closing is not None:
                await closing()

    def _finish(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():  # whoever left does not see this; anybody else must not take it for the end
            error: BaseException | None = RuntimeError("this Modelbay was closed during the stream")
        else:
            error = task.exception()
        self._items.put(_End(error))
        self._gone.set()

    async def _until_read(self) -> None:
        self._room.clear()
        self._waiting = True
        if self._items.qsize() > _RESUME:
            await self._room.wait()
        self._waiting = False


class BlockingIterator(Iterator[T]):
    """Reads a stream on the loop's thread, at most `_AHEAD` items ahead of the reader.

    Any thread may read and close it; one that nobody holds any more is closed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, source: AsyncIterator[T]) -> None:
        self._ended = False
        self._channel: _Channel[T] = _Channel(loop)
        loop.call_soon_threadsafe(self._channel.begin, source)

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._ended:
            raise StopIteration
        try:
            item = self._channel.take()
        except BaseException:
            self.close()
            raise
        if not isinstance(item, _End):
            return item
        closed, self._ended = self._ended, True
        if item.error is not None and not closed:
            raise item.error
        raise StopIteration

    def close(self) -> None:
        """Stop reading; the upstream is closed when this returns."""
        if not self._ended:
            self._ended = True
            self._channel.leave()
        self._channel.wait()

    def __enter__(self) -> Iterator[T]:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._ended:
            self._channel.leave()

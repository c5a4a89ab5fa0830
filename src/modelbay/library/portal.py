"""The bridge from blocking code to the one asynchronous implementation."""

from __future__ import annotations

import asyncio
import functools
import queue
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
A = TypeVar("A")

_AHEAD = 64  # items a stream may be ahead of a blocking reader
_RESUME = 16


class Portal:
    """An event loop on a thread of its own, started at the first use and ended by `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._end: weakref.finalize[[asyncio.AbstractEventLoop, threading.Thread], Portal] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the portal's loop and wait for its result."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, source: AsyncIterator[T]) -> Iterator[T]:
        """Iterate over an asynchronous iterator; closing this one closes that one."""
        return _BlockingIterator(self._started(), source)

    @property
    def started(self) -> bool:
        """Whether the loop runs or has run."""
        return self._loop is not None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """End the loop and its thread. Using the portal afterwards is an error."""
        with self._lock:
            self._closed = True
            if self._end is not None:
                self._end()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise RuntimeError("this Modelbay is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                thread = threading.Thread(target=_serve, args=(self._loop,), name="modelbay", daemon=True)
                thread.start()
                self._end = weakref.finalize(self, _stop, self._loop, thread)
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        _cancel_all(loop)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    if loop.is_closed():
        return
    loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join()


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _BlockingIterator(Iterator[T]):
    """Reads a stream on the loop's thread, at most `_AHEAD` items ahead of the reader."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: AsyncIterator[T]) -> None:
        self._loop = loop
        self._items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        self._room = asyncio.Event()
        self._waiting = False
        self._ended = False
        self._pump = asyncio.run_coroutine_threadsafe(self._move(source), loop)

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._ended:
            raise StopIteration
        try:
            item = self._items.get()
        except BaseException:
            self.close()
            raise
        if isinstance(item, _End):
            self._ended = True
            if item.error is not None:
                raise item.error
            raise StopIteration
        if self._waiting and self._items.qsize() <= _RESUME:
            self._loop.call_soon_threadsafe(self._room.set)
        return item

    def close(self) -> None:
        """Stop reading; the upstream is closed when this returns."""
        if self._ended:
            return
        self._ended = True
        self._pump.cancel()
        while not isinstance(self._items.get(), _End):
            pass

    def __enter__(self) -> Iterator[T]:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._ended and not self._loop.is_closed():
            self._pump.cancel()

    async def _move(self, source: AsyncIterator[T]) -> None:
        error: BaseException | None = None
        try:
            async for item in source:
                self._items.put(item)
                if self._items.qsize() >= _AHEAD:
                    await self._until_read()
        except asyncio.CancelledError:
            raise
        except BaseException as caught:  # noqa: BLE001 - carried over to the reader, which raises it
            error = caught
        finally:
            await _aclose(source)
            self._items.put(_End(error))

    async def _until_read(self) -> None:
        self._room.clear()
        self._waiting = True
        if self._items.qsize() > _RESUME:
            await self._room.wait()
        self._waiting = False


async def _aclose(source: object) -> None:
    closing = getattr(source, "aclose", None)
    if closing is not None:
        await closing()


def blocking(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Any, P], T]:
    """Return the blocking twin of an asynchronous method, with the same parameters and docstring."""

    def twin(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        portal: Portal = self._portal
        return portal.run(method(self._twin, *args, **kwargs))

    functools.update_wrapper(twin, method)
    return twin


def blocking_stream(
    method: Callable[Concatenate[A, P], AsyncIterator[T]],
) -> Callable[Concatenate[Any, P], Iterator[T]]:
    """Return the blocking twin of a method that streams."""

    def twin(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        portal: Portal = self._portal
        return portal.iterate(method(self._twin, *args, **kwargs))

    functools.update_wrapper(twin, method)
    return twin

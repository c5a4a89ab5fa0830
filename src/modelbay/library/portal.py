"""The bridge from blocking code to the one asynchronous implementation."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from modelbay.library.reading import BlockingIterator

T = TypeVar("T")
P = ParamSpec("P")
A = TypeVar("A")


class Portal:
    """An event loop on a thread of its own, started at the first use and ended by `close`.

    `last` is run when it ends, also if nobody closes it.
    """

    def __init__(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._last = last
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._end: weakref.finalize[[asyncio.AbstractEventLoop, threading.Thread], Portal] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the portal's loop and wait for its result."""
        try:
            with self._lock:  # so that nothing is begun behind the end of the loop
                future = asyncio.run_coroutine_threadsafe(work, self._started())
        except RuntimeError:
            work.close()
            raise
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise RuntimeError("this Modelbay was closed during the call") from None
        except BaseException:
            future.cancel()
            raise

    def iterate(self, source: AsyncIterator[T]) -> Iterator[T]:
        """Iterate over an asynchronous iterator; closing this one closes that one."""
        with self._lock:
            return BlockingIterator(self._started(), source)

    def close(self) -> None:
        """Cancel what runs, end the loop and its thread. Using the portal afterwards is an error."""
        with self._lock:
            self._closed = True
            if self._end is not None:
                self._end()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise RuntimeError("this Modelbay is closed")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            serving = (self._loop, self._last)
            thread = threading.Thread(target=_serve, args=serving, name="modelbay", daemon=True)
            thread.start()
            self._end = weakref.finalize(self, _stop, self._loop, thread)
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        _cancel_all(loop)
        loop.run_until_complete(last())
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

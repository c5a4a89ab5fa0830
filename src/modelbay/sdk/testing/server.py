"""The listening side of a fake upstream: its socket, its connections, its life in a loop or on a thread."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import Lock, Thread
from types import TracebackType
from typing import Self, TypeVar

from .connection import Connection
from .faults import Fault
from .http import Answer, Request
from .pace import Pace

T = TypeVar("T")


class Server(ABC):
    """A small HTTP/1.1 server on 127.0.0.1: `async with`, or `with server.in_thread():`."""

    keep_alive = True

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.pace = Pace()
        self.accepted = 0
        self.broken: list[BaseException] = []
        self._open: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()
        self._hang_ups = 0
        self._hang_up_waiters: list[Future[None]] = []

    @property
    def url(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    @abstractmethod
    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Fault | None]:
        """Answer one request; `used` says that its connection has served before."""

    async def start(self) -> None:
        """Begin to listen; port 0 becomes a free one."""
        self._loop = asyncio.get_running_loop()
        await self._listen()

    async def stop(self) -> None:
        """Stop listening, close every connection and wait until they are gone."""
        self._stop_listening()
        leaving = list(self._open)
        for connection in leaving:
            connection.abort()
        for connection in leaving:
            await connection.gone()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None:
            self._raise_broken()

    @contextmanager
    def in_thread(self) -> Iterator[Self]:
        """Run on a thread of its own, for code without an event loop."""
        started: Future[asyncio.Event] = Future()
        thread = Thread(target=lambda: asyncio.run(self._run(started)), name=type(self).__name__, daemon=True)
        thread.start()
        stop = started.result()
        try:
            yield self
        finally:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(stop.set)
            thread.join()
        self._raise_broken()

    async def hung_up(self) -> None:
        """Wait until a client has hung up in the middle of an answer; each hang-up is seen once."""
        await asyncio.wrap_future(self._next_hang_up())

    def wait_hung_up(self, timeout: float = 10.0) -> None:
        """Do what `hung_up` does, without an event loop.

        Raises:
            TimeoutError: No client hung up within `timeout` seconds.
        """
        self._next_hang_up().result(timeout)

    def close_idle(self) -> None:
        """Close the connections that wait for a request, as servers do without notice."""
        self._in_loop(self._close_idle)

    def stop_listening(self) -> None:
        """Refuse new connections and close the idle ones."""
        self._in_loop(self._stop_listening)
        self.close_idle()

    async def listen_again(self) -> None:
        """Listen on the same port again, whichever loop this is called in (`asyncio.run` from sync code)."""
        if self._loop is None or self._loop is asyncio.get_running_loop():
            await self._listen()
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._listen(), self._loop))

    # What a connection tells.

    def joined(self, connection: Connection) -> None:
        """Note a new connection."""
        self.accepted += 1
        self._open.add(connection)

    def left(self, connection: Connection, *, in_answer: bool) -> None:
        """Note that a connection is gone; `in_answer` when the client left before the end of an answer."""
        self._open.discard(connection)
        if in_answer:
            with self._lock:
                self._hang_ups += 1
                self._tell_hang_ups()

    def broke(self, error: BaseException) -> None:
        """Keep a mistake of the fake itself: leaving the `with` block raises it."""
        self.broken.append(error)

    # Inside.

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            partial(Connection, self), "127.0.0.1", self.port, backlog=1024
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    def _close_idle(self) -> None:
        for connection in [each for each in self._open if each.idle]:
            connection.close()

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _run(self, started: Future[asyncio.Event]) -> None:
        stop = asyncio.Event()
        try:
            await self.start()
        except OSError as error:
            started.set_exception(error)
            return
        started.set_result(stop)
        await stop.wait()
        await self.stop()

    def _in_loop(self, do: Callable[[], T]) -> T:
        loop = self._loop
        if loop is None or _running_loop() is loop:
            return do()
        done: Future[T] = Future()
        loop.call_soon_threadsafe(lambda: done.set_result(do()))
        return done.result()

    def _next_hang_up(self) -> Future[None]:
        future: Future[None] = Future()
        with self._lock:
            self._hang_up_waiters.append(future)
            self._tell_hang_ups()
        return future

    def _tell_hang_ups(self) -> None:
        while self._hang_ups and self._hang_up_waiters:
            waiter = self._hang_up_waiters.pop(0)
            if waiter.set_running_or_notify_cancel():
                self._hang_ups -= 1
                waiter.set_result(None)

    def _raise_broken(self) -> None:
        if self.broken:
            raise self.broken[0]


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

"""One socket on an event loop: what arrives, under a time limit, never much ahead of its reader.

The socket is ours, not an asyncio transport's: closing it is one call that takes effect at once, TLS reads
many records at a time, and it can be closed after its loop has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import time
from collections.abc import Callable

from modelbay.wires.http1.tls import Tls
from modelbay.wires.request import GRAIN

__all__ = ["Connection"]

_RECEIVE = 65536
_PARKED_LIMIT = 65536  # bytes taken from the kernel while nobody reads; then TCP holds the upstream back
_NOT_NOW = (BlockingIOError, InterruptedError)


class Connection:
    """A connected, non-blocking socket of one event loop, for one exchange at a time."""

    __slots__ = (
        "_by",
        "_expiry",
        "_failure",
        "_fd",
        "_heard",
        "_held",
        "_idle",
        "_loop",
        "_parked",
        "_parked_size",
        "_reading",
        "_timer",
        "_tls",
        "_waiter",
        "_writer",
        "closed",
        "idle_since",
        "listener",
        "on_idle",
        "reused",
        "sock",
    )

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, tls: Tls | None = None) -> None:
        self.sock = sock
        self.closed = False
        self.reused = False
        self.idle_since = 0.0
        self.on_idle: Callable[[Connection], None] | None = None
        self.listener: Callable[[bytes], None] | None = None
        self._heard = 0.0
        self._held = False
        self._idle = self._by = math.inf
        self._loop = loop
        self._tls = tls
        self._fd = sock.fileno()
        self._parked: list[bytes] = []
        self._parked_size = 0
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._expiry = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._reading = False
        self._resume()

    async def receive(self, by: float) -> bytes:
        """Return the next bytes, as many as there are; b"" when the upstream has ended the connection.

        Raises:
            TimeoutError: Nothing arrived until `by` (monotonic).
            OSError: The connection broke.
        """
        if not self._parked:
            if self._failure is not None:
                return self._ended()
            self._waiter = self._loop.create_future()
            self._expire_at(by)
            try:
                await self._waiter
            finally:
                self._waiter = None
        if not self._parked:
            return self._ended()
        data = self._parked[0] if len(self._parked) == 1 else b"".join(self._parked)
        self._parked.clear()
        self._parked_size = 0
        if not self._reading and self._failure is None:
            self._resume()
        return data

    def listen(self, listener: Callable[[bytes], None], idle: float, by: float) -> None:
        """Have `listener` called with whatever arrives, at once, until `hold` or `forget`.

        It is called with b"" when the connection has ended, broken (see `failure`), brought nothing for
        `idle` seconds, or goes on beyond `by` (monotonic).
        """
        self.listener = listener
        self._held = False
        self._idle, self._by = idle, by
        self._heard = time.monotonic()
        self._expire_at(min(self._heard + idle, by))
        if self._parked:
            data = b"".join(self._parked)
            self._parked.clear()
            self._parked_size = 0
            listener(data)
        if self.listener is None or self._held:
            return
        if self._failure is not None:
            listener(b"")
        else:
            self._loop.add_reader(self._fd, self._on_pushed)
            self._reading = True

    def extend(self, by: float) -> None:
        """Let what the listener hears go on until `by` (monotonic)."""
        self._by = by

    def hold(self, listener: Callable[[bytes], None] | None, by: float) -> None:
        """Leave what arrives to the kernel until `listen` is called, or `listener` hears that it is `by`."""
        self.listener = listener
        self._held = True
        self._by = by
        self._expire_at(by)
        self._pause()

    def forget(self) -> None:
        """Call the listener no more."""
        if self.listener is None:
            return
        self.listener = None
        self._held = False
        self._expiry = math.inf
        if not self.closed and self._failure is None:
            self._resume()

    @property
    def failure(self) -> Exception | None:
        """What ended the connection: EOFError if the upstream did."""
        return self._failure

    async def send(self, data: bytes, by: float, *, regardless: bool = False) -> bool:
        """Send all of `data`; False if the upstream answered or hung up before it had read everything.

        Args:
            regardless: Go on sending while the upstream answers: both sides speak when they like.

        Raises:
            TimeoutError: The upstream did not take it all until `by`.
        """
        view = memoryview(data if self._tls is None else self._tls.seal(data))
        while True:
            try:
                view = view[self.sock.send(view) :]
            except _NOT_NOW:
                pass
            except OSError:
                return False  # it may still have said why: the answer is read before this counts as a failure
            if not view:
                return True
            if (self._parked and not regardless) or self._failure is not None:
                return False
            await self._writable(by)

    def is_fresh(self) -> bool:
        """Tell whether an idle connection is still silent and open, as the kernel knows it at this moment."""
        if not self.closed and self._failure is None:
            self._on_readable()
        return not self.closed and not self.has_left_over()

    def at_once(self) -> bytes:
        """Return what has arrived by now, without waiting; b"" for nothing."""
        if not self._parked and self._failure is None:
            self._on_readable()
        data = b"".join(self._parked)
        self._parked.clear()
        return data

    def has_left_over(self) -> bool:
        """Tell whether more has arrived than anybody asked for."""
        return bool(self._parked) or self._failure is not None

    def close(self) -> None:
        """Close the socket now. Whoever waits for it gets `ConnectionAbortedError`."""
        if self.closed:
            return
        self.closed = True
        if not self._loop.is_closed():
            self._pause()
            self._loop.remove_writer(self._fd)
        if self._timer is not None:
            self._timer.cancel()
        self.sock.close()
        self._fail(ConnectionAbortedError("closed"))

    def _ended(self) -> bytes:
        if isinstance(self._failure, EOFError):
            return b""
        assert self._failure is not None
        raise self._failure

    def _resume(self) -> None:
        self._loop.add_reader(self._fd, self._on_readable)
        self._reading = True

    def _pause(self) -> None:
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False

    def _on_readable(self) -> None:
        try:
            data = self.sock.recv(_RECEIVE)
            if data and self._tls is not None:
                data = self._opened(self._tls, data)
                if not data and not self._tls.closed:
                    return
        except _NOT_NOW:
            return
        except OSError as error:
            self._failure = error
        else:
            self._arrived(data)
        if self._failure is not None:
            self._pause()
        if self.on_idle is not None:
            self.on_idle(self)
        self._wake()

    def _on_pushed(self) -> None:
        """Pass on what has arrived: `_on_readable` for a listener, without a detour."""
        if self._tls is not None:
            self._on_readable()
            if self.listener is not None and (self._parked or self._failure is not None):
                self.listen(self.listener, self._idle, self._by)
            return
        try:
            data = self.sock.recv(_RECEIVE)
        except _NOT_NOW:
            return
        except OSError as error:
            self._failure = error
            data = b""
        if not data:
            self._failure = self._failure or EOFError()
            self._pause()
        self._heard = time.monotonic()
        if self.listener is not None:
            self.listener(data)

    def _arrived(self, data: bytes) -> None:
        if not data:
            cut = self._tls is not None and not self._tls.closed
            self._failure = ConnectionResetError(0, "TLS was cut off") if cut else EOFError()
            return
        self._parked.append(data)
        self._parked_size += len(data)
        if self._parked_size >= _PARKED_LIMIT and self._waiter is None:
            self._pause()

    def _opened(self, tls: Tls, data: bytes) -> bytes:
        data = tls.open(data)
        if answer := tls.answer():
            # A few bytes, once in a long connection: if the kernel does not take them, all is lost anyway.
            self.sock.send(answer)
        return data

    def _wake(self) -> None:
        for each in (self._waiter, self._writer):
            if each is not None and not each.done():
                each.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
        self._wake()

    async def _writable(self, by: float) -> None:
        self._writer = self._loop.create_future()
        self._loop.add_writer(self._fd, self._wake)
        self._expire_at(by)
        try:
            await self._writer
        finally:
            self._writer = None
            if not self.closed:
                self._loop.remove_writer(self._fd)

    def _expire_at(self, by: float) -> None:
        """Arm the timer. An earlier one is left alone and moves itself: not every wait makes a timer."""
        self._expiry = by
        if by == math.inf:
            return
        if self._timer is not None:
            if self._timer.when() <= by:
                return
            self._timer.cancel()
        self._arm(by)

    def _arm(self, by: float) -> None:
        # The loop's clock is the monotonic one, but need not agree with it to the last digit (uvloop).
        delay = max(0.0, by - time.monotonic())
        self._timer = self._loop.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        waiting = [each for each in (self._waiter, self._writer) if each is not None and not each.done()]
        if (not waiting and self.listener is None) or self._expiry == math.inf:
            return
        if self.listener is not None:
            self._expiry = self._by if self._held else min(self._heard + self._idle, self._by)
        if time.monotonic() < self._expiry - GRAIN:
            self._arm(self._expiry)
            return
        for each in waiting:
            each.set_exception(TimeoutError())
        if self.listener is not None:
            self._failure = self._failure or TimeoutError()
            self._pause()
            self.listener(b"")

    def __del__(self) -> None:
        # Reached only where nobody closed the pool: leave no socket behind, and no warning either.
        with contextlib.suppress(AttributeError):
            self.sock.close()

"""One client's connection: bytes in, exchanges one after another, time limits, and its end."""

from __future__ import annotations

import asyncio
import socket
import struct
from time import monotonic
from typing import Protocol, cast

from modelbay.gateway.http.answer import HttpExchange
from modelbay.gateway.http.body import Body
from modelbay.gateway.http.head import refusal
from modelbay.gateway.http.outbox import Outbox
from modelbay.gateway.http.request import HeadReader, RefusedError
from modelbay.gateway.http.settings import ServerSettings

__all__ = ["Connection", "Owner"]

# What a connection is doing. DRAINING drops the rest of a body before the next request, LINGERING whatever a
# client still sends after the last answer, so that a reset does not destroy that answer on its way.
_FRESH, _IDLE, _HEAD, _BUSY, _DRAINING, _LINGERING, _CLOSING = range(7)
_MOMENT = 1.0  # seconds for the first request of a connection that came just before the end
_RESET = struct.pack("ii", 1, 0)
_FULL = refusal(503, "The server has as many connections as it can take.")


class Owner(Protocol):
    """What a connection asks of its server."""

    settings: ServerSettings
    draining: bool

    def joined(self, connection: Connection) -> bool:
        """Count a new connection; False if it is one too many."""
        ...

    def left(self, connection: Connection) -> None:
        """Forget a connection."""
        ...

    def begin(self, exchange: HttpExchange) -> None:
        """Have the application serve it, in a task of its own."""
        ...

    def stop(self, exchange: HttpExchange) -> None:
        """Cancel that task."""
        ...

    def flush_soon(self, out: Outbox) -> None:
        """Call its `flush` before the event loop waits for anything."""
        ...

    def refused(self, status: int) -> None:
        """Count a request that never reached the application."""
        ...


class Connection(asyncio.Protocol):
    """Serves one client; further requests wait until the one before is answered."""

    __slots__ = (
        "_at",
        "_exchange",
        "_head",
        "_held",
        "_owner",
        "_peer",
        "_reading",
        "_since",
        "_started",
        "_state",
        "out",
        "transport",
    )

    transport: asyncio.Transport
    out: Outbox

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._state = _FRESH
        self._since = monotonic()  # when the state began
        self._started = 0.0  # when the first byte of the request came
        self._head: HeadReader | None = None
        self._exchange: HttpExchange | None = None
        self._held = b""  # what came after the present request
        self._at = 0  # where in `_held` the next one begins
        self._reading = True
        self._peer: str | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.out = Outbox(self.transport, self._owner.flush_soon, self._owner.settings.write_ahead)
        if not self._owner.joined(self):
            self._owner.refused(503)
            self._state = _CLOSING
            self.transport.write(_FULL)
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._held:
            self._hold(self._held[self._at :] + data, 0)
        else:
            self._take(data, 0)

    def eof_received(self) -> None:
        """Take the end of the client's sending for the end of the client.

        A client that closes and one that only stops sending look alike until something is written, which may
        be minutes from now; nobody should pay for an answer that most likely has no reader. So does nginx.
        """
        self._depart()

    def connection_lost(self, exc: Exception | None) -> None:
        self._depart()
        self._owner.left(self)

    def pause_writing(self) -> None:
        self.out.pause()
        if self._exchange and self._exchange.pause:
            self._exchange.pause()

    def resume_writing(self) -> None:
        self.out.resume()
        if self._exchange and self._exchange.resume:
            self._exchange.resume()

    # Bytes in.

    def _take(self, data: bytes, at: int) -> None:
        """Read `data` from `at` on, as far as it may be read now."""
        while at < len(data):
            state = self._state
            if state <= _HEAD:
                at = self._read_head(data, at)
            elif state >= _LINGERING:
                return
            elif cast(HttpExchange, self._exchange).content.complete:
                self._hold(data, at)
                return
            else:
                at = self._read_body(data, at)

    def _hold(self, data: bytes, at: int) -> None:
        """Keep what came too early. A little is read on: a client's leaving is seen only while reading."""
        self._held, self._at = data, at
        if len(data) - at > self._owner.settings.read_ahead:
            self.enough()

    def _read_head(self, data: bytes, at: int) -> int:
        if self._state != _HEAD:
            self._started = self._since = monotonic()
            self._head = HeadReader(self._owner.settings)
            self._state = _HEAD
        head = cast(HeadReader, self._head)
        try:
            at = head.feed(data, at)
        except RefusedError as error:
            self._refuse(error.status or 400, error.description)
            return len(data)
        if head.complete:
            self._begin(head)
        return at

    def _begin(self, head: HeadReader) -> None:
        self._head = None
        self._state = _BUSY
        content = Body(head.length, self, self._owner.settings, self._started)
        self._exchange = HttpExchange(self, head, content, self._started)
        self._owner.begin(self._exchange)

    def _read_body(self, data: bytes, at: int) -> int:
        content = cast(HttpExchange, self._exchange).content
        at = content.feed(data, at)
        if content.failed:
            at = len(data)  # where the next request begins cannot be known any more
        if self._state == _DRAINING and content.complete:
            self._next()
        return at

    # What a body asks.

    def wanted(self) -> None:
        if not self._reading and not self.out.gone:
            self._reading = True
            self.transport.resume_reading()
            if self._exchange:
                self._exchange.content.measure(monotonic())

    def enough(self) -> None:
        if self._reading and not self.out.gone:
            self._reading = False
            self.transport.pause_reading()

    # What an exchange asks.

    @property
    def peer(self) -> str:
        """The other end's address, "unix" if it has none."""
        if self._peer is None:
            name = self.transport.get_extra_info("peername")
            self._peer = str(name[0]) if isinstance(name, tuple) else "unix"
        return self._peer

    def keeps(self, exchange: HttpExchange) -> bool:
        """Tell whether another request can follow: nothing of the body is left, or little."""
        head = exchange.head
        if not head.keep_alive or self._owner.draining:
            return False
        remaining = exchange.content.remaining
        if remaining == 0:
            return True
        return remaining is not None and not head.expects and remaining <= self._owner.settings.drain_unread

    def answered(self, keep: bool) -> None:
        """Go on after an answer's last byte: with the next request, the rest of this one, or not at all."""
        content = cast(HttpExchange, self._exchange).content
        if content.complete:
            self._next() if keep else self._close()
        elif keep and not content.failed:
            content.drop()
            self._enter(_DRAINING)
            self.wanted()
        else:
            self._linger()

    def cut(self, hard: bool) -> None:
        """End the connection without sending what waits."""
        if self.out.gone:
            return
        if hard:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._depart()
        self.transport.abort()

    # Between exchanges, and at the end.

    def _next(self) -> None:
        self._exchange = None
        self._enter(_IDLE)
        self.wanted()
        if self._held:
            held, at = self._held, self._at
            self._held = b""
            self._take(held, at)
        elif self._owner.draining:
            self._close()

    def _refuse(self, status: int, message: str) -> None:
        self._owner.refused(status)
        self.transport.write(refusal(status, message))
        self._linger()

    def _linger(self) -> None:
        """Send no more, but hear the client out for a while."""
        self._exchange = None
        self._drop_head()
        self._held = b""
        self._enter(_LINGERING)
        self.wanted()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _close(self) -> None:
        """Close once everything is sent."""
        if self._held or not self._reading:
            self._linger()
            return
        self._exchange = None
        self._enter(_CLOSING)
        self.transport.close()

    def _drop_head(self) -> None:
        if self._head:
            self._head.drop()
            self._head = None

    def _enter(self, state: int) -> None:
        self._state = state
        self._since = monotonic()

    def _depart(self) -> None:
        """The client is gone: stop whatever is done for it."""
        if self.out.gone:
            return
        self.out.leave()
        self._state = _CLOSING
        self._held = b""
        self._drop_head()
        exchange, self._exchange = self._exchange, None
        if exchange and not exchange.ended:
            exchange.content.fail(400, "The client went away before the end of the body.")
            self._owner.stop(exchange)

    # What the server calls now and then.

    def close_if_idle(self) -> None:
        """Close the connection if no request is under way; otherwise it closes after the answer.

        A new one has a moment left: its first request is most likely on its way, and would not be repeated.
        """
        if self._state == _IDLE:
            self._close()
        elif self._state == _FRESH:
            self._since = monotonic()

    def look(self, now: float) -> None:
        """Enforce the time limits."""
        if self.out.stuck(now, self._owner.settings.send_timeout):
            self._depart()
            self.transport.abort()
        elif self.out.gone:
            return
        elif self._state == _BUSY:
            self._look_at_body(now)
        elif now - self._since > self._limit():
            self._overdue()

    def _look_at_body(self, now: float) -> None:
        content = cast(HttpExchange, self._exchange).content
        if self._reading and not content.complete and (problem := content.late(now)):
            content.fail(408, problem)

    def _limit(self) -> float:
        settings = self._owner.settings
        if self._state == _FRESH and self._owner.draining:
            return _MOMENT
        if self._state in {_FRESH, _HEAD}:
            return settings.head_timeout
        return settings.keep_alive if self._state == _IDLE else settings.linger

    def _overdue(self) -> None:
        if self._state == _HEAD:
            limit = self._owner.settings.head_timeout
            self._refuse(408, f"The head did not arrive within {limit:g} seconds.")
        elif self._state != _CLOSING:
            self._enter(_CLOSING)
            self.transport.close()

"""What waits to be sent to one client: gathered into few writes, and held within bounds."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from modelbay.gateway.http.exchange import ClientGoneError

__all__ = ["Outbox"]


class Outbox:
    """The sending side of a connection.

    Attributes:
        behind: Whether the client takes less than is written.
        gone: Whether the connection has ended, so that nothing can be written any more.
    """

    __slots__ = (
        "_flush_soon",
        "_limit",
        "_pieces",
        "_size",
        "_transport",
        "_unsent",
        "_waiters",
        "behind",
        "gone",
    )

    def __init__(
        self, transport: asyncio.Transport, flush_soon: Callable[[Outbox], None], limit: int
    ) -> None:
        self._transport = transport
        self._flush_soon = flush_soon
        self._limit = limit
        self._pieces: list[bytes] = []  # what was put since the event loop last waited
        self._size = 0
        self._unsent = (0, 0.0)  # bytes that waited to be sent when last looked at, and since when
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.behind = False
        self.gone = False
        transport.set_write_buffer_limits(high=limit)

    def write(self, data: bytes) -> None:
        """Send now, after whatever was put."""
        if self._pieces:
            self._pieces.append(data)
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
        self._transport.write(data)

    def put(self, data: bytes) -> None:
        """Send before the event loop waits for anything: pieces that come in one go leave in one write.

        A system call costs more than everything else that is done for a piece, and uvloop writes at once.
        """
        if not self._pieces:
            self._flush_soon(self)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > self._limit:
            self.flush()

    def flush(self) -> None:
        """Send what was put."""
        if self._pieces and not self.gone:
            self.write(b"")

    def pause(self) -> None:
        """Take note that the client is behind."""
        self.behind = True

    def resume(self) -> None:
        """Take note that it has caught up."""
        self.behind = False
        self._wake(None)

    async def drained(self) -> None:
        """Wait until the client has caught up."""
        if self.gone:
            raise ClientGoneError
        if self.behind:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def leave(self) -> None:
        """Take note that the client is gone; drop what waits."""
        self.gone = True
        self._pieces.clear()
        self._wake(ClientGoneError)

    def _wake(self, error: type[ClientGoneError] | None) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if waiter.done():
                continue
            if error:
                waiter.set_exception(error())
            else:
                waiter.set_result(None)

    def stuck(self, now: float, timeout: float) -> bool:
        """Tell whether the client has taken nothing for `timeout` seconds of what waits for it."""
        size = self._transport.get_write_buffer_size()
        before, since = self._unsent
        if not size or not before or size < before:
            since = now
        self._unsent = (size, since)
        return now - since > timeout

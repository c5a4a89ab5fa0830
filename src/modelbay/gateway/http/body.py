"""The body of a request: where it ends, what of it is waiting, and who waits for it.

Source: RFC 9112, sections 6 and 7. Unlike the client in `wires`, which reads what an upstream says, this
reads what anybody sends: a byte out of place ends the connection, so that no proxy in front can disagree.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Protocol

from modelbay.gateway.http.exchange import BodyError
from modelbay.gateway.http.request import CHUNKED
from modelbay.gateway.http.settings import ServerSettings

__all__ = ["Body", "Source"]

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_LONGEST_SIZE_LINE = 256
_LONGEST_TRAILER = 8192
_SIZE, _SEAM, _TRAILER = range(
    3
)  # the lines between chunks: a size, the end of a chunk, what follows the last


class Source(Protocol):
    """What a body asks of its connection."""

    def wanted(self) -> None:
        """Somebody waits for more: read on."""
        ...

    def enough(self) -> None:
        """As much waits as may: read no more for now."""
        ...


class Body:
    """One request's body, as far as it has come."""

    __slots__ = (
        "_chunk",
        "_declared",
        "_error",
        "_expected",
        "_heard",
        "_line",
        "_pieces",
        "_received",
        "_seen",
        "_settings",
        "_source",
        "_trailer",
        "_unread",
        "_waiter",
        "_waiting",
        "_window",
        "complete",
    )

    def __init__(self, length: int, source: Source, settings: ServerSettings, now: float) -> None:
        self._source = source
        self._settings = settings
        self._declared = length
        self._chunk = 0 if length == CHUNKED else length  # bytes to come: of the chunk, or of all
        self._line = b""  # an unfinished line between chunks
        self._expected = _SIZE  # the next line between chunks
        self._trailer = 0  # bytes of the trailer
        self._pieces: list[bytes] = []
        self._waiting = 0  # bytes in `_pieces`
        self._received = 0
        self._seen, self._heard = 0, now  # what had come, and when, as of the last look at it
        self._window = (now, 0)  # when the rate began to be measured, and what had come by then
        self._waiter: asyncio.Future[None] | None = None
        self._error: BodyError | None = None
        self.complete = length == 0
        self._unread = False  # nobody wants it any more

    @property
    def remaining(self) -> int | None:
        """Bytes that are still to come, None if that is not known."""
        if self.complete:
            return 0
        return None if self._declared == CHUNKED or self._error else self._chunk

    @property
    def failed(self) -> bool:
        """Whether it broke off, so that its end will not be found."""
        return self._error is not None

    @property
    def untouched(self) -> bool:
        """Whether not a byte of it has come."""
        return not self._received and not self.complete

    # What the connection calls.

    def feed(self, data: bytes, at: int) -> int:
        """Take the bytes from `at` on that belong to the body; return where they end."""
        start = at
        if self._declared != CHUNKED:
            at = self._payload(data, at)
            self.complete = not self._chunk
        else:
            while at < len(data) and not self.complete and not self._error:
                at = self._chunked(data, at)
        self._received += at - start
        self._wake()
        if self._waiting > self._settings.read_ahead and not self._waiter and not self.complete:
            self._source.enough()
        return at

    def fail(self, status: int, message: str) -> None:
        """Break off: whoever waits for the body, or asks for it later, gets the error."""
        if not self.complete and not self._error:
            self._error = BodyError(message, status=status)
            self.drop()
            self._wake()

    def late(self, now: float) -> str | None:
        """Say what is wrong if the client is too slow; asked now and then while it is not held back."""
        settings = self._settings
        if self._received != self._seen:
            self._seen, self._heard = self._received, now
        elif now - self._heard > settings.body_timeout:
            return f"Nothing of the body arrived for {settings.body_timeout:g} seconds."
        began, before = self._window
        if now - began > settings.body_timeout:
            if self._received - before < settings.body_rate * settings.body_timeout:
                return f"The body arrives at less than {settings.body_rate} bytes a second."
            self._window = (now, self._received)
        return None

    def measure(self, now: float) -> None:
        """Begin to measure the client's speed anew."""
        self._heard = now
        self._window = (now, self._received)

    def drop(self) -> None:
        """Keep nothing of what has come or comes."""
        self._unread = True
        self._pieces, self._waiting = [], 0

    # Where it ends.

    def _payload(self, data: bytes, at: int) -> int:
        stop = min(len(data), at + self._chunk)
        self._chunk -= stop - at
        if not self._unread and stop > at:
            self._pieces.append(data if stop - at == len(data) else data[at:stop])
            self._waiting += stop - at
        return stop

    def _chunked(self, data: bytes, at: int) -> int:
        if self._chunk:
            at = self._payload(data, at)
            if not self._chunk:
                self._expected = _SEAM
            return at
        return self._between(data, at)

    def _between(self, data: bytes, at: int) -> int:
        """Read one line between chunks; keep its beginning if its end is not there yet."""
        found = data.find(b"\n", at)
        stop = len(data) if found < 0 else found + 1
        line = self._line + data[at : min(stop, at + _LONGEST_TRAILER + 1)]
        self._line = b""
        if found >= 0:
            self._read_line(line)
        elif len(line) > (_LONGEST_SIZE_LINE if self._expected != _TRAILER else _LONGEST_TRAILER):
            self.fail(400, "The body has an endless line between its chunks.")
        else:
            self._line = line
        return stop

    def _read_line(self, line: bytes) -> None:
        if self._expected == _TRAILER:
            self._read_trailer(line)
        elif self._expected == _SIZE:
            self._read_size(line)
        elif line == b"\r\n":
            self._expected = _SIZE
        else:
            self.fail(400, "A chunk of the body is not as long as it says.")

    def _read_size(self, line: bytes) -> None:
        size = _SIZE_LINE.fullmatch(line)
        if not size or len(line) > _LONGEST_SIZE_LINE:
            self.fail(400, "A chunk of the body has no valid size.")
            return
        self._chunk = int(size[1], 16)
        if not self._chunk:
            self._expected = _TRAILER

    def _read_trailer(self, line: bytes) -> None:
        """Drop a line of the trailer; an empty one ends the body."""
        self._trailer += len(line)
        if not line.endswith(b"\r\n") or self._trailer > _LONGEST_TRAILER or b"\0" in line:
            self.fail(400, "The body's trailer cannot be read.")
        elif line == b"\r\n":
            self.complete = True

    # Who reads it.

    async def whole(self, limit: int) -> bytes:
        """Return everything, without suspending if it has come."""
        if self._declared > limit:
            raise _too_long(limit)
        pieces: list[bytes] = []
        size = 0
        while True:
            pieces += self._pieces
            size += self._waiting
            self._pieces, self._waiting = [], 0
            if size > limit:
                raise _too_long(limit)
            if self.complete:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
            await self._more()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield it as it comes."""
        while True:
            while self._pieces:
                taken, self._pieces, self._waiting = self._pieces, [], 0
                for piece in taken:
                    yield piece
            if self.complete:
                return
            await self._more()

    async def _more(self) -> None:
        if self._error:
            raise self._error
        if self._waiter:
            raise RuntimeError("The body is being read already.")
        self._waiter = asyncio.get_running_loop().create_future()
        self._source.wanted()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


def _too_long(limit: int) -> BodyError:
    return BodyError(f"The body is longer than the {limit} bytes that are allowed here.", status=413)

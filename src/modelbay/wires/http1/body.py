"""Where an HTTP/1.1 body ends: by length, by chunks, or with the connection. No I/O.

Source: RFC 9112, sections 6 and 7.
"""

from __future__ import annotations

import re
from typing import Protocol

from modelbay.wires.http1.errors import WireError

__all__ = ["Body", "Chunked", "Sized", "UntilClose"]

_HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")
_LONGEST_SIZE_LINE = 4096
_LONGEST_TRAILER = 65536


class Body(Protocol):
    """Turns what the connection carries into the body's bytes."""

    done: bool
    """Whether the body is complete."""
    clean: bool
    """Whether nothing followed it, so that the connection can be used again."""

    def feed(self, data: bytes) -> bytes:
        """Return the part of the body that `data` holds."""
        ...

    def end(self) -> None:
        """Take note that the connection ended; raise if the body is cut short by that."""
        ...


def _cut() -> WireError:
    return WireError("The connection closed in the middle of the answer.", answered=True)


class Sized:
    """A body of a known length."""

    __slots__ = ("_left", "clean", "done")

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0
        self.clean = True

    def feed(self, data: bytes) -> bytes:
        if len(data) > self._left:
            self.clean = False
            data = data[: self._left]
        self._left -= len(data)
        self.done = self._left == 0
        return data

    def end(self) -> None:
        if not self.done:
            raise _cut()


class UntilClose:
    """A body that ends with its connection; whether it was complete cannot be known."""

    __slots__ = ("clean", "done")

    def __init__(self) -> None:
        self.done = False
        self.clean = False

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> None:
        self.done = True


class Chunked:
    """A body in chunks, each with its size before it."""

    __slots__ = ("_left", "_rest", "_trailer", "clean", "done")

    def __init__(self) -> None:
        self._left = 0  # bytes of the present chunk that are still to come, with its line end
        self._rest = b""  # the beginning of an unfinished size or trailer line
        self._trailer = 0  # bytes of the trailer so far; 0 is: not there yet
        self.done = False
        self.clean = True

    def feed(self, data: bytes) -> bytes:
        if self._rest:
            data, self._rest = self._rest + data, b""
        found: list[bytes] = []
        at = 0 if self._left or self._trailer else self._whole_chunks(data, found)
        while at < len(data) and not self.done:
            at = self._payload(data, at, found) if self._left else self._line(data, at)
        if self.done and at < len(data):
            self.clean = False
        return found[0] if len(found) == 1 else b"".join(found)

    def end(self) -> None:
        if not self.done:
            raise _cut()

    @staticmethod
    def _whole_chunks(data: bytes, found: list[bytes]) -> int:
        """Take the chunks that are here whole and plain, as nearly all are; return where others begin."""
        at, length = 0, len(data)
        while True:
            stop = data.find(b"\r\n", at, at + 18)
            if stop <= at or not _HEX.fullmatch(data, at, stop):
                return at
            begin = stop + 2
            end = begin + int(data[at:stop], 16)
            if end == begin or end + 2 > length or data[end : end + 2] != b"\r\n":
                return at
            found.append(data[begin:end])
            at = end + 2

    def _payload(self, data: bytes, at: int, found: list[bytes]) -> int:
        if self._left > 2:
            piece = data[at : at + self._left - 2]
            found.append(piece)
            at += len(piece)
            self._left -= len(piece)
        if self._left <= 2:
            ending = data[at : at + self._left]
            if ending != b"\r\n"[2 - self._left :][: len(ending)]:
                raise WireError(
                    "The answer's chunks are not framed as HTTP says.", answered=True, invalid=True
                )
            at += len(ending)
            self._left -= len(ending)
        return at

    def _line(self, data: bytes, at: int) -> int:
        """Read a size or trailer line from `at`; keep it for later if its end is not there yet."""
        stop = data.find(b"\n", at)
        limit = _LONGEST_TRAILER if self._trailer else _LONGEST_SIZE_LINE
        if (len(data) if stop < 0 else stop) - at > limit:
            raise WireError("The answer has an endless chunk header.", answered=True, invalid=True)
        if stop < 0:
            self._rest = data[at:]
            return len(data)
        self._take(data[at:stop].removesuffix(b"\r"))
        return stop + 1

    def _take(self, line: bytes) -> None:
        if self._trailer:
            self._trailer += len(line) + 1
            self.done = not line
            if self._trailer > _LONGEST_TRAILER:
                raise WireError("The answer has an endless trailer.", answered=True, invalid=True)
            return
        size = line.partition(b";")[0].strip()
        if not _HEX.fullmatch(size):
            raise WireError("The answer has an invalid chunk size.", answered=True, invalid=True)
        if length := int(size, 16):
            self._left = length + 2
        else:
            self._trailer = 1

"""Reads `multipart/form-data` as it arrives: parts one after another, each piece by piece. No I/O of its own.

Source: RFC 7578; RFC 2046, section 5.1. What comes before the first boundary and after the last is dropped.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value

from modelbay.gateway.http.exchange import BodyError

__all__ = ["Multipart", "MultipartLimits", "Part", "boundary_of"]

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_ESCAPE = re.compile("%22|%0D|%0A", re.IGNORECASE)
_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}
_LONGEST_BOUNDARY = 200  # bytes of spaces that may follow a boundary on its line


@dataclass(frozen=True, slots=True)
class MultipartLimits:
    """The most that one body may hold. Sizes in bytes."""

    parts: int = 100
    head: int = 8 * 1024
    field: int = 2**20
    file: int = 512 * 2**20


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a Content-Type names.

    Raises:
        BodyError: It is not `multipart/form-data`, or names no boundary that can be used.
    """
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise _wrong("Content-Type: multipart/form-data with a boundary is needed")
    if not _BOUNDARY.fullmatch(boundary):
        raise _wrong("Content-Type: the boundary is not one to seventy of the characters that are allowed")
    return boundary.encode("ascii")


class Part:
    """One field or file. Its bytes have to be taken before the next part is asked for; the rest is dropped.

    Attributes:
        name: The field's name.
        filename: The file's name as the client gave it, None for a field. Not to be used as a path.
        headers: By lower-case name.
    """

    __slots__ = ("_source", "filename", "headers", "name")

    def __init__(self, source: Multipart, headers: dict[str, str]) -> None:
        self._source = source
        self.headers = headers
        found = _parameters(headers.get("content-disposition", ""))
        if "name" not in found:
            raise _wrong("a part has no Content-Disposition: form-data with a name")
        self.name = found["name"]
        self.filename = found.get("filename")

    @property
    def content_type(self) -> str:
        """What the client says it is, in lower case and without parameters."""
        return self.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield its bytes as they arrive.

        Raises:
            BodyError: It is longer than a field or a file may be, or the body breaks off.
        """
        limits = self._source.limits
        limit = limits.field if self.filename is None else limits.file
        size = 0
        async for piece in self._source.pieces(self):
            size += len(piece)
            if size > limit:
                kind = "field" if self.filename is None else "file"
                raise BodyError(f"{self.name}: a {kind} may have {limit} bytes", status=413)
            yield piece

    async def read(self) -> bytes:
        """Return its bytes."""
        return b"".join([piece async for piece in self.pieces()])

    async def text(self) -> str:
        """Return its bytes as UTF-8."""
        try:
            return (await self.read()).decode()
        except UnicodeDecodeError:
            raise _wrong(f"{self.name}: not UTF-8") from None


class Multipart:
    """Iterate over it to get the parts, in order.

    Args:
        pieces: The body, in pieces of any size.
        boundary: From `boundary_of`.
    """

    def __init__(
        self, pieces: AsyncIterator[bytes], boundary: bytes, limits: MultipartLimits | None = None
    ) -> None:
        self.limits = limits or MultipartLimits()
        self._pieces = pieces
        self._mark = b"\r\n--" + boundary
        self._data = b"\r\n"  # what has come and is not taken; the first boundary may have no line before it
        self._part: Part | None = None
        self._count = 0

    async def __aiter__(self) -> AsyncIterator[Part]:
        await self._skip()
        while not await self._ends():
            self._count += 1
            if self._count > self.limits.parts:
                raise BodyError(f"there are more than {self.limits.parts} parts", status=413)
            part = self._part = Part(self, await self._headers())
            yield part
            if self._part is part:
                await self._skip()
        async for _ in self._pieces:  # what follows the end is dropped, so that the connection can be kept
            pass

    async def pieces(self, part: Part) -> AsyncIterator[bytes]:
        """Yield the bytes of the present part, up to its boundary."""
        if part is not self._part:
            raise RuntimeError("The part has been taken already.")
        async for piece in self._up_to_mark():
            yield piece

    async def _skip(self) -> None:
        async for _ in self._up_to_mark():
            pass

    async def _up_to_mark(self) -> AsyncIterator[bytes]:
        """Yield what comes before the next boundary; go on behind it."""
        mark = self._mark
        while (at := self._data.find(mark)) < 0:
            sure = len(self._data) - len(mark) + 1  # the rest may begin a boundary
            if sure > 0:
                piece, self._data = self._data[:sure], self._data[sure:]
                yield piece
            await self._more()
        piece, self._data = self._data[:at], self._data[at + len(mark) :]
        self._part = None  # before the last piece is given away: whoever takes it may not come back
        if piece:
            yield piece

    async def _ends(self) -> bool:
        """Read the rest of a boundary's line; tell whether it was the last boundary."""
        while len(self._data) < 2:
            await self._more()
        if self._data.startswith(b"--"):
            return True
        if (await self._line(_LONGEST_BOUNDARY)).strip(b" \t"):
            raise _wrong("a boundary is followed by something else on its line")
        return False

    async def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        left = self.limits.head
        while line := await self._line(left):
            left -= len(line) + 2
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if not colon or not name or name != name.strip():
                raise _wrong("a part has a header that cannot be read")
            headers[name.lower()] = value.strip()
        return headers

    async def _line(self, limit: int) -> bytes:
        while (at := self._data.find(b"\r\n")) < 0 and len(self._data) <= limit:
            await self._more()
        if not 0 <= at <= limit:
            raise BodyError("a part has too long a head", status=413)
        line, self._data = self._data[:at], self._data[at + 2 :]
        return line

    async def _more(self) -> None:
        try:
            self._data += await anext(self._pieces)
        except StopAsyncIteration:
            raise _wrong("the body ends before its last boundary") from None


def _parameters(disposition: str) -> dict[str, str]:
    """Return name and filename, as browsers, curl and Python's clients write them."""
    message = Message()
    message["content-disposition"] = disposition
    if message.get_content_disposition() != "form-data":
        return {}
    pairs = ((key, message.get_param(key, header="content-disposition")) for key in ("name", "filename"))
    found = {key: collapse_rfc2231_value(value) for key, value in pairs if value is not None}
    return {key: _ESCAPE.sub(lambda match: _ESCAPED[match[0].upper()], value) for key, value in found.items()}


def _wrong(what: str) -> BodyError:
    return BodyError(what, status=400)

"""Reads the head of an HTTP/1.1 answer. No I/O. Source: RFC 9112, sections 4 to 6."""

from __future__ import annotations

import re
from dataclasses import dataclass

from modelbay.wires.http1.body import Body, Chunked, Sized, UntilClose
from modelbay.wires.http1.errors import WireError

__all__ = ["LONGEST_HEAD", "Head", "read_head"]

LONGEST_HEAD = 65536
_MOST_NAMES = 1_000
_NAMES: dict[bytes, str] = {}
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: .*)?", re.DOTALL)


@dataclass(slots=True)
class Head:
    """Status and headers; names are lower case, repeated headers are joined by a comma."""

    status: int
    headers: dict[str, str]
    keep_alive: bool

    def body(self, method: str) -> Body:
        """Return the decoder for the body that follows."""
        if method == "HEAD" or self.status in {204, 304} or self.status < 200:
            return Sized(0)
        coding = self.headers.get("transfer-encoding")
        if coding is not None:
            if coding.strip().lower() != "chunked":
                raise _invalid(f"an unknown transfer coding ({coding[:40]!r})")
            return Chunked()
        length = self.headers.get("content-length")
        return UntilClose() if length is None else Sized(_length(length))


def read_head(data: bytes) -> Head:
    """Read a head, without the empty line that ends it."""
    first, *lines = data.split(b"\r\n")
    match = _STATUS.fullmatch(first)
    if not match:
        raise _invalid("something that is not HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name[:1].isspace() or name[-1:].isspace():
            raise _invalid("a header that cannot be read")
        key = _NAMES.get(name) or _key(name)
        text = value.strip(b" \t").decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return Head(int(match[2]), headers, _keeps_alive(match[1], headers))


def _key(name: bytes) -> str:
    """Return a header's name in lower case; upstreams have few of them, and say the same ones each time."""
    key = name.decode("latin-1").lower()
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = key
    return key


def _keeps_alive(minor: bytes, headers: dict[str, str]) -> bool:
    # Both lengths at once is how a smuggled answer looks: read it, but never use the connection again.
    if "transfer-encoding" in headers and "content-length" in headers:
        return False
    return minor == b"1" and "close" not in headers.get("connection", "").lower()


def _length(text: str) -> int:
    if len(text) <= 15 and text.isascii() and text.isdigit():
        return int(text)
    lengths = {each.strip() for each in text.split(",")}
    number = lengths.pop()
    if lengths or not (number.isascii() and number.isdigit()) or len(number) > 15:
        raise _invalid("an invalid content length")
    return int(number)


def _invalid(what: str) -> WireError:
    return WireError(f"The provider's answer has {what}.", answered=True, invalid=True)

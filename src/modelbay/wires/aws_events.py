"""AWS event streams: binary frames with headers, each guarded by two checksums.

A frame is: length of the whole (u32), length of the headers (u32), CRC-32 of these eight bytes, headers,
payload, CRC-32 of all before it; numbers are big-endian.

Source: https://smithy.io/2.0/aws/amazon-eventstream.html (read 2026-11-21).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32

from modelbay.wires.decode import LineTooLongError
from modelbay.wires.request import Event

__all__ = ["EXCEPTION", "MAX_FRAME", "AwsEventDecoder", "BrokenFrameError"]

MAX_FRAME = 24 * 2**20
"""Bytes of one frame: the limit that AWS states for its messages, with the headers."""
EXCEPTION = "exception"
"""The `id` of an event that tells of a failure; its name is the exception's type."""

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_SMALLEST = _PRELUDE.size + _CRC.size
# Bytes of a header's value by its type; None: two bytes of length come first.
_SIZES: dict[int, int | None] = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 6: None, 7: None, 8: 8, 9: 16}
_TEXT = 7


class BrokenFrameError(ValueError):
    """The bytes are not, or no longer, an event stream."""


class AwsEventDecoder:
    """Cuts a stream into events. `name` is the event's type, `data` its payload.

    A frame that tells of an exception or an error has the `id` "exception" and the exception's type as name.
    """

    __slots__ = ("_buffer", "_limit", "_wanted")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._limit = limit
        self._wanted = _SMALLEST  # nothing can be complete before that many bytes are there

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes.

        Raises:
            BrokenFrameError: A checksum is wrong, or lengths contradict each other.
            LineTooLongError: A frame exceeds the limit.
        """
        self._buffer += data
        if len(self._buffer) < self._wanted:
            return []
        whole = bytes(self._buffer)
        events: list[Event] = []
        start = 0
        while (end := self._end(whole, start)) <= len(whole):
            events.append(_event(whole, start, end))
            start = end
        del self._buffer[:start]
        self._wanted = end - start
        return events

    def close(self) -> list[Event]:
        """Return nothing: a frame without its end is lost, which the reader of the answer notices."""
        self._buffer.clear()
        return []

    def _end(self, data: bytes, start: int) -> int:
        """Return where the frame at `start` ends; as far as it is known yet."""
        if len(data) - start < _SMALLEST:
            return start + _SMALLEST
        length, headers, checksum = _PRELUDE.unpack_from(data, start)
        if crc32(data[start : start + 8]) != checksum:
            raise BrokenFrameError("the checksum of a frame's beginning is wrong")
        if headers + _SMALLEST > length:
            raise BrokenFrameError(f"a frame of {length} bytes cannot have {headers} bytes of headers")
        if length > self._limit:
            raise LineTooLongError(self._limit)
        return start + int(length)


def _event(data: bytes, start: int, end: int) -> Event:
    stop = end - _CRC.size
    if _CRC.unpack_from(data, stop)[0] != crc32(data[start:stop]):
        raise BrokenFrameError("the checksum of a frame is wrong")
    first = start + _PRELUDE.size
    payload = first + int.from_bytes(data[start + 4 : start + 8], "big")
    headers = _headers(data[first:payload])
    kind = headers.get(":message-type", "event")
    if kind == "event":
        return Event(headers.get(":event-type", ""), data[payload:stop])
    name = headers.get(":exception-type") or headers.get(":error-code") or kind
    body = data[payload:stop] or headers.get(":error-message", "").encode()
    return Event(name, body, EXCEPTION)


def _headers(data: bytes) -> Mapping[str, str]:
    """Return the headers that are text; the others tell nothing that is needed."""
    found: dict[str, str] = {}
    place = 0
    while place < len(data):
        name_end = place + 1 + data[place]
        kind = data[name_end] if name_end < len(data) else -1
        start, end = _value(data, kind, name_end + 1)
        if end > len(data):
            raise BrokenFrameError("a header reaches beyond its frame")
        if kind == _TEXT:
            found[data[place + 1 : name_end].decode("utf-8", "replace")] = data[start:end].decode(
                "utf-8", "replace"
            )
        place = end
    return found


def _value(data: bytes, kind: int, start: int) -> tuple[int, int]:
    """Return where the value of a header lies."""
    if kind not in _SIZES:
        raise BrokenFrameError(f"a header has a value of the unknown type {kind}")
    size = _SIZES[kind]
    if size is not None:
        return start, start + size
    return start + 2, start + 2 + int.from_bytes(data[start : start + 2], "big")

"""Ogg pages: where they begin, whose they are, and how to give them another serial number.

Format: RFC 3533. Streams one after the other in a file ("chained") must have different serial numbers.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Page", "page_at", "pages", "with_serial"]

_HEADER = struct.Struct("<4sBBqIIIB")
_BITS_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `offset` and `size` in bytes, `granule` the position after its last whole packet, or -1."""

    offset: int
    size: int
    first: bool
    granule: int
    serial: int
    body: int

    @property
    def end(self) -> int:
        """The offset just after the page."""
        return self.offset + self.size


def page_at(data: bytes, offset: int) -> Page | None:
    """Return the page that begins at `offset`, None if there is none or it is not complete."""
    if offset + _HEADER.size > len(data):
        return None
    magic, _, flags, granule, serial, _, _, segments = _HEADER.unpack_from(data, offset)
    body = offset + _HEADER.size + segments
    if magic != b"OggS" or body > len(data):
        return None
    size = body - offset + sum(data[offset + _HEADER.size : body])
    if offset + size > len(data):
        return None
    return Page(offset, size, bool(flags & 2), granule, serial, body)


def pages(data: bytes) -> Iterator[Page]:
    """Yield the complete pages in order, up to the first damaged one."""
    at = 0
    while page := page_at(data, at):
        yield page
        at = page.end


def with_serial(page: bytes, serial: int) -> bytes:
    """Return the page under another serial number, with its checksum made right."""
    blank = page[:14] + serial.to_bytes(4, "little") + page[18:22] + bytes(4) + page[26:]
    return blank[:22] + _checksum(blank).to_bytes(4, "little") + blank[26:]


def _checksum(data: bytes) -> int:
    """CRC-32 as Ogg has it: zlib's polynomial, but bits the other way round and no inversion."""
    reflected = zlib.crc32(data.translate(_BITS_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)

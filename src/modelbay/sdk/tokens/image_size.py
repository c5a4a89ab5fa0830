"""The size of an image in pixels, read from its header; no pixel is decoded and no file is copied."""

from __future__ import annotations

import base64
import binascii
import re

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # tables and a reserved code among them
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})  # have no length behind them
_MOST_SEGMENTS = 2000


class _Bytes:
    """Base64 text that is decoded only where it is looked at."""

    def __init__(self, text: str) -> None:
        text = text.partition(",")[2] if text[:5] == "data:" else text
        self._text = re.sub(r"\s", "", text) if re.search(r"\s", text[:256]) else text

    def read(self, start: int, length: int) -> bytes:
        """Return up to `length` bytes from `start`; fewer at the end."""
        first, skip = start // 3 * 4, start % 3
        quads = self._text[first : first + (skip + length + 2) // 3 * 4]
        padded = quads + "=" * (-len(quads) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"))[skip : skip + length]


def image_size(data: str) -> tuple[int, int] | None:
    """Return width and height in pixels of a PNG, JPEG, GIF or WebP image given as base64 or data URI.

    None where the header is not of these formats, is cut off, or says that a side is 0.
    """
    try:
        size = _size(_Bytes(data))
    except (binascii.Error, IndexError, ValueError):
        return None
    return size if size and min(size) > 0 else None


def _size(data: _Bytes) -> tuple[int, int] | None:
    head = data.read(0, 32)
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) >= 24:
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head[:6] in {b"GIF87a", b"GIF89a"} and len(head) >= 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp_size(head)
    if head[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    return None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    """The three kinds of WebP: extended, lossless (14 bits a side), lossy."""
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg_size(data: _Bytes) -> tuple[int, int] | None:
    """Walk from segment to segment, over previews and colour profiles, until the frame's header."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        segment = data.read(at, 9)
        if len(segment) < 2 or segment[0] != 0xFF:
            return None
        marker = segment[1]
        if marker in _FRAME_MARKERS:
            return _jpeg_frame_size(segment)
        if marker == 0xFF:
            at += 1  # a fill byte
        elif marker in _BARE_MARKERS:
            at += 2
        else:
            at += 2 + int.from_bytes(segment[2:4], "big")
    return None


def _jpeg_frame_size(segment: bytes) -> tuple[int, int] | None:
    if len(segment) < 9:
        return None
    return int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big")

"""Made-up content of a fake: vectors from a hash, sounds that carry their text, scores, flagged words."""

from __future__ import annotations

import re
import struct
from array import array
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import shake_256
from math import sqrt

TRANSCRIPT = "Hello from the fake upstream."
CATEGORY_WORDS = {"kill": "violence", "hate": "hate"}
_MP3_FRAME = b"\xff\xfb\x90\xc4" + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 26 ms of silence
_SOUNDS = {
    "mp3": _MP3_FRAME * 8,
    "opus": b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(64),
    "aac": b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(64),
    "flac": b"fLaC\x00\x00\x00\x22" + bytes(64),
    "pcm": bytes(4800),
}


@lru_cache(maxsize=32)
def _levels(size: int) -> list[float]:
    # A byte becomes a number such that a vector of them is about one long.
    return [(byte - 127.5) / (73.9 * sqrt(size)) for byte in range(256)]


def vector(text: str, size: int) -> list[float]:
    """Make the vector of a text: always the same, about one long."""
    return list(map(_levels(size).__getitem__, shake_256(text.encode()).digest(size)))


def as_base64(numbers: Sequence[float]) -> str:
    """Write a vector as little-endian float32 in base64."""
    return b64encode(array("f", numbers).tobytes()).decode()


def sound(text: str, kind: str) -> bytes:
    """Make a sound file; a WAV carries its text in a comment, so that `heard` can read it back."""
    return wav(text) if kind == "wav" else _SOUNDS[kind]


def wav(text: str) -> bytes:
    """Make 50 ms of silence (16 bit, 24 kHz, mono) with the text as the file's comment."""
    comment = text.encode()
    comment += b"\0" * (2 - len(comment) % 2)
    info = b"INFOICMT" + struct.pack("<I", len(comment)) + comment
    chunks = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 24_000, 48_000, 2, 16)
    chunks += b"LIST" + struct.pack("<I", len(info)) + info
    chunks += b"data" + struct.pack("<I", 2400) + bytes(2400)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def heard(data: bytes) -> str:
    """Return the text that a sound of ours carries, a fixed one for any other sound."""
    start = data.find(b"ICMT")
    if not data.startswith(b"RIFF") or start < 0:
        return TRANSCRIPT
    (size,) = struct.unpack_from("<I", data, start + 4)
    return data[start + 8 : start + 8 + size].rstrip(b"\0").decode()


def flagged(text: str) -> set[str]:
    """Return the moderation categories whose word is in the text."""
    return {category for word, category in CATEGORY_WORDS.items() if word in text.lower()}


def ranking(query: str, documents: Sequence[str]) -> list[tuple[int, float]]:
    """Rank documents by the share of the query's words that they hold: (place, score), best first."""
    wanted = _words(query)
    scores = [len(wanted & _words(text)) / max(1, len(wanted)) for text in documents]
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))

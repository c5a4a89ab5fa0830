"""The tone code of the sandbox's speech: how bytes become chords, and phrases become frames.

A phrase is a chime of three notes, which tells the recogniser "here begins a phrase", then chords. A chord is
one byte: four voices, each playing one of four notes (two bits) of a pentatonic scale, where no two notes
clash. The first chord, always at standard pitch and tempo, says pitch and tempo of the rest:

    chime | voice | length | payload (UTF-8, at most 63 bytes) | CRC-16 of all three
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["CHIME", "CHORD_SECONDS", "STANDARD", "VOICES", "Voice", "frame", "phrases", "unframe"]

CHIME = (587, 880, 1175)  # D5 A5 D6; whole numbers, so that a table of one second repeats
CHORD_SECONDS = 0.040  # of a chime note and of the standard tempo
PAYLOAD_LIMIT = 63
_BASE_HZ = 293.66  # D4
_PENTATONIC = (0, 2, 4, 7, 9)
_PITCHES = range(-8, 8)
_TEMPOS_MS = range(24, 56, 2)


@dataclass(frozen=True, slots=True)
class Voice:
    """A way to play the code: `pitch` in semitones above standard, `tempo_ms` of a chord (even, 24 to 54)."""

    pitch: int = 0
    tempo_ms: int = 40

    @property
    def notes(self) -> tuple[float, ...]:
        """The frequencies in Hz: notes 4v to 4v+3 belong to voice v of the chord."""
        steps = (octave * 12 + degree for octave in range(4) for degree in _PENTATONIC)
        return tuple(_BASE_HZ * 2 ** ((self.pitch + step) / 12) for step in steps)[:16]

    def to_byte(self) -> int:
        """Pack the voice into the frame's first chord."""
        return _TEMPOS_MS.index(self.tempo_ms) << 4 | _PITCHES.index(self.pitch)

    @classmethod
    def from_byte(cls, value: int) -> Voice:
        """Unpack the frame's first chord."""
        return cls(_PITCHES[value & 15], _TEMPOS_MS[value >> 4])


STANDARD = Voice()
VOICES = {
    "celesta": STANDARD,
    "cello": Voice(-5, 48),
    "flute": Voice(5, 36),
    "marimba": Voice(2, 30),
}


def phrases(text: str) -> Iterator[str]:
    """Yield the text in pieces that fit a frame and end with a sentence, else a word, else a character."""
    piece, size = "", 0
    for word in re.findall(r"\s*+\S{1,15}|\s+\Z", text):
        for part in _fitting(word):
            length = len(part.encode())
            if piece and (size + length > PAYLOAD_LIMIT or piece[-1] in ".!?。！？\n"):
                yield piece
                piece, size = "", 0
            piece, size = piece + part, size + length
    if piece:
        yield piece


def _fitting(word: str) -> Iterator[str]:
    if len(word.encode()) <= PAYLOAD_LIMIT:
        yield word
    else:
        yield from (word[at : at + 15] for at in range(0, len(word), 15))


def frame(payload: bytes, voice: Voice) -> bytes:
    """Return the bytes of a frame after the chime."""
    body = bytes((voice.to_byte(), len(payload))) + payload
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


def unframe(body: bytes) -> bytes | None:
    """Return the payload of a frame, or None if the checksum says that it was misheard."""
    if crc_hqx(body[:-2], 0xFFFF) != int.from_bytes(body[-2:], "big"):
        return None
    return body[2:-2]

"""Play text as tone code (`tone_code`): a music box that its own recogniser understands."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import add

from modelbay.providers.sandbox.engines.tone_code import (
    CHIME,
    CHORD_SECONDS,
    STANDARD,
    VOICES,
    Voice,
    frame,
    phrases,
)
from modelbay.sdk.audio import WavFormat, wav_header

__all__ = ["SAMPLE_RATE", "speak"]

SAMPLE_RATE = 16000
_ATTACK_SECONDS, _RELEASE_SECONDS = 0.005, 0.009  # soft enough not to click
_CHIME_AMPLITUDE = 9000
_AMPLITUDES = (5200, 4800, 4000, 3000)  # by voice of the chord; high notes sound louder than they are
_OVERTONE = 0.08  # a little of the octave makes the tone warmer than a bare sine
_PAUSE_SECONDS, _SENTENCE_PAUSE_SECONDS, _LEAD_SECONDS = 0.06, 0.18, 0.04


def speak(text: str, voice: str = "celesta") -> Iterator[bytes]:
    """Yield a WAV file (16 kHz, 16 bits, mono) in chunks: the header, then one chunk for each phrase.

    Raises:
        ValueError: There is no such voice; raised by the first `next`.
    """
    if voice not in VOICES:
        raise ValueError(f"There is no voice {voice!r}: choose one of {', '.join(VOICES)}.")
    spoken = VOICES[voice]
    pieces = list(phrases(text))
    yield wav_header(WavFormat(SAMPLE_RATE), 2 * sum(_sample_count(piece, spoken) for piece in pieces))
    for piece in pieces:
        yield _phrase(piece, spoken)


def _sample_count(piece: str, voice: Voice) -> int:
    chords = len(piece.encode()) + 3
    return (
        _samples(_LEAD_SECONDS)
        + (len(CHIME) + 1) * _samples(CHORD_SECONDS)
        + chords * _samples(voice.tempo_ms / 1000)
        + _samples(_pause_after(piece))
    )


def _phrase(piece: str, voice: Voice) -> bytes:
    header, *chords = frame(piece.encode(), voice)
    samples = array("h", bytes(2 * _samples(_LEAD_SECONDS)))
    for hertz in CHIME:
        samples.extend(_note(hertz, _CHIME_AMPLITUDE, _samples(CHORD_SECONDS)))
    samples.extend(_chord(header, STANDARD))
    for chord in chords:
        samples.extend(_chord(chord, voice))
    samples.frombytes(bytes(2 * _samples(_pause_after(piece))))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _pause_after(piece: str) -> float:
    return _SENTENCE_PAUSE_SECONDS if piece.rstrip()[-1:] in tuple(".!?。！？…") else _PAUSE_SECONDS


@lru_cache(maxsize=1024)
def _chord(value: int, voice: Voice) -> array[int]:
    """Return the samples of one byte."""
    notes, length = voice.notes, _samples(voice.tempo_ms / 1000)
    total: Iterable[int] = [0] * length
    for part, amplitude in enumerate(_AMPLITUDES):
        note = notes[4 * part + (value >> 2 * part & 3)]
        total = map(add, total, _note(note, amplitude, length))
    return array("h", total)


@lru_cache(maxsize=128)
def _note(hertz: float, amplitude: int, length: int) -> array[int]:
    """Return one note, swelling and fading along half a cosine."""
    step = 2 * math.pi * hertz / SAMPLE_RATE
    return array("h", (round(amplitude * _envelope(n, length) * _tone(n * step)) for n in range(length)))


def _tone(phase: float) -> float:
    return (math.sin(phase) + _OVERTONE * math.sin(2 * phase)) / (1 + _OVERTONE)


def _envelope(n: int, length: int) -> float:
    attack, release = _samples(_ATTACK_SECONDS), _samples(_RELEASE_SECONDS)
    nearness = min(n / attack, (length - n) / release, 1.0)
    return (1 - math.cos(math.pi * nearness)) / 2

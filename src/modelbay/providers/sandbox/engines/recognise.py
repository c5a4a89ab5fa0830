"""Hear the sandbox's tone code (`tone_code`) in a WAV file."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, cycle
from operator import add, mul

from modelbay.errors import InvokeBadRequestError
from modelbay.providers.sandbox.engines.tone_code import CHIME, CHORD_SECONDS, STANDARD, Voice, unframe
from modelbay.sdk.audio import Wav, read_wav
from modelbay.sdk.audio.loudness import channel_values

__all__ = ["recognise"]

_ENOUGH_HZ = 8000  # more samples per second only cost time: the highest note has 3.3 kHz
_BLOCKS_PER_NOTE = 8  # the chime is looked for in steps of 5 ms
_EDGE = 0.12  # share of a chord left out at both ends, where it swells and fades
_CHIME_PURITY = 0.3  # share of the energy that must be in the chime's note; noise has a few hundredths


def recognise(wav: bytes) -> str:
    """Return the text of a WAV file in tone code, at any volume, sample rate and bit depth.

    Raises:
        ValueError: Not a readable WAV file, nothing in tone code in it, or a phrase of it was damaged.
    """
    try:
        rate, samples = _mono(read_wav(wav))
    except InvokeBadRequestError as error:
        raise ValueError(f"The sandbox understands WAV files only. {error}") from error
    heard = [_phrase(samples, rate, at) for at in _phrase_starts(samples, rate)]
    if not heard:
        raise ValueError("Nothing to understand: the sandbox hears only its own tone code, no human speech.")
    try:
        return b"".join(heard).decode()
    except UnicodeDecodeError:
        raise ValueError("A phrase is missing: the sound was cut in the middle of a character.") from None


def _mono(wav: Wav) -> tuple[int, array[float]]:
    """Return the first channel at about 8 kHz; averaging neighbours is filter enough for pure tones."""
    channel = channel_values(wav.samples, wav.format)
    factor = max(1, wav.format.sample_rate // _ENOUGH_HZ)
    whole = len(channel) // factor * factor
    total: Sequence[float] = channel[:whole:factor]
    for shift in range(1, factor):
        total = list(map(add, total, channel[shift:whole:factor]))
    return wav.format.sample_rate // factor, array("d", total)


def _phrase_starts(samples: array[float], rate: int) -> Iterator[int]:
    """Yield where chimes begin: where the three notes follow each other more purely than anywhere near."""
    scores, step = _chime_scores(samples, rate)
    index = 0
    while index < len(scores):
        if scores[index] < _CHIME_PURITY:
            index += 1
            continue
        near = range(index, min(index + _BLOCKS_PER_NOTE, len(scores)))
        best = max(near, key=scores.__getitem__)
        yield _refined(samples, rate, round(best * step), round(step))
        index = best + len(CHIME) * _BLOCKS_PER_NOTE


def _chime_scores(samples: array[float], rate: int) -> tuple[list[float], float]:
    """Return, for every 5 ms, how purely the chime is heard from there on; and 5 ms in samples."""
    step = rate * CHORD_SECONDS / _BLOCKS_PER_NOTE
    marks = [round(n * step) for n in range(int(len(samples) / step) + 1)]
    energy = _sums(map(mul, samples, samples), marks)
    notes = [_purities(samples, rate, hertz, marks, energy) for hertz in CHIME]
    first, second, third = (note[_BLOCKS_PER_NOTE * n :] for n, note in enumerate(notes))
    return [min(scores) for scores in zip(first, second, third, strict=False)], step


def _sums(products: Iterator[float], marks: Sequence[int]) -> list[float]:
    """Return the running sum at each mark."""
    running = array("d", accumulate(products, initial=0.0))
    return [running[mark] for mark in marks]


def _purities(
    samples: array[float], rate: int, hertz: int, marks: Sequence[int], energy: Sequence[float]
) -> list[float]:
    """Return, for each mark, the share of the next note's energy that is at this frequency (0 to 1)."""
    cosine, sine = _wave(hertz, rate, rate)  # the whole second, after which a whole frequency repeats
    real = _sums(map(mul, samples, cycle(cosine)), marks)
    imaginary = _sums(map(mul, samples, cycle(sine)), marks)
    out = []
    for low in range(len(marks) - _BLOCKS_PER_NOTE):
        high = low + _BLOCKS_PER_NOTE
        power = (real[high] - real[low]) ** 2 + (imaginary[high] - imaginary[low]) ** 2
        whole = (energy[high] - energy[low]) * (marks[high] - marks[low])
        out.append(2 * power / whole if whole > 0 else 0.0)
    return out


def _refined(samples: array[float], rate: int, start: int, reach: int) -> int:
    """Return the chime's beginning near `start`, to about half a millisecond."""
    length = round(rate * CHORD_SECONDS)
    notes = [(n * length, _wave(hertz, rate, length)) for n, hertz in enumerate(CHIME)]

    def heard(at: int) -> float:
        return sum(_power(samples[at + shift : at + shift + length], note) for shift, note in notes)

    places = range(max(0, start - reach), start + reach + 1, max(1, rate // 2000))
    return max(places, key=heard)


def _power(samples: array[float], note: tuple[array[float], array[float]]) -> float:
    cosine, sine = note
    return float(sum(map(mul, samples, cosine)) ** 2 + sum(map(mul, samples, sine)) ** 2)


def _phrase(samples: array[float], rate: int, start: int) -> bytes:
    """Return the payload of the phrase whose chime begins at `start`."""
    at = start + len(CHIME) * CHORD_SECONDS * rate
    voice_byte = _chord(samples, rate, at, STANDARD)
    voice = Voice.from_byte(voice_byte)
    tempo = voice.tempo_ms / 1000 * rate
    at += CHORD_SECONDS * rate
    length = _chord(samples, rate, at, voice)
    chords = [_chord(samples, rate, at + n * tempo, voice) for n in range(1, length + 3)]
    payload = unframe(bytes([voice_byte, length, *chords]))
    if payload is None:
        seconds = start / rate
        raise ValueError(
            f"The phrase at {seconds:.1f} s is damaged: too much noise, or a part of it is missing."
        )
    return payload


def _chord(samples: array[float], rate: int, start: float, voice: Voice) -> int:
    """Return the byte of the chord that begins at `start`: of each voice, the loudest note."""
    length = voice.tempo_ms / 1000 * rate
    middle = samples[round(start + length * _EDGE) : round(start + length * (1 - _EDGE))]
    powers = [_power(middle, note) for note in _notes(voice, rate)]
    return sum(
        max(range(4), key=powers[4 * part : 4 * part + 4].__getitem__) << 2 * part for part in range(4)
    )


@lru_cache(maxsize=16)
def _notes(voice: Voice, rate: int) -> list[tuple[array[float], array[float]]]:
    """Return the waves of the voice's notes, as long as a chord."""
    return [_wave(hertz, rate, round(voice.tempo_ms / 1000 * rate) + 1) for hertz in voice.notes]


@lru_cache(maxsize=64)
def _wave(hertz: float, rate: int, length: int) -> tuple[array[float], array[float]]:
    """Return cosine and sine of a frequency."""
    phases = array("d", (2 * math.pi * hertz / rate * n for n in range(length)))
    return array("d", map(math.cos, phases)), array("d", map(math.sin, phases))

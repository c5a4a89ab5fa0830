"""The samples of a WAV file as numbers, and how loud they are: enough to find a pause, not to measure it."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import add

from modelbay.sdk.audio.wav import ALAW, FLOAT, MULAW, PCM, WavFormat

__all__ = ["amplitudes", "channel_values", "quietest"]

_WIDE = {(PCM, 16): "h", (PCM, 32): "i", (FLOAT, 32): "f", (FLOAT, 64): "d"}
_ENOUGH_PER_SECOND = 8000  # more samples than this do not make a pause easier to find


def channel_values(
    samples: bytes, wav_format: WavFormat, *, channel: int = 0, every: int = 1
) -> Sequence[float]:
    """Return one channel's samples as signed numbers, of every n-th frame, in the scale of their coding."""
    step = every * wav_format.channels
    if wav_format.bits == 8:
        table = _values_of_bytes(wav_format.tag)
        return [table[byte] for byte in samples[channel::step]]
    if wav_format.bits == 24:
        return _upper_two_of_three(samples[3 * channel :], step)
    return _numbers(_WIDE[wav_format.tag, wav_format.bits], samples)[channel::step]


def _numbers(code: str, samples: bytes) -> array[float]:
    """WAV is little-endian, `array` is what the machine is."""
    values: array[float] = array(code, samples)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _upper_two_of_three(samples: bytes, step: int) -> array[float]:
    """Read 24-bit samples as 16-bit ones: the lowest eight bits are far below anything audible."""
    middle, upper = samples[1 :: 3 * step], samples[2 :: 3 * step]
    packed = bytearray(2 * len(upper))
    packed[0::2], packed[1::2] = middle[: len(upper)], upper
    return _numbers("h", bytes(packed))


@lru_cache(maxsize=3)
def _values_of_bytes(tag: int) -> list[int]:
    """Return what each byte of an 8-bit coding stands for (ITU-T G.711 for A-law and µ-law)."""
    if tag == ALAW:
        return [_from_alaw(byte) for byte in range(256)]
    if tag == MULAW:
        return [_from_mulaw(byte) for byte in range(256)]
    return [byte - 128 for byte in range(256)]


def _from_mulaw(byte: int) -> int:
    byte ^= 0xFF
    magnitude = (((byte & 15) << 3) + 0x84 << (byte >> 4 & 7)) - 0x84
    return -magnitude if byte & 0x80 else magnitude


def _from_alaw(byte: int) -> int:
    byte ^= 0x55
    exponent = byte >> 4 & 7
    magnitude = (byte & 15) << 4 | 8
    if exponent:
        magnitude = magnitude + 0x100 << exponent - 1
    return magnitude if byte & 0x80 else -magnitude


def amplitudes(samples: bytes, wav_format: WavFormat) -> tuple[list[float], int]:
    """Return magnitudes of every n-th frame, all channels added, and n."""
    every = max(1, wav_format.sample_rate // _ENOUGH_PER_SECOND)
    total: list[float] = []
    for channel in range(wav_format.channels):
        magnitudes = map(abs, channel_values(samples, wav_format, channel=channel, every=every))
        total = list(map(add, total, magnitudes)) if total else list(magnitudes)
    return total, every


def quietest(levels: Sequence[float], neighbours: int) -> int:
    """Return the index in whose neighbourhood the levels are lowest; of equals, the last."""
    sums = [0.0]
    for level in levels:
        sums.append(sums[-1] + level)
    best, best_mean = len(levels) - 1, float("inf")
    for index in range(len(levels)):
        low, high = max(0, index - neighbours), min(len(levels), index + neighbours + 1)
        mean = (sums[high] - sums[low]) / (high - low)
        if mean <= best_mean:
            best, best_mean = index, mean
    return best

"""Embeddings by hashed words and character n-grams: similar spelling, similar vector. No meaning is known.

Signed feature hashing (Weinberger et al., 2009) with sublinear counts, scaled to length 1.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterator

from modelbay.providers.sandbox.engines.words import normalised, stem, words

__all__ = ["embed"]

_NGRAMS = range(3, 6)
_WORD_WEIGHT = 2.0
_MIX = 0x9E3779B1  # spreads CRC bits that depend on each other (golden ratio)
_RARE_LENGTH = 7  # longer features are rarer and say more; from here on all count fully
_NOTHING = "\0"  # the one feature of a text without words, so that its vector has length 1 too
_COMMON_LIST = "the a an of to in on at and or is are was were be it its this that with for by as i"
_COMMON = frozenset(_COMMON_LIST.split())
_COMMON_STEMS = frozenset(map(stem, _COMMON))
_COMMON_WEIGHT = 0.2


def embed(text: str, *, dimensions: int = 256, seed: int = 0) -> list[float]:
    """Return a vector of length 1. The same text, size and seed always give the same one.

    Raises:
        ValueError: `dimensions` is below 1.
    """
    if dimensions < 1:
        raise ValueError(f"dimensions must be at least 1, not {dimensions}.")
    vector = [0.0] * dimensions
    for feature, weight in _weighted(text):
        mixed = zlib.crc32(feature.encode(), seed & 0xFFFFFFFF) * _MIX & 0xFFFFFFFF
        mixed ^= mixed >> 15
        vector[(mixed >> 1) % dimensions] += weight if mixed & 1 else -weight
    length = math.sqrt(math.fsum(value * value for value in vector))
    if not length:  # features that cancelled each other out exactly
        return [1.0, *vector[1:]]
    return [value / length for value in vector]


def _weighted(text: str) -> Iterator[tuple[str, float]]:
    counts = Counter(_features(text))
    for feature, count in (counts or {_NOTHING: 1}).items():
        yield feature, (1 + math.log(count)) * _weight(feature)


def _weight(feature: str) -> float:
    if not feature.startswith("="):
        return min(len(feature), _RARE_LENGTH) / _RARE_LENGTH / 2
    word = feature[1:]
    return _COMMON_WEIGHT if word in _COMMON_STEMS else _WORD_WEIGHT


def _features(text: str) -> Iterator[str]:
    """Yield words (marked with =) and the character n-grams of each word with its borders."""
    for word in words(text):
        yield f"={word}"
    for word in normalised(text).split():
        if word in _COMMON:
            continue
        bordered = f" {word} "
        for size in _NGRAMS:
            for at in range(len(bordered) - size + 1):
                yield bordered[at : at + size]

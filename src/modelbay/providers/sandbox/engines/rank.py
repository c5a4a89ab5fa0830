"""Rerank by BM25 over the documents given: words in common count, rare ones more. No meaning is known.

Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), with the idf that is never negative.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from modelbay.providers.sandbox.engines.words import words

__all__ = ["rank"]

_K1, _B = 1.5, 0.75
_HALFWAY = 3.0  # the BM25 score that becomes 0.5


def rank(query: str, docs: Sequence[str]) -> list[tuple[int, float]]:
    """Return (index, score) of every document, best first, equals in the order given.

    Scores are 0 (nothing in common) to below 1; they compare only within one answer.
    """
    counts = [Counter(words(doc)) for doc in docs]
    if not counts:
        return []
    mean_length = sum(map(Counter.total, counts)) / len(counts) or 1.0
    weights = {term: _idf(term, counts) for term in dict.fromkeys(words(query))}
    scores = [_squashed(_bm25(weights, count, mean_length)) for count in counts]
    return sorted(enumerate(scores), key=lambda pair: -pair[1])


def _idf(term: str, counts: Sequence[Counter[str]]) -> float:
    having = sum(term in count for count in counts)
    return math.log(1 + (len(counts) - having + 0.5) / (having + 0.5))


def _bm25(weights: dict[str, float], count: Counter[str], mean_length: float) -> float:
    norm = _K1 * (1 - _B + _B * count.total() / mean_length)
    return sum(
        weight * count[term] * (_K1 + 1) / (count[term] + norm)
        for term, weight in weights.items()
        if count[term]
    )


def _squashed(score: float) -> float:
    return score / (score + _HALFWAY)

"""A minute that slides, in buckets of a second: never more than the limit in any 60 s.

What was taken within a second may have been taken at its end, so a bucket counts for 61 s after its start.
`lua/take.lua` says the same to Redis; one property test holds both to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import Final

SPAN: Final = 60  # seconds
_AHEAD: Final = 1  # second that a clock may be set back by without anything being forgotten


def live(buckets: Mapping[int, int], now: float) -> dict[int, int]:
    """Return the buckets that count; none from the future, which a clock that was set back has left."""
    second = floor(now)
    return {at: count for at, count in buckets.items() if second - SPAN <= at <= second + _AHEAD}


def wait_for(buckets: Mapping[int, int], limit: int, amount: int, now: float) -> float | None:
    """Return the seconds until an amount fits beside the buckets that count; None if it never does."""
    if amount > limit:
        return None
    over = sum(buckets.values()) + amount - limit
    for at in sorted(buckets):
        if over <= 0:
            return 0.0
        over -= buckets[at]
        if over <= 0:
            return ceil((at + SPAN + 1 - now) * 1000) / 1000
    return 0.0

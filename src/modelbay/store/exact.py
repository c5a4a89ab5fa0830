"""Sums of money: to the last digit, or an error."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import Final

EXACT: Final = Context(prec=10_000, traps=[Inexact])
_PART: Final = 64 * 1024  # characters


def sum_of(texts: str | None) -> str | None:
    """Return the sum of decimals that have spaces between them, to the last digit; None of none.

    SQLite joins them: a call of Python for each row would take five times as long.
    """
    if texts is None:
        return None
    total, begin = Decimal(0), 0
    while begin < len(texts):  # in parts: as objects a million of them takes a hundred megabytes
        space = texts.find(" ", begin + _PART)
        end = len(texts) if space < 0 else space
        total = reduce(EXACT.add, map(Decimal, texts[begin:end].split(" ")), total)
        begin = end + 1
    return f"{total:f}"

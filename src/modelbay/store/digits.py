"""How many digits exact numbers have: what a column of fixed width must hold."""

from __future__ import annotations

from modelbay.store.database import Database
from modelbay.store.selection import Selection

_EXACT = {
    "calls": ("price", "quantity", "units"),
    "call_totals": ("price", "quantity", "units"),
    "corrections": ("price",),
}


def digits(database: Database, chosen: Selection) -> tuple[int, int]:
    """Return the most digits before and after the point of all exact numbers of chosen calls."""
    before, after = 0, 0
    for table, columns in _EXACT.items():
        values = ", ".join(value for column in columns for value in _lengths(column))
        row = database.rows(
            f"SELECT {values} FROM {table} WHERE {chosen.where()}",  # noqa: S608 - ours
            chosen.parameters(),
        )[0]
        before = max(before, *(int(value or 0) for value in row[::2]))
        after = max(after, *(int(value or 0) - 1 for value in row[1::2]))
    return before, after


def _lengths(column: str) -> tuple[str, str]:
    """Return the length before the point, and that from the point on, which is 0 where there is none."""
    text = f"CAST({column} AS TEXT)"
    rest = f"ltrim({text}, '-0123456789')"
    return f"max(length({text}) - length({rest}))", f"max(length({rest}))"

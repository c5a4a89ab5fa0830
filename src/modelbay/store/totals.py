"""Totals of calls by any dimensions: those in the table, those of which only totals are left, corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from modelbay.store.database import Database
from modelbay.store.selection import MODEL, USED, Selection

_DAY, _HOUR = "days_of(at)", "hours_of(at)"
DIMENSIONS: Final = {
    "day": _DAY,
    "hour": _HOUR,
    "week": _DAY,
    "month": _DAY,
    "provider": "provider",
    "model": MODEL,
    "model_type": "model_type",
    "key": "key_id",
    "member": "member",
    "credential": "credential",
    "surface": "surface",
    "status": "CAST(status AS TEXT)",
    "error": "error",
    "tag": "tag",
    "route": "route",
    "hosted": "hosted",
    "currency": "currency",
}
"""What calls can be grouped by."""
_LABELS: Final = {
    "day": "day_of({} * 86400.0)",
    "hour": "hour_of({} * 3600.0)",
    "week": "week_of({} * 86400.0)",
    "month": "substr(day_of({} * 86400.0), 1, 7)",
}
"""Labels that are made for each group and not for each call. Times are UTC, weeks those of ISO 8601."""
TOKENS: Final = tuple(
    f"{name}_tokens" for name in ("prompt", "completion", "cached", "cache_write", "reasoning")
)
_OF_CALLS = (
    "count(*)",
    "sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END)",
    *(f"sum({name})" for name in TOKENS),
    "exact_sum(price)",
    f"sum(CASE WHEN price IS NULL AND {USED} THEN 1 ELSE 0 END)",
)
_OF_TOTALS = (
    "sum(calls)",
    "sum(errors)",
    *(f"sum({name})" for name in TOKENS),
    "exact_sum(price)",
    "sum(unpriced)",
)
_OF_CORRECTIONS = ("0", "0", *("0" for _ in TOKENS), "exact_sum(price)", "sum(unpriced)")


class Sums(NamedTuple):
    """What the calls of one group, currency and source came to. `price` is exact, as text, or None."""

    labels: tuple[str, ...]
    currency: str
    calls: int
    errors: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    price: str | None
    unpriced: int


def sums(database: Database, chosen: Selection, by: Sequence[str]) -> list[Sums]:
    """Return sums by dimensions: several for a group and currency, which the caller adds up.

    One statement, so that calls of which meanwhile only totals are kept count once. Those belong to the day
    as a whole: to a period if it holds the day's beginning; their hour is the day.
    """
    parts = (
        _part("calls", _OF_CALLS, chosen, by),
        _part("call_totals", _OF_TOTALS, chosen, ["day" if name == "hour" else name for name in by]),
        _part("corrections", _OF_CORRECTIONS, chosen, by),
    )
    rows = database.rows(" UNION ALL ".join(parts), chosen.parameters())
    return [_sums(row, len(by)) for row in rows]


def _part(table: str, values: Sequence[str], chosen: Selection, by: Sequence[str]) -> str:
    named = [f"{DIMENSIONS[name]} AS d{place}" for place, name in enumerate(by)]
    labels = [_LABELS.get(name, "{}").format(f"d{place}") for place, name in enumerate(by)]
    whole = [value if "exact" in value else f"CAST({value} AS BIGINT)" for value in values]
    sums = [f"{value} AS s{place}" for place, value in enumerate(whole)]
    groups = ", ".join(str(place) for place in range(1, len(by) + 2))
    grouped = (
        f"SELECT {', '.join([*named, 'currency', *sums])} FROM {table}"  # noqa: S608 - ours
        f" WHERE {chosen.where()} GROUP BY {groups}"
    )
    columns = ", ".join([*labels, "currency", *(f"s{place}" for place in range(len(sums)))])
    return f"SELECT {columns} FROM ({grouped}) AS {table}_sums"  # noqa: S608 - ours


def _sums(row: Sequence[Any], labels: int) -> Sums:
    return Sums(tuple(map(str, row[:labels])), *row[labels:])

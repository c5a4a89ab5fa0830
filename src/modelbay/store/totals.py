"""Totals of calls by any dimensions: those in the table, those of which only totals are left, corrections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple

from modelbay.store.database import SECONDS, Database
from modelbay.store.selection import USED, Selection


class Dimension(NamedTuple):
    """What calls can be grouped by: what the database groups by, and what a group is called then."""

    columns: tuple[str, ...]
    label: Callable[..., str] = str


@cache
def _time(unit: str, form: str, number: int) -> str:
    return datetime.fromtimestamp(number * SECONDS[unit], UTC).strftime(form)


def _times(unit: str, form: str) -> Dimension:
    return Dimension((f"{unit}_of(at)",), lambda number: _time(unit, form, number))


def _model(provider: str, model: str, asked: str) -> str:
    """Return a model's name; of calls that reached none the one that was asked for."""
    return f"{provider}/{model}" if model else asked


DIMENSIONS: Final = {
    "day": _times("days", "%Y-%m-%d"),
    "hour": _times("hours", "%Y-%m-%dT%H"),
    "week": _times("days", "%G-W%V"),
    "month": _times("days", "%Y-%m"),
    "provider": Dimension(("provider",)),
    "model": Dimension(("provider", "model", "CASE model WHEN '' THEN asked_model ELSE '' END"), _model),
    "model_type": Dimension(("model_type",)),
    "key": Dimension(("key_id",)),
    "member": Dimension(("member",)),
    "credential": Dimension(("credential",)),
    "surface": Dimension(("surface",)),
    "status": Dimension(("status",)),
    "error": Dimension(("error",)),
    "tag": Dimension(("tag",)),
    "route": Dimension(("route",)),
    "hosted": Dimension(("hosted",)),
    "currency": Dimension(("currency",)),
}
"""By name. Times are UTC, weeks those of ISO 8601. Labels are made for each group and not for each call."""
TOKENS: Final = tuple(
    f"{name}_tokens" for name in ("prompt", "completion", "cached", "cache_write", "reasoning")
)
_OF_CALLS = (
    "count(*)",
    "sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END)",
    *(f"sum({name})" for name in TOKENS),
    "exact_parts(price)",
    f"sum(CASE WHEN price IS NULL AND {USED} THEN 1 ELSE 0 END)",
)
_OF_TOTALS = (
    "sum(calls)",
    "sum(errors)",
    *(f"sum({name})" for name in TOKENS),
    "exact_parts(price)",
    "sum(unpriced)",
)
_OF_CORRECTIONS = ("0", "0", *("0" for _ in TOKENS), "exact_parts(price)", "sum(unpriced)")


class Sums(NamedTuple):
    """What the calls of one group, currency and source came to. `sum_of` makes a price of `prices`."""

    labels: tuple[str, ...]
    currency: str
    calls: int
    errors: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    prices: str | None
    unpriced: int


class _Part(NamedTuple):
    """What is summed of one table, and by what."""

    table: str
    values: Sequence[str]
    by: Sequence[Dimension]

    def statement(self, number: int, chosen: Selection) -> str:
        columns = [*(column for each in self.by for column in each.columns), "currency"]
        sums = [value if "exact" in value else f"CAST({value} AS BIGINT)" for value in self.values]
        # Numbers first: they are compared faster than texts.
        groups = sorted(range(len(columns)), key=lambda place: "_of(at)" not in columns[place])
        return (
            f"SELECT {number}, {', '.join([*columns, *sums])} FROM {self.table}"  # noqa: S608 - ours
            f" WHERE {chosen.where()} GROUP BY {', '.join(str(place + 2) for place in groups)}"
        )

    def sums(self, row: Sequence[Any]) -> Sums:
        labels, begin = [], 1
        for each in self.by:
            end = begin + len(each.columns)
            labels.append(each.label(*row[begin:end]))
            begin = end
        return Sums(tuple(labels), *row[begin:])


def sums(database: Database, chosen: Selection, by: Sequence[str]) -> list[Sums]:
    """Return sums by dimensions: several for a group and currency, which the caller adds up.

    One statement, so that calls of which meanwhile only totals are kept count once. Those belong to the day
    as a whole: to a period if it holds the day's beginning; their hour is the day.
    """
    single = [DIMENSIONS[name] for name in by]
    whole = [DIMENSIONS["day" if name == "hour" else name] for name in by]
    parts = (
        _Part("calls", _OF_CALLS, single),
        _Part("call_totals", _OF_TOTALS, whole),
        _Part("corrections", _OF_CORRECTIONS, single),
    )
    statements = [part.statement(number, chosen) for number, part in enumerate(parts)]
    rows = database.rows(" UNION ALL ".join(statements), chosen.parameters())
    return [parts[row[0]].sums(row) for row in rows]

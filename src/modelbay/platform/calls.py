"""Looking at single calls: chosen by what they were, page by page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.refusals import invalid
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database, calls
from modelbay.store.selection import Selection

MOST: Final = 1_000
"""Calls a page."""
_EXACT: Final = ("quantity", "price", "units")
_TRUTHS: Final = ("stream", "estimated")


class Page(NamedTuple):
    """Some calls, the newest first; `after` asks for the next page, "" if there is none."""

    calls: Sequence[CallRecord]
    after: str


def list_calls(database: Database, chosen: Selection, *, after: str = "", limit: int = 100) -> Page:
    """Return the chosen calls, the newest first.

    Calls that come or go meanwhile neither shift the pages nor repeat a call.

    Args:
        after: What the page before says.

    Raises:
        InvokeBadRequestError: `after` or `limit` is none.
    """
    if not 1 <= limit <= MOST:
        raise invalid("limit", f"from 1 to {MOST} calls a page")
    place = _place(after)
    if place is not None:  # else what comes before the page would be read again for each page
        chosen = replace(chosen, until=min(chosen.until, math.nextafter(place[0], math.inf)))
    rows = calls.page(database, chosen, place, limit + 1, newest_first=True)
    shown = [to_record(row) for row in rows[:limit]]
    return Page(shown, f"{shown[-1].at!r}~{shown[-1].id}" if len(rows) > limit else "")


def to_record(row: Mapping[str, Any]) -> CallRecord:
    """Return a row of the table as what was recorded."""
    exact = {name: None if row[name] is None else Decimal(row[name]) for name in _EXACT}
    return CallRecord(**{**row, **exact, **{name: bool(row[name]) for name in _TRUTHS}})


def parse_status(text: str) -> tuple[int, int]:
    """Return the least and the most status that `2xx`, `4xx`, `5xx` or a number such as `429` stands for.

    Raises:
        InvokeBadRequestError: It is none.
    """
    if len(text) == 3 and text[0] in "12345":
        if text[1:].lower() == "xx":
            return int(text[0]) * 100, int(text[0]) * 100 + 99
        if text.isascii() and text.isdigit():
            return int(text), int(text)
    raise invalid("status", f"{text[:40]!r} is none; write a class such as 4xx, or a number such as 429")


def _place(after: str) -> tuple[float, str] | None:
    if not after:
        return None
    at, mark, call = after.partition("~")
    try:
        if not mark:
            raise ValueError
        return float(at), call
    except ValueError:
        raise InvokeBadRequestError(
            "after: it is not what a page before has given", status=422, code="invalid", field="after"
        ) from None

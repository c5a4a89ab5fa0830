"""Queries about calls: keeping them, and their totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from modelbay.store.database import Database

DEFAULTS: Final[Mapping[str, Any]] = {
    "workspace": "default",
    "id": "",
    "at": 0.0,
    "key_id": "",
    "surface": "",
    "model_type": "",
    "asked_model": "",
    "provider": "",
    "model": "",
    "stream": False,
    "status": 200,
    "error": "",
    "attempts": 1,
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "cached_tokens": 0,
    "cache_write_tokens": 0,
    "reasoning_tokens": 0,
    "quantity": None,
    "meter": "",
    "price": None,
    "currency": "USD",
    "estimated": False,
    "latency": 0.0,
    "first_token": None,
    "tag": "",
    "member": "",
    "credential": "",
    "credential_name": "",
    "hosted": "",
    "units": None,
    "unit_prices": "",
    "price_version": "",
    "route": "",
    "tried": "",
}
"""The columns, and what one holds that a journal of another release does not have."""
COLUMNS: Final = tuple(DEFAULTS)

AT_ONCE: Final = 25
"""Rows a statement. With one each, a busy event loop would keep the thread waiting for the interpreter at
every row. With many, the thread would keep the event loop waiting: a row takes 5 µs of the processor, and a
thread that does not rest is given 4 ms at a time where there is one processor for both."""
_DIMENSIONS = {  # what `by` may be: the label of a group
    "model": "CASE model WHEN '' THEN asked_model ELSE provider || '/' || model END",
    "provider": "provider",
    "key": "key_id",
    "day": "day_of(at)",
}
_USED = "(status < 400 OR prompt_tokens + completion_tokens > 0 OR quantity IS NOT NULL)"
_SUMS = ", ".join(
    (
        "count(*)",
        "sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END)",
        *(f"CAST(sum({name}_tokens) AS BIGINT)" for name in ("prompt", "completion", "cached", "reasoning")),
        "exact_sum(price)",
        f"sum(CASE WHEN price IS NULL AND {_USED} THEN 1 ELSE 0 END)",
    )
)


class Total(NamedTuple):
    """What the calls of one group and currency came to. `price` is exact, as text; None if none is known.

    `unpriced` are the calls that used something whose price is not known.
    """

    label: str
    currency: str
    calls: int
    errors: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    price: str | None
    unpriced: int


def insert(database: Database, rows: Sequence[Sequence[Any]]) -> None:
    """Keep at most AT_ONCE calls, given in the order of COLUMNS; one that is there already stays as it is."""
    database.keep("calls", COLUMNS, rows)


def touch_keys(database: Database, last: Mapping[tuple[str, str], float]) -> None:
    """Note when keys were last used: times by workspace and key."""
    for (workspace, key_id), at in sorted(last.items()):  # in one order, or two of us wait for one another
        database.change(
            "UPDATE keys SET last_used = :at WHERE workspace = :workspace AND id = :id"
            " AND (last_used IS NULL OR last_used < :at)",
            {"at": at, "workspace": workspace, "id": key_id},
        )


def totals(database: Database, workspace: str, *, since: float, by: str) -> list[Total]:
    """Return the totals of a workspace's calls since a time, by `model`, `provider`, `key` or `day`."""
    label = _DIMENSIONS[by]
    rows = database.rows(
        f"SELECT {label}, currency, {_SUMS} FROM calls"  # noqa: S608 - all ours
        " WHERE workspace = :workspace AND at >= :since GROUP BY 1, 2",
        {"workspace": workspace, "since": since},
    )
    # Here, since each database has an order of its own for letters.
    return [Total(*row) for row in sorted(rows, key=itemgetter(0, 1))]


class SpentSince(NamedTuple):
    """What calls of one key, member and model came to in a currency.

    `priced` are those that cost something, `unpriced` those that used something whose price is not known.
    """

    key: str
    member: str
    provider: str
    model: str
    currency: str
    price: str | None
    priced: int
    unpriced: int


def spent_since(database: Database, workspace: str, since: float) -> list[SpentSince]:
    """Return what the calls of a workspace have cost since a time."""
    rows = database.rows(
        "SELECT key_id, member, provider, model, currency, exact_sum(price),"  # noqa: S608 - all ours
        f" sum(CASE WHEN price IS NOT NULL AND CAST(price AS FLOAT) <> 0 AND {_USED} THEN 1 ELSE 0 END),"
        f" sum(CASE WHEN price IS NULL AND {_USED} THEN 1 ELSE 0 END)"
        " FROM calls WHERE workspace = :workspace AND at >= :since GROUP BY 1, 2, 3, 4, 5",
        {"workspace": workspace, "since": since},
    )
    return [SpentSince(*row) for row in rows]


def units_since(database: Database, workspace: str, provider: str, hosted: str, since: float) -> str | None:
    """Return what a hosted quota was charged for calls since a time; None if nothing."""
    rows = database.rows(
        "SELECT exact_sum(units) FROM calls"
        " WHERE workspace = :workspace AND at >= :since AND provider = :provider AND hosted = :hosted",
        {"workspace": workspace, "since": since, "provider": provider, "hosted": hosted},
    )
    return rows[0][0] if rows else None


def folded(database: Database, folder: str) -> dict[str, int]:
    """Return how many bytes of each journal of a folder are in the table."""
    rows = database.rows(
        "SELECT name, folded FROM journals WHERE substr(name, 1, :length) = :folder",
        {"length": len(folder), "folder": folder},
    )
    return {str(name)[len(folder) :]: int(size) for name, size in rows}


def folded_of(database: Database, folder: str, journal: str) -> int:
    """Return how many bytes of a journal are in the table."""
    rows = database.rows("SELECT folded FROM journals WHERE name = :name", {"name": folder + journal})
    return int(rows[0][0]) if rows else 0


def fold_to(database: Database, folder: str, journal: str, size: int) -> None:
    """Note how far a journal is in the table; in the transaction that inserts its calls."""
    database.change(
        "INSERT INTO journals (name, folded) VALUES (:name, :size)"
        " ON CONFLICT (name) DO UPDATE SET folded = excluded.folded",
        {"name": folder + journal, "size": size},
    )


def forget_journal(database: Database, folder: str, journal: str) -> None:
    """Forget how far a journal was folded that is no more."""
    database.change("DELETE FROM journals WHERE name = :name", {"name": folder + journal})

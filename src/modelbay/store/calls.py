"""Queries about calls: keeping and reading them, and how far journals are folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from modelbay.store.database import Database
from modelbay.store.selection import FAR, USED, Selection

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
_NAMES = ", ".join(COLUMNS)


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


def one(database: Database, workspace: str, call: str) -> dict[str, Any] | None:
    """Return a call by its id; None if there is none."""
    rows = database.rows(
        f"SELECT {_NAMES} FROM calls WHERE workspace = :workspace AND id = :id",  # noqa: S608 - ours
        {"workspace": workspace, "id": call},
    )
    return dict(zip(COLUMNS, rows[0], strict=True)) if rows else None


def page(
    database: Database,
    chosen: Selection,
    behind: tuple[float, str] | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> list[dict[str, Any]]:
    """Return calls in order of time, from behind the `at` and `id` of one."""
    sign, order = ("<", "DESC") if newest_first else (">", "ASC")
    on = "" if behind is None else f" AND (at {sign} :place OR (at = :place AND id {sign} :id))"
    place = {} if behind is None else {"place": behind[0], "id": behind[1]}
    rows = database.rows(
        f"SELECT {_NAMES} FROM calls WHERE {chosen.where()}{on}"  # noqa: S608 - ours
        f" ORDER BY at {order}, id {order} LIMIT :limit",
        {**chosen.parameters(), "limit": limit, **place},
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


class SpentSince(NamedTuple):
    """What calls of one key, member and model came to in a currency, with their corrections.

    `priced` are those that cost something, `unpriced` those that used something whose price is not known. A
    correction that gives a call its first price takes it from `unpriced` to `priced`, each of its currency.
    """

    key: str
    member: str
    provider: str
    model: str
    currency: str
    price: str | None
    priced: int
    unpriced: int


def spent_since(database: Database, workspace: str, since: float, until: float = FAR) -> list[SpentSince]:
    """Return what the calls of a workspace have cost from a time until before another.

    Days are included that only have totals.
    """
    group = "key_id, member, provider, model, currency, price"
    costs = "price IS NOT NULL AND CAST(price AS FLOAT) <> 0"
    where = "WHERE workspace = :workspace AND at >= :since AND at < :until"
    rows = database.rows(
        "SELECT key_id, member, provider, model, currency, exact_sum(price),"  # noqa: S608 - all ours
        " CAST(sum(priced) AS BIGINT), CAST(sum(unpriced) AS BIGINT) FROM ("
        f"SELECT {group}, CASE WHEN {costs} AND {USED} THEN 1 ELSE 0 END AS priced,"
        f" CASE WHEN price IS NULL AND {USED} THEN 1 ELSE 0 END AS unpriced FROM calls {where} UNION ALL "
        f"SELECT {group}, CASE WHEN {costs} THEN calls - unpriced ELSE 0 END AS priced, unpriced"
        f" FROM call_totals {where} UNION ALL "
        f"SELECT {group}, CASE WHEN {costs} THEN -unpriced ELSE 0 END AS priced, unpriced"
        f" FROM corrections {where}) AS parts GROUP BY 1, 2, 3, 4, 5",
        {"workspace": workspace, "since": since, "until": until},
    )
    return [SpentSince(*row) for row in rows]


def units_since(
    database: Database, workspace: str, provider: str, hosted: str, since: float, until: float = FAR
) -> str | None:
    """Return what a hosted quota was charged for calls from a time until before another; None if nothing."""
    where = (
        "WHERE workspace = :workspace AND at >= :since AND at < :until"
        " AND provider = :provider AND hosted = :hosted"
    )
    rows = database.rows(
        f"SELECT exact_sum(units) FROM (SELECT units FROM calls {where}"  # noqa: S608 - all ours
        f" UNION ALL SELECT units FROM call_totals {where}) AS parts",
        {"workspace": workspace, "since": since, "until": until, "provider": provider, "hosted": hosted},
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

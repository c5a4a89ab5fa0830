"""Queries about calls that are kept no longer: how long that is, and the daily totals that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from modelbay.store.calls import COLUMNS as CALL_COLUMNS
from modelbay.store.corrections import FACTS
from modelbay.store.database import Database
from modelbay.store.selection import Selection
from modelbay.store.totals import TOKENS

COUNTS: Final = ("calls", "errors", *TOKENS, "unpriced")
EXACT_SUMS: Final = ("quantity", "units", "price")
COLUMNS: Final = ("workspace", "id", "at", *FACTS, "calls", "errors", *TOKENS, *EXACT_SUMS, "unpriced")
_NAMES = ", ".join(COLUMNS)
_CALL = ", ".join(CALL_COLUMNS)
_KEEPS: Final = "SELECT workspace, keep, version FROM retention"


class Keep(NamedTuple):
    """How long a workspace keeps single calls, in seconds."""

    workspace: str
    seconds: float
    version: int


def all_keeps(database: Database) -> list[Keep]:
    """Return what every workspace has said that has said something."""
    return [Keep(*row) for row in database.rows(_KEEPS)]


def keep_of(database: Database, workspace: str) -> Keep | None:
    """Return what a workspace has said; None if it keeps calls for good."""
    rows = database.rows(f"{_KEEPS} WHERE workspace = :workspace", {"workspace": workspace})
    return Keep(*rows[0]) if rows else None


def set_keep(database: Database, workspace: str, seconds: float) -> None:
    """Keep single calls of a workspace for so long."""
    database.change(
        "INSERT INTO retention (workspace, keep, version) VALUES (:workspace, :keep, 1)"
        " ON CONFLICT (workspace) DO UPDATE SET keep = excluded.keep, version = retention.version + 1",
        {"workspace": workspace, "keep": seconds},
    )


def forget_keep(database: Database, workspace: str) -> int:
    """Keep the calls of a workspace for good."""
    return database.change("DELETE FROM retention WHERE workspace = :workspace", {"workspace": workspace})


def has_calls(database: Database, workspace: str, before: float) -> bool:
    """Whether a workspace has calls from before a time."""
    rows = database.rows(
        "SELECT 1 FROM calls WHERE workspace = :workspace AND at < :before LIMIT 1",
        {"workspace": workspace, "before": before},
    )
    return bool(rows)


def take_calls(database: Database, workspace: str, before: float, limit: int) -> list[dict[str, Any]]:
    """Remove some calls from before a time and return them: exactly those that are gone."""
    oldest = "SELECT id FROM calls WHERE workspace = :workspace AND at < :before ORDER BY at, id LIMIT :limit"
    rows = database.rows(
        f"DELETE FROM calls WHERE workspace = :workspace AND id IN ({oldest}) RETURNING {_CALL}",  # noqa: S608
        {"workspace": workspace, "before": before, "limit": limit},
    )
    return [dict(zip(CALL_COLUMNS, row, strict=True)) for row in rows]


def take_totals(database: Database, workspace: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Remove daily totals and return them, for others to take their place; inside a transaction."""
    names = ", ".join(f":id_{place}" for place in range(len(ids)))
    rows = database.rows(
        f"DELETE FROM call_totals WHERE workspace = :workspace AND id IN ({names}) RETURNING {_NAMES}",  # noqa: S608
        {"workspace": workspace, **{f"id_{place}": each for place, each in enumerate(ids)}},
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def insert_totals(database: Database, totals: Sequence[Mapping[str, Any]]) -> None:
    """Keep daily totals."""
    database.keep("call_totals", COLUMNS, [[total[name] for name in COLUMNS] for total in totals])


def page(database: Database, chosen: Selection, after: tuple[float, str], limit: int) -> list[dict[str, Any]]:
    """Return daily totals in order of time, from behind the `at` and `id` of one."""
    rows = database.rows(
        f"SELECT {_NAMES} FROM call_totals WHERE {chosen.where()}"  # noqa: S608 - ours
        " AND (at > :after OR (at = :after AND id > :id)) ORDER BY at, id LIMIT :limit",
        {**chosen.parameters(), "after": after[0], "id": after[1], "limit": limit},
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

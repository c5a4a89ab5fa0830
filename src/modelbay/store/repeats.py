"""Queries about answers that are kept, so that a request that is sent again is not done again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from modelbay.store.database import Database

_OF: Final = "caller = :caller AND name = :name"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatRow:
    """A request under an `Idempotency-Key`, of which only hashes are kept.

    `answer` is None while the request runs, or if it was cut off; one that is `sealed` the vault has to open.
    """

    caller: str
    name: bytes
    workspace: str
    request: bytes
    created: float
    answer: str | None = None
    sealed: bool = False


def insert(database: Database, row: RepeatRow) -> int:
    """Keep a request that begins; return 0 if its name is taken."""
    return database.change(
        "INSERT INTO repeats (caller, name, workspace, request, created, answer, sealed)"
        " VALUES (:caller, :name, :workspace, :request, :created, :answer, :sealed)"
        " ON CONFLICT (caller, name) DO NOTHING",
        {name: getattr(row, name) for name in RepeatRow.__slots__},
    )


def get(database: Database, caller: str, name: bytes) -> RepeatRow | None:
    """Return a request; None if there is none."""
    rows = database.rows(
        f"SELECT caller, name, workspace, request, created, answer, sealed FROM repeats WHERE {_OF}",  # noqa: S608
        {"caller": caller, "name": name},
    )
    if not rows:
        return None
    named = dict(zip(RepeatRow.__slots__, rows[0], strict=True))
    return RepeatRow(**named | {"sealed": bool(named["sealed"])})


def finish(database: Database, caller: str, name: bytes, answer: str, *, sealed: bool) -> None:
    """Keep the answer of a request."""
    database.change(
        f"UPDATE repeats SET answer = :answer, sealed = :sealed WHERE {_OF}",  # noqa: S608 - ours
        {"answer": answer, "sealed": sealed, "caller": caller, "name": name},
    )


def delete(database: Database, caller: str, name: bytes) -> None:
    """Forget a request: it changed nothing."""
    database.change(f"DELETE FROM repeats WHERE {_OF}", {"caller": caller, "name": name})  # noqa: S608 - ours


def sweep(database: Database, *, before: float) -> None:
    """Forget what was asked before a time."""
    database.change("DELETE FROM repeats WHERE created < :before", {"before": before})


def forget_oldest(database: Database, caller: str, *, most: int) -> None:
    """Keep the newest requests of a caller only."""
    database.change(
        "DELETE FROM repeats WHERE caller = :caller AND name NOT IN"
        " (SELECT name FROM repeats WHERE caller = :caller ORDER BY created DESC, name LIMIT :most)",
        {"caller": caller, "most": most},
    )


def count(database: Database, caller: str) -> int:
    """Return how many requests of a caller are kept."""
    return int(database.rows("SELECT count(*) FROM repeats WHERE caller = :caller", {"caller": caller})[0][0])

"""Queries about what was spent of a limit, and what calls under way hold of it.

A limit has a name within its workspace, and what is spent is counted by the start of its period. Exact
numbers are added here and not in SQL, under a lock: SQLite has no decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from modelbay.store.database import EXACT, Database

FOLDING: Final = "fold"
"""The lock of those who add to what was spent: of the fold, and of who begins to count."""
_HOLDS: Final = ("workspace", "name", "call", "period", "amount", "holder")
_OF: Final = "workspace = :workspace AND name = :name AND period = :period"


class Place(NamedTuple):
    """A limit in one of its periods."""

    workspace: str
    name: str
    period: float


class HoldRow(NamedTuple):
    """What a call may spend of a limit at most, until it is in the ledger."""

    workspace: str
    name: str
    call: str
    period: float
    amount: Decimal
    holder: str


class Balance(NamedTuple):
    """What was spent of a limit, and what is held beside."""

    used: Decimal
    held: Decimal

    @property
    def taken(self) -> Decimal:
        """What nobody else can have."""
        return EXACT.add(self.used, self.held)


def balance(database: Database, place: Place) -> Balance | None:
    """Return what is taken of a limit, both as at one moment; None if nobody has begun to count."""
    rows = database.rows(
        f"SELECT used, (SELECT exact_sum(amount) FROM holds WHERE {_OF}) FROM spent WHERE {_OF}",  # noqa: S608
        place._asdict(),
    )
    return Balance(*(Decimal(amount or 0) for amount in rows[0])) if rows else None


def begin(database: Database, place: Place, used: Decimal) -> None:
    """Begin to count with what was spent before; under the lock FOLDING."""
    database.change(
        "INSERT INTO spent (workspace, name, period, used) VALUES (:workspace, :name, :period, :used)"
        " ON CONFLICT DO NOTHING",
        place._asdict() | {"used": f"{used:f}"},
    )


def add(database: Database, place: Place, amount: Decimal) -> None:
    """Add to what was spent, if somebody has begun to count; under the lock FOLDING."""
    rows = database.rows(f"SELECT used FROM spent WHERE {_OF}", place._asdict())  # noqa: S608
    if rows:
        used = EXACT.add(Decimal(rows[0][0]), amount)
        database.change(
            f"UPDATE spent SET used = :used WHERE {_OF}",  # noqa: S608
            place._asdict() | {"used": f"{used:f}"},
        )


def keep_holds(database: Database, rows: Sequence[HoldRow]) -> None:
    """Keep what calls hold."""
    if rows:
        database.keep("holds", _HOLDS, [[*row[:4], f"{row.amount:f}", row.holder] for row in rows])


def change_hold(database: Database, row: HoldRow) -> None:
    """Hold another amount, if the call is not yet in the ledger."""
    database.change(
        "UPDATE holds SET amount = :amount WHERE workspace = :workspace AND name = :name AND call = :call",
        {"amount": f"{row.amount:f}", "workspace": row.workspace, "name": row.name, "call": row.call},
    )


def drop_holds(database: Database, workspace: str, calls: Sequence[str]) -> None:
    """Let go of what calls hold."""
    parameters: dict[str, Any] = {f"c{place}": call for place, call in enumerate(calls)}
    names = ", ".join(f":{name}" for name in parameters)
    if parameters:
        database.change(
            f"DELETE FROM holds WHERE workspace = :workspace AND call IN ({names})",  # noqa: S608
            parameters | {"workspace": workspace},
        )


def in_ledger(database: Database, workspace: str, calls: Sequence[str]) -> set[str]:
    """Return which calls the ledger has."""
    parameters: dict[str, Any] = {f"c{place}": call for place, call in enumerate(calls)}
    names = ", ".join(f":{name}" for name in parameters)
    rows = database.rows(
        f"SELECT id FROM calls WHERE workspace = :workspace AND id IN ({names})",  # noqa: S608
        parameters | {"workspace": workspace},
    )
    return {str(row[0]) for row in rows}


# who holds


def beat(database: Database, holder: str, home: str) -> None:
    """Say that a process lives."""
    database.change(
        "INSERT INTO holders (id, home, beat) VALUES (:id, :home, 1)"
        " ON CONFLICT (id) DO UPDATE SET beat = holders.beat + 1",
        {"id": holder, "home": home},
    )


def holders(database: Database) -> Mapping[str, tuple[str, int]]:
    """Return the processes that may hold something: where they are at home, and their beat."""
    rows = database.rows("SELECT id, home, beat FROM holders")
    return {str(holder): (str(home), int(number)) for holder, home, number in rows}


def release(database: Database, holder: str, seen: int | None = None) -> int:
    """Let go of all that a process holds; return 0 if it has given a sign since the beat that was `seen`."""
    still = "" if seen is None else " AND beat = :beat"
    gone = database.change(
        f"DELETE FROM holders WHERE id = :id{still}",  # noqa: S608
        {"id": holder} | ({} if seen is None else {"beat": seen}),
    )
    if gone:
        database.change("DELETE FROM holds WHERE holder = :id", {"id": holder})
    return gone


def is_held(database: Database, holder: str) -> bool:
    """Whether a process holds anything."""
    return bool(database.rows("SELECT 1 FROM holds WHERE holder = :id LIMIT 1", {"id": holder}))

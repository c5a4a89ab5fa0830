"""Queries about what was spent of a limit, and what calls under way hold of it.

A limit has a name within its workspace, and what is spent is counted by the start of its period. Exact
numbers are added here and not in SQL, under a lock: SQLite has no decimals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from modelbay.store.database import Database
from modelbay.store.exact import EXACT

FOLDING: Final = "fold"
"""The lock of those who add to what was spent: of the fold, and of who begins to count."""
_HOLDS: Final = ("workspace", "name", "call", "period", "amount", "holder")
_ROWS: Final = 1_000  # that a statement inserts, each with six parameters
_CALLS: Final = 100  # that a statement names
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


def begun(database: Database, workspace: str, name: str) -> list[Place]:
    """Return where somebody has begun to count a limit."""
    rows = database.rows(
        "SELECT period FROM spent WHERE workspace = :workspace AND name = :name ORDER BY period",
        {"workspace": workspace, "name": name},
    )
    return [Place(workspace, name, float(period)) for (period,) in rows]


def add(database: Database, place: Place, amount: Decimal) -> None:
    """Add to what was spent, which may be less afterwards; under the lock FOLDING.

    Nothing happens where nobody has begun to count: who begins finds it in the ledger.
    """
    rows = database.rows(f"SELECT used FROM spent WHERE {_OF}", place._asdict())  # noqa: S608
    if rows:
        put(database, place, EXACT.add(Decimal(rows[0][0]), amount))


def put(database: Database, place: Place, used: Decimal) -> None:
    """Say what was spent, where somebody has begun to count; under the lock FOLDING."""
    database.change(
        f"UPDATE spent SET used = :used WHERE {_OF}",  # noqa: S608
        place._asdict() | {"used": f"{used:f}"},
    )


def forget(database: Database, workspace: str, name: str) -> None:
    """Forget what was spent and held of a limit: inside a transaction.

    Tables and rows are taken in the order of the fold: it would wait for us, and we for it.
    """
    parameters = {"workspace": workspace, "name": name}
    found = "workspace = :workspace AND name = :name"
    _claim(database, found, parameters)
    database.change(f"DELETE FROM holds WHERE {found}", parameters)  # noqa: S608
    if database.dialect == "postgresql":
        database.rows(f"SELECT 1 FROM spent WHERE {found} ORDER BY period FOR UPDATE", parameters)  # noqa: S608
    database.change(f"DELETE FROM spent WHERE {found}", parameters)  # noqa: S608


def keep_holds(database: Database, rows: Sequence[HoldRow]) -> None:
    """Keep what calls hold."""
    for begin in range(0, len(rows), _ROWS):
        part = rows[begin : begin + _ROWS]
        database.keep("holds", _HOLDS, [[*row[:4], f"{row.amount:f}", row.holder] for row in part])


def change_hold(database: Database, row: HoldRow) -> None:
    """Hold another amount, if the call is not yet in the ledger."""
    database.change(
        "UPDATE holds SET amount = :amount WHERE workspace = :workspace AND name = :name AND call = :call",
        {"amount": f"{row.amount:f}", "workspace": row.workspace, "name": row.name, "call": row.call},
    )


def claim(database: Database, workspace: str, calls: Sequence[str]) -> None:
    """Lock what calls hold, before some of it is changed: inside a transaction.

    Calls that end are changed by who settles them and by the fold. Each takes the rows in one order, or they
    would wait for one another.
    """
    for found, parameters in _of_calls(workspace, calls):
        _claim(database, found, parameters)


def drop_holds(database: Database, workspace: str, calls: Sequence[str]) -> None:
    """Let go of what calls hold."""
    for found, parameters in _of_calls(workspace, calls):
        database.change(f"DELETE FROM holds WHERE {found}", parameters)  # noqa: S608


def in_ledger(database: Database, workspace: str, calls: Sequence[str]) -> set[str]:
    """Return which calls the ledger has."""
    return {
        str(call)
        for found, parameters in _of_calls(workspace, calls, "id")
        for (call,) in database.rows(f"SELECT id FROM calls WHERE {found}", parameters)  # noqa: S608
    }


# who holds


def beat(database: Database, holder: str, home: str, number: int) -> None:
    """Say that a process lives: with a number that it has not given before."""
    database.change(
        "INSERT INTO holders (id, home, beat) VALUES (:id, :home, :beat)"
        " ON CONFLICT (id) DO UPDATE SET beat = excluded.beat",
        {"id": holder, "home": home, "beat": number},
    )


def beat_again(database: Database, holder: str, number: int) -> None:
    """Say that a process still lives, if it may hold something."""
    database.change("UPDATE holders SET beat = :beat WHERE id = :id", {"id": holder, "beat": number})


def holders(database: Database) -> Mapping[str, tuple[str, int]]:
    """Return the processes that may hold something: where they are at home, and their beat."""
    rows = database.rows("SELECT id, home, beat FROM holders")
    return {str(holder): (str(home), int(number)) for holder, home, number in rows}


def release(database: Database, holder: str, seen: int | None = None) -> int:
    """Let go of all that a process holds; return 0 if it has given a sign since the beat that was `seen`."""
    still = "" if seen is None else " AND beat = :beat"
    _claim(database, "holder = :id", {"id": holder})
    gone = database.change(
        f"DELETE FROM holders WHERE id = :id{still}",  # noqa: S608
        {"id": holder} | ({} if seen is None else {"beat": seen}),
    )
    if gone:
        database.change("DELETE FROM holds WHERE holder = :id", {"id": holder})
    return gone


def held_by(database: Database, holder: str) -> set[tuple[str, str]]:
    """Return the calls for which a process holds something, each with its workspace."""
    rows = database.rows("SELECT DISTINCT workspace, call FROM holds WHERE holder = :id", {"id": holder})
    return {(str(workspace), str(call)) for workspace, call in rows}


def _of_calls(
    workspace: str, calls: Sequence[str], column: str = "call"
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield conditions that name calls, in their order, and the parameters of each."""
    named = sorted(calls)
    for begin in range(0, len(named), _CALLS):
        parameters: dict[str, Any] = {
            f"c{place}": call for place, call in enumerate(named[begin : begin + _CALLS])
        }
        names = ", ".join(f":{name}" for name in parameters)
        yield f"workspace = :workspace AND {column} IN ({names})", parameters | {"workspace": workspace}


def _claim(database: Database, found: str, parameters: Mapping[str, Any]) -> None:
    if database.dialect == "postgresql":  # SQLite has one lock for all
        order = ", ".join(f'{name} COLLATE "C"' for name in ("workspace", "call", "name"))
        database.rows(f"SELECT 1 FROM holds WHERE {found} ORDER BY {order} FOR UPDATE", parameters)  # noqa: S608

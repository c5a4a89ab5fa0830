"""Queries about balances: which credentials share the calls of a model, or of all models of a provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from modelbay.store.credentials import Place
from modelbay.store.database import Database

ACTIVE: Final = "active"
"""The entry that stands for whichever credentials are active; ids of stored ones begin with `cred_`."""
_OF = "workspace = :workspace AND provider = :provider AND model = :model AND model_type = :model_type"


class BalanceEntryRow(NamedTuple):
    """Credentials that take part. `name` is what they were called when the list was saved."""

    credential: str
    name: str
    weight: int = 1
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """Who shares the calls of a place, in the order in which people have put them."""

    place: Place
    strategy: str
    entries: tuple[BalanceEntryRow, ...]
    updated: float = 0.0
    version: int = 1


def of_workspace(database: Database, workspace: str) -> list[BalanceRow]:
    """Return the balances of a workspace, by provider and model."""
    return _select(database, "workspace = :workspace", {"workspace": workspace})


def one(database: Database, place: Place) -> BalanceRow | None:
    """Return the balance of a place; None if there is none."""
    return next(iter(_select(database, _OF, place._asdict())), None)


def put(database: Database, row: BalanceRow) -> None:
    """Keep a balance instead of what was there; while held by `credentials.changing`, as for all changes."""
    place = row.place._asdict()
    database.change(
        "INSERT INTO balances (workspace, provider, model, model_type, strategy, updated, version)"
        " VALUES (:workspace, :provider, :model, :model_type, :strategy, :updated, 1)"
        " ON CONFLICT (workspace, provider, model, model_type) DO UPDATE SET strategy = excluded.strategy,"
        " updated = excluded.updated, version = balances.version + 1",
        place | {"strategy": row.strategy, "updated": row.updated},
    )
    database.change(f"DELETE FROM balance_entries WHERE {_OF}", place)  # noqa: S608 - ours
    for number, entry in enumerate(row.entries):
        database.change(
            "INSERT INTO balance_entries (workspace, provider, model, model_type, place, credential, name,"
            " weight, enabled) VALUES (:workspace, :provider, :model, :model_type, :place, :credential,"
            " :name, :weight, :enabled)",
            place | entry._asdict() | {"place": number},
        )


def rename_credential(database: Database, workspace: str, old: str, new: str) -> None:
    """Have the balances of a workspace name other credentials, but not twice."""
    if old == new:
        return
    same = ("workspace", "provider", "model", "model_type")
    twice = " AND ".join(f"other.{name} = balance_entries.{name}" for name in same)
    database.change(
        "UPDATE balance_entries SET credential = :new WHERE workspace = :workspace AND credential = :old"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM balance_entries other WHERE {twice} AND other.credential = :new)",
        {"workspace": workspace, "old": old, "new": new},
    )


def delete(database: Database, place: Place) -> int:
    """Forget the balance of a place; return 0 if there was none."""
    database.change(f"DELETE FROM balance_entries WHERE {_OF}", place._asdict())  # noqa: S608 - ours
    return database.change(f"DELETE FROM balances WHERE {_OF}", place._asdict())  # noqa: S608 - ours


def _select(database: Database, where: str, parameters: dict[str, str]) -> list[BalanceRow]:
    entries: dict[Place, list[BalanceEntryRow]] = {}
    for row in database.rows(
        "SELECT workspace, provider, model, model_type, credential, name, weight, enabled"  # noqa: S608 - ours
        f" FROM balance_entries WHERE {where} ORDER BY place",
        parameters,
    ):
        entry = BalanceEntryRow(row[4], row[5], int(row[6]), bool(row[7]))
        entries.setdefault(Place(*row[:4]), []).append(entry)
    rows: Sequence[Sequence[object]] = database.rows(
        "SELECT workspace, provider, model, model_type, strategy, updated, version FROM balances"  # noqa: S608
        f" WHERE {where} ORDER BY provider, model, model_type",
        parameters,
    )
    return [_row(row, entries) for row in rows]


def _row(row: Sequence[object], entries: dict[Place, list[BalanceEntryRow]]) -> BalanceRow:
    place = Place(*map(str, row[:4]))
    return BalanceRow(
        place=place,
        strategy=str(row[4]),
        entries=tuple(entries.get(place, ())),
        updated=float(row[5]),  # type: ignore[arg-type]
        version=int(row[6]),  # type: ignore[call-overload]
    )

"""Queries about routes: names of a workspace for models in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from modelbay.store.database import Database

_OF = "workspace = :workspace AND name = :name"


class RouteEntryRow(NamedTuple):
    """A model of a route. `goes_on` are the classes of errors after which the next one is tried."""

    provider: str
    model: str
    weight: int
    timeout: float | None
    goes_on: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRow:
    """A route as it is stored."""

    workspace: str
    name: str
    model_type: str
    strategy: str
    entries: tuple[RouteEntryRow, ...]
    created: float
    updated: float
    version: int = 1


def of_workspace(database: Database, workspace: str) -> list[RouteRow]:
    """Return the routes of a workspace."""
    return sorted(
        _select(database, "workspace = :workspace", {"workspace": workspace}), key=lambda row: row.name
    )


def one(database: Database, workspace: str, name: str) -> RouteRow | None:
    """Return a route; None if there is none of that name."""
    return next(iter(_select(database, _OF, {"workspace": workspace, "name": name})), None)


def insert(database: Database, row: RouteRow) -> bool:
    """Keep a route; False if its name is taken. While held by `credentials.changing`, as for all changes."""
    made = database.change(
        "INSERT INTO routes (workspace, name, model_type, strategy, created, updated, version)"
        " VALUES (:workspace, :name, :model_type, :strategy, :created, :updated, 1) ON CONFLICT DO NOTHING",
        _values(row) | {"created": row.created},
    )
    if made:
        _put_entries(database, row)
    return bool(made)


def update(database: Database, row: RouteRow) -> int:
    """Keep a changed route if it still has the version of `row`; return 0 if it has not."""
    changed = database.change(
        "UPDATE routes SET model_type = :model_type, strategy = :strategy, updated = :updated,"  # noqa: S608
        f" version = version + 1 WHERE {_OF} AND version = :version",
        _values(row) | {"version": row.version},
    )
    if changed:
        _put_entries(database, row)
    return changed


def delete(database: Database, workspace: str, name: str) -> int:
    """Forget a route; return 0 if there was none."""
    found = {"workspace": workspace, "name": name}
    _delete_entries(database, found)
    return database.change(f"DELETE FROM routes WHERE {_OF}", found)  # noqa: S608 - ours


def _values(row: RouteRow) -> dict[str, Any]:
    return {
        "workspace": row.workspace,
        "name": row.name,
        "model_type": row.model_type,
        "strategy": row.strategy,
        "updated": row.updated,
    }


def _put_entries(database: Database, row: RouteRow) -> None:
    found = {"workspace": row.workspace, "name": row.name}
    _delete_entries(database, found)
    for number, entry in enumerate(row.entries):
        database.change(
            "INSERT INTO route_entries (workspace, route, place, provider, model, weight, timeout, goes_on)"
            " VALUES (:workspace, :name, :place, :provider, :model, :weight, :timeout, :goes_on)",
            found | entry._asdict() | {"place": number, "goes_on": " ".join(entry.goes_on)},
        )


def _delete_entries(database: Database, found: dict[str, str]) -> None:
    database.change("DELETE FROM route_entries WHERE workspace = :workspace AND route = :name", found)


def _select(database: Database, where: str, parameters: dict[str, str]) -> list[RouteRow]:
    entries: dict[str, list[RouteEntryRow]] = {}
    for row in database.rows(
        "SELECT route, provider, model, weight, timeout, goes_on FROM route_entries"  # noqa: S608
        f" WHERE {where.replace('name =', 'route =')} ORDER BY place",
        parameters,
    ):
        entries.setdefault(str(row[0]), []).append(_entry(row[1:]))
    rows = database.rows(
        f"SELECT workspace, name, model_type, strategy, created, updated, version FROM routes WHERE {where}",  # noqa: S608
        parameters,
    )
    return [
        RouteRow(
            workspace=row[0],
            name=row[1],
            model_type=row[2],
            strategy=row[3],
            entries=tuple(entries.get(row[1], ())),
            created=row[4],
            updated=row[5],
            version=row[6],
        )
        for row in rows
    ]


def _entry(row: Sequence[Any]) -> RouteEntryRow:
    provider, model, weight, timeout, goes_on = row
    return RouteEntryRow(provider, model, weight, timeout, tuple(goes_on.split()))

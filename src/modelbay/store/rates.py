"""Queries about rates: how much within a minute, and how much at once, somebody or something may have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

from modelbay.store import credentials, marks
from modelbay.store.database import Database

_KEY = "workspace = :workspace AND scope = :scope AND scope_id = :scope_id"
_COLUMNS = "workspace, scope, scope_id, requests, tokens, parallel, created, updated, version"


class RatePlace(NamedTuple):
    """Whose a rate is: of what, and which. The workspace's own has no `scope_id`."""

    workspace: str
    scope: str
    scope_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A rate as it is stored: requests and tokens a minute, calls at once; None is not limited."""

    workspace: str
    scope: str
    scope_id: str
    requests: int | None
    tokens: int | None
    parallel: int | None
    created: float
    updated: float
    version: int

    @property
    def place(self) -> RatePlace:
        """Whose it is."""
        return RatePlace(self.workspace, self.scope, self.scope_id)


@contextlib.contextmanager
def changing(database: Database, workspace: str) -> Iterator[None]:
    """Hold the rates of all workspaces for a change, in one transaction."""
    with credentials.changing(database, workspace):
        marks.raise_marks(database, marks.RATES, workspace)  # the release before this one looks only here
        yield


def put(database: Database, row: RateRow) -> None:
    """Set a rate, whose version rises if there is one; while held by `changing`."""
    values = {each.name: getattr(row, each.name) for each in fields(row)}
    names = ", ".join(f":{name}" for name in values)
    database.change(
        f"INSERT INTO rates ({_COLUMNS}) VALUES ({names})"  # noqa: S608 - names of columns
        " ON CONFLICT (workspace, scope, scope_id) DO UPDATE SET requests = excluded.requests,"
        " tokens = excluded.tokens, parallel = excluded.parallel, updated = excluded.updated,"
        " version = rates.version + 1",
        values,
    )


def get(database: Database, place: RatePlace) -> RateRow | None:
    """Return a rate; None if there is none."""
    rows = database.rows(f"SELECT {_COLUMNS} FROM rates WHERE {_KEY}", place._asdict())  # noqa: S608 - ours
    return _row(rows[0]) if rows else None


def listed(database: Database, workspace: str) -> list[RateRow]:
    """Return the rates of a workspace, the oldest first."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM rates WHERE workspace = :workspace"  # noqa: S608 - ours
        " ORDER BY created, scope, scope_id",
        {"workspace": workspace},
    )
    return [_row(values) for values in rows]


def delete(database: Database, place: RatePlace) -> int:
    """Remove a rate; return 0 if there is none. While held by `changing`."""
    return database.change(f"DELETE FROM rates WHERE {_KEY}", place._asdict())  # noqa: S608 - ours


def _row(values: tuple[object, ...]) -> RateRow:
    names = (each.name for each in fields(RateRow))
    return RateRow(**dict(zip(names, values, strict=True)))  # type: ignore[arg-type]

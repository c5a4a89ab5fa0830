"""Queries about credentials: what is stored of them, which is active, and their sealed secrets.

`provider`, `model` and `model_type` say whose credentials they are; of a provider's own the last two are "".
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from modelbay.store import marks
from modelbay.store.database import Database
from modelbay.store.sealed import SealedTable

SECRETS: Final = SealedTable("credential_secrets", "credential")
_COLUMNS = "workspace, id, provider, model, model_type, name, plain, created, updated, version"
_OF = "workspace = :workspace AND provider = :provider AND model = :model AND model_type = :model_type"


class Place(NamedTuple):
    """Whose credentials: a provider's, or those of one of its models."""

    workspace: str
    provider: str
    model: str = ""
    model_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRow:
    """Named credentials as they are stored: `plain` are the values that are no secrets."""

    workspace: str
    id: str
    provider: str
    model: str
    model_type: str
    name: str
    plain: Mapping[str, Any]
    created: float
    updated: float
    version: int = 1

    @property
    def place(self) -> Place:
        """Whose they are."""
        return Place(self.workspace, self.provider, self.model, self.model_type)


@contextlib.contextmanager
def changing(database: Database, workspace: str, lock: str = "") -> Iterator[None]:
    """Hold the credentials and models of all workspaces for a change, in one transaction.

    Args:
        lock: Another that the change needs. Who changes something else waits all the same, for the mark.
    """
    with database.transaction(lock):
        marks.raise_marks(database, marks.CREDENTIALS, workspace)
        yield


def insert(database: Database, row: CredentialRow) -> bool:
    """Keep credentials; False if their name is taken. While held by `changing`, as for all changes."""
    values = {name: getattr(row, name) for name in CredentialRow.__slots__}
    names = ", ".join(f":{name}" for name in values)
    return bool(
        database.change(
            f"INSERT INTO credentials ({_COLUMNS}) VALUES ({names}) ON CONFLICT DO NOTHING",  # noqa: S608 - ours
            values | {"plain": _json(row.plain)},
        )
    )


def update(database: Database, row: CredentialRow) -> int:
    """Keep changed credentials if they still have the version of `row`; return 0 if they have not."""
    return database.change(
        "UPDATE credentials SET name = :name, plain = :plain, updated = :updated, version = version + 1"
        " WHERE workspace = :workspace AND id = :id AND version = :version",
        {
            "name": row.name,
            "plain": _json(row.plain),
            "updated": row.updated,
            "workspace": row.workspace,
            "id": row.id,
            "version": row.version,
        },
    )


def delete(database: Database, workspace: str, credential: str) -> int:
    """Forget credentials and their secrets; return 0 if there were none."""
    SECRETS.put(database, workspace, credential, {})
    return database.change(
        "DELETE FROM credentials WHERE workspace = :workspace AND id = :id",
        {"workspace": workspace, "id": credential},
    )


def one(database: Database, workspace: str, credential: str) -> CredentialRow | None:
    """Return credentials by their id."""
    found = _select(database, "workspace = :workspace AND id = :id", workspace=workspace, id=credential)
    return found[0] if found else None


def named(database: Database, place: Place, name: str) -> CredentialRow | None:
    """Return the credentials of a name, of a provider or a model."""
    found = _select(database, f"{_OF} AND name = :name", **place._asdict(), name=name)
    return found[0] if found else None


def of_place(database: Database, place: Place) -> Sequence[CredentialRow]:
    """Return the credentials of a provider or a model, the oldest first."""
    return _select(database, _OF, **place._asdict())


def of_workspace(database: Database, workspace: str) -> Sequence[CredentialRow]:
    """Return all credentials of a workspace, by provider, model and age."""
    return _select(database, "workspace = :workspace", workspace=workspace)


def page(
    database: Database,
    workspace: str,
    *,
    provider: str | None,
    after: tuple[str, str, str, str] | None,
    limit: int,
) -> Sequence[CredentialRow]:
    """Return at most `limit` credentials, by provider, model, type and name, from behind such a place."""
    names = ("provider", "model", "model_type", "name")
    of = " AND provider = :of" if provider is not None else ""
    behind = f" AND ({', '.join(names)}) > (:provider, :model, :model_type, :name)" if after else ""
    place = dict(zip(names, after, strict=True)) if after else {}
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM credentials WHERE workspace = :workspace{of}{behind}"  # noqa: S608 - ours
        f" ORDER BY {', '.join(names)} LIMIT :limit",
        {"workspace": workspace, "limit": limit, **({"of": provider} if of else {}), **place},
    )
    return [_row(values) for values in rows]


def active(database: Database, workspace: str) -> dict[Place, str | None]:
    """Return the id of the active credentials, by whose they are; None where the active ones were deleted."""
    rows = database.rows(
        "SELECT workspace, provider, model, model_type, credential FROM active_credentials"
        " WHERE workspace = :workspace",
        {"workspace": workspace},
    )
    return {Place(*row[:4]): row[4] for row in rows}


def activate(database: Database, place: Place, credential: str | None) -> None:
    """Make credentials the active ones; None says that the active ones were deleted."""
    database.change(
        "INSERT INTO active_credentials (workspace, provider, model, model_type, credential)"
        " VALUES (:workspace, :provider, :model, :model_type, :credential)"
        " ON CONFLICT (workspace, provider, model, model_type)"
        " DO UPDATE SET credential = excluded.credential",
        place._asdict() | {"credential": credential},
    )


def deactivate(database: Database, place: Place) -> int:
    """Forget which credentials are active, and that there ever were some."""
    return database.change(f"DELETE FROM active_credentials WHERE {_OF}", place._asdict())  # noqa: S608 - ours


def _select(database: Database, where: str, **parameters: object) -> list[CredentialRow]:
    statement = (
        f"SELECT {_COLUMNS} FROM credentials WHERE {where}"  # noqa: S608 - both are ours
        " ORDER BY provider, model, model_type, created, id"
    )
    return [_row(values) for values in database.rows(statement, parameters)]


def _row(values: Sequence[Any]) -> CredentialRow:
    named = dict(zip(CredentialRow.__slots__, values, strict=True))
    return CredentialRow(**named | {"plain": orjson.loads(named["plain"])})


def _json(values: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(values)).decode()

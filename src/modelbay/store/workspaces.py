"""Queries about workspaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modelbay.store import marks
from modelbay.store.database import LARGEST, Database

REMOVED: Final = (
    "keys",
    "responses",
    "members",
    "invitations",
    "vault_keys",
    "credentials",
    "credential_secrets",
    "active_credentials",
    "custom_models",
    "model_settings",
    "default_models",
    "repeats",
    "budgets",
    "grants",
    "preferences",
    "spent",
    "holds",
    "rates",
    "network_settings",
    "network_secrets",
    "balances",
    "balance_entries",
    "routes",
    "route_entries",
)
"""Tables whose rows go with their workspace."""

KEPT: Final = ("calls", "audit", "prices", "corrections", "call_totals", "retention")
"""Tables whose rows outlive it: what was spent, by which prices, and who did what, stays known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceRow:
    """A workspace. `created` is seconds since 1970; `version` rises with every change."""

    id: str
    name: str
    created: float
    version: int


def insert(database: Database, row: WorkspaceRow) -> None:
    """Keep a workspace."""
    database.change(
        "INSERT INTO workspaces (id, name, created, version) VALUES (:id, :name, :created, :version)",
        {"id": row.id, "name": row.name, "created": row.created, "version": row.version},
    )


def get(database: Database, workspace: str) -> WorkspaceRow | None:
    """Return a workspace; None if there is none."""
    found = _select(database, "WHERE id = :id", {"id": workspace})
    return found[0] if found else None


def listed(
    database: Database, *, after: tuple[float, str] | None = None, limit: int = LARGEST
) -> Sequence[WorkspaceRow]:
    """Return the workspaces, the oldest first, from behind the `created` and `id` of one."""
    where = "WHERE (created, id) > (:created, :id)" if after is not None else ""
    place = {"created": after[0], "id": after[1]} if after is not None else {}
    return _select(database, f"{where} ORDER BY created, id LIMIT :limit", {"limit": limit, **place})


def rename(database: Database, workspace: str, name: str, *, version: int) -> int:
    """Rename a workspace that is still at a version; return 0 if it is not."""
    return database.change(
        "UPDATE workspaces SET name = :name, version = version + 1 WHERE id = :id AND version = :version",
        {"name": name, "id": workspace, "version": version},
    )


def holds(database: Database, workspace: str) -> dict[str, int]:
    """Return how much of what people would miss a workspace has, by what it is."""
    found = database.rows(
        "SELECT (SELECT count(*) FROM keys WHERE workspace = :workspace AND revoked IS NULL),"
        " (SELECT count(*) FROM credentials WHERE workspace = :workspace)",
        {"workspace": workspace},
    )
    return {"keys": int(found[0][0]), "credentials": int(found[0][1])}


def delete(database: Database, workspace: str) -> None:
    """Remove a workspace with all that goes with it, from every memory too; inside a transaction."""
    marks.raise_marks(database, marks.VAULT)  # first, as who holds the key pairs does
    marks.raise_marks(database, marks.KEYS)
    marks.raise_marks(database, marks.CREDENTIALS, workspace)
    marks.raise_marks(database, marks.RATES, workspace)
    for table in REMOVED:
        database.change(
            f"DELETE FROM {table} WHERE workspace = :workspace",  # noqa: S608 - names of ours
            {"workspace": workspace},
        )
    database.change("DELETE FROM workspaces WHERE id = :id", {"id": workspace})


def _select(database: Database, rest: str, parameters: dict[str, object]) -> list[WorkspaceRow]:
    rows = database.rows(f"SELECT id, name, created, version FROM workspaces {rest}", parameters)  # noqa: S608
    return [WorkspaceRow(id=row[0], name=row[1], created=row[2], version=row[3]) for row in rows]

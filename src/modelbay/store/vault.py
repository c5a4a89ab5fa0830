"""Queries about the key pairs of workspaces. Private keys are stored as the master key wraps them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modelbay.store import marks
from modelbay.store.database import Database

_COLUMNS = "workspace, number, public_key, sealed_private_key, master, created, retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPairRow:
    """A key pair as it is stored: `public_key` as DER, `master` the id of what wraps the private one."""

    workspace: str
    number: int
    public_key: bytes = field(repr=False)
    sealed_private_key: bytes = field(repr=False)
    master: str
    created: float
    retired: float | None = None


def insert(database: Database, row: KeyPairRow) -> None:
    """Keep a key pair; while they are `held`."""
    database.change(
        f"INSERT INTO vault_keys ({_COLUMNS}) VALUES"  # noqa: S608 - all ours
        " (:workspace, :number, :public_key, :sealed_private_key, :master, :created, :retired)",
        {name: getattr(row, name) for name in KeyPairRow.__slots__},
    )


def newest(database: Database, workspace: str) -> KeyPairRow | None:
    """Return the key pair that a workspace's secrets are sealed for now."""
    found = _select(
        database, "WHERE workspace = :workspace ORDER BY number DESC LIMIT 1", workspace=workspace
    )
    return found[0] if found else None


def numbered(database: Database, workspace: str, number: int) -> KeyPairRow | None:
    """Return a key pair by its number."""
    found = _select(
        database, "WHERE workspace = :workspace AND number = :number", workspace=workspace, number=number
    )
    return found[0] if found else None


def page(database: Database, *, after: tuple[str, int] = ("", 0), limit: int = 500) -> Sequence[KeyPairRow]:
    """Return at most `limit` key pairs of all workspaces behind a place, in their order."""
    return _select(
        database,
        "WHERE workspace > :workspace OR (workspace = :workspace AND number > :number)"
        " ORDER BY workspace, number LIMIT :limit",
        workspace=after[0],
        number=after[1],
        limit=limit,
    )


def of_workspace(database: Database, workspace: str) -> Sequence[KeyPairRow]:
    """Return the key pairs of a workspace, the oldest first."""
    return _select(database, "WHERE workspace = :workspace ORDER BY number", workspace=workspace)


def masters(database: Database) -> Sequence[str]:
    """Return the ids of the master keys that stored key pairs are kept under."""
    return [str(row[0]) for row in database.rows("SELECT DISTINCT master FROM vault_keys ORDER BY master")]


def retire(database: Database, workspace: str, *, before: int, at: float) -> None:
    """Note that a workspace's key pairs below a number seal nothing any more; while they are `held`."""
    database.change(
        "UPDATE vault_keys SET retired = :at"
        " WHERE workspace = :workspace AND number < :before AND retired IS NULL",
        {"workspace": workspace, "before": before, "at": at},
    )


def rewrap(database: Database, row: KeyPairRow, sealed_private_key: bytes, master: str) -> None:
    """Put a private key that another master key wraps in the place of the old; while they are `held`."""
    database.change(
        "UPDATE vault_keys SET sealed_private_key = :sealed, master = :master"
        " WHERE workspace = :workspace AND number = :number",
        {
            "sealed": sealed_private_key,
            "master": master,
            "workspace": row.workspace,
            "number": row.number,
        },
    )


@contextlib.contextmanager
def held(database: Database) -> Iterator[None]:
    """Hold the key pairs, in the transaction that is under way or in one of its own; they change inside.

    Whoever else changes some waits for the mark, which is raised first, until the transaction ends.
    """
    with contextlib.nullcontext() if database.in_transaction else database.transaction("vault"):
        marks.raise_marks(database, marks.VAULT)
        yield


def _select(database: Database, where: str, **parameters: object) -> list[KeyPairRow]:
    rows = database.rows(f"SELECT {_COLUMNS} FROM vault_keys {where}", parameters)  # noqa: S608 - both ours
    return [KeyPairRow(**dict(zip(KeyPairRow.__slots__, values, strict=True))) for values in rows]

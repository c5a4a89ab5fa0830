"""Queries about a workspace's own prices: entries that are added, and never changed or removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelbay.store.database import Database

_COLUMNS = "workspace, number, provider, model, model_type, valid_from, content, created, actor"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """One entry: what a model costs from a time on.

    `number` counts the workspace's entries; `content` is the price as JSON, "" for what the plugin declares.
    Times are seconds since 1970.
    """

    workspace: str
    number: int
    provider: str
    model: str
    model_type: str
    valid_from: float
    content: str
    created: float
    actor: str


def insert(database: Database, row: PriceRow) -> None:
    """Keep an entry; ConflictError if somebody else has taken its number."""
    database.change(
        f"INSERT INTO prices ({_COLUMNS}) VALUES (:workspace, :number, :provider, :model, :model_type,"  # noqa: S608 - ours
        " :valid_from, :content, :created, :actor)",
        {name: getattr(row, name) for name in PriceRow.__slots__},
    )


def of_workspace(database: Database, workspace: str) -> Sequence[PriceRow]:
    """Return all entries of a workspace, in the order in which they were made."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM prices WHERE workspace = :workspace ORDER BY number",  # noqa: S608 - ours
        {"workspace": workspace},
    )
    return [PriceRow(**dict(zip(PriceRow.__slots__, row, strict=True))) for row in rows]


def last_number(database: Database, workspace: str) -> int:
    """Return how many entries a workspace has."""
    rows = database.rows(
        "SELECT max(number) FROM prices WHERE workspace = :workspace", {"workspace": workspace}
    )
    return int(rows[0][0] or 0)

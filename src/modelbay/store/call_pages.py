"""Queries about single calls, page by page."""

from __future__ import annotations

from typing import NamedTuple

from modelbay.store.database import Database


class CallRow(NamedTuple):
    """A call, as lists show it. `price` is exact, as text."""

    id: str
    at: float
    key_id: str
    surface: str
    model_type: str
    asked_model: str
    provider: str
    model: str
    stream: bool
    status: int
    error: str
    attempts: int
    prompt_tokens: int
    completion_tokens: int
    price: str | None
    currency: str
    latency: float
    first_token: float | None


def page(
    database: Database, workspace: str, *, key: str | None, before: tuple[float, str] | None, limit: int
) -> list[CallRow]:
    """Return at most `limit` calls of a workspace, or of a key, the newest first, from behind one."""
    of = " AND key_id = :key" if key is not None else ""
    older = " AND (at, id) < (:at, :id)" if before is not None else ""
    place = {"at": before[0], "id": before[1]} if before is not None else {}
    rows = database.rows(
        f"SELECT {', '.join(CallRow._fields)} FROM calls WHERE workspace = :workspace{of}{older}"  # noqa: S608
        " ORDER BY at DESC, id DESC LIMIT :limit",
        {"workspace": workspace, "limit": limit, **({"key": key} if key is not None else {}), **place},
    )
    return [CallRow(*row) for row in rows]

"""Queries about stored responses."""

from __future__ import annotations

from modelbay.store.database import Database


def put(
    database: Database,
    workspace: str,
    response_id: str,
    *,
    created: float,
    expires: float,
    body: bytes,
    items: bytes,
) -> None:
    """Keep a response, in place of one of the same id."""
    database.change(
        "INSERT INTO responses (workspace, id, created, expires, body, input)"
        " VALUES (:workspace, :id, :created, :expires, :body, :input)"
        " ON CONFLICT (workspace, id) DO UPDATE SET created = excluded.created,"
        " expires = excluded.expires, body = excluded.body, input = excluded.input",
        {
            "workspace": workspace,
            "id": response_id,
            "created": created,
            "expires": expires,
            "body": body,
            "input": items,
        },
    )


def get(database: Database, workspace: str, response_id: str, *, now: float) -> tuple[bytes, bytes] | None:
    """Return a response's body and input; None if there is none, or it has expired."""
    rows = database.rows(
        "SELECT body, input FROM responses WHERE workspace = :workspace AND id = :id AND expires > :now",
        {"workspace": workspace, "id": response_id, "now": now},
    )
    return (rows[0][0], rows[0][1]) if rows else None


def delete(database: Database, workspace: str, response_id: str, *, now: float) -> int:
    """Forget a response; return 0 if there is none, or it has expired."""
    return database.change(
        "DELETE FROM responses WHERE workspace = :workspace AND id = :id AND expires > :now",
        {"workspace": workspace, "id": response_id, "now": now},
    )


def sweep(database: Database, *, now: float, limit: int) -> int:
    """Remove at most `limit` responses that have expired; return how many there were."""
    return database.change(
        "DELETE FROM responses WHERE (workspace, id) IN"
        " (SELECT workspace, id FROM responses WHERE expires <= :now LIMIT :limit)",
        {"now": now, "limit": limit},
    )

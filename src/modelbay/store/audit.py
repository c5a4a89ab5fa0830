"""The audit log: who changed what, and when. Nothing here is ever changed, and nothing here is secret."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from modelbay.store.database import Database

_COLUMNS = "workspace, id, at, actor, action, target, detail"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change. `at` is seconds since 1970; `actor` a user's id, `key:<id>` or `cli`."""

    workspace: str
    id: str
    at: float
    actor: str
    action: str
    target: str
    detail: Mapping[str, Any]


def record(
    database: Database,
    workspace: str,
    actor: str,
    action: str,
    target: str,
    detail: Mapping[str, Any] | None = None,
    *,
    at: float | None = None,
) -> None:
    """Write down a change, in the transaction that makes it.

    Args:
        action: What was done, such as `credential.create`.
        target: What it was done to: an id or a name.
        detail: Facts that JSON can hold; no secret.
    """
    database.change(
        f"INSERT INTO audit ({_COLUMNS})"  # noqa: S608 - names of columns
        " VALUES (:workspace, :id, :at, :actor, :action, :target, :detail)",
        {
            "workspace": workspace,
            "id": f"aud_{secrets.token_hex(8)}",
            "at": time.time() if at is None else at,
            "actor": actor,
            "action": action,
            "target": target,
            "detail": orjson.dumps(dict(detail or {})).decode(),
        },
    )


def listed(
    database: Database, workspace: str, *, before: tuple[float, str] | None = None, limit: int = 100
) -> Sequence[AuditRow]:
    """Return a workspace's changes, the newest first.

    What concerns the whole installation is in the log of the first workspace, `default`.

    Args:
        before: The `at` and `id` of a change, from behind which the list goes on.
        limit: How many at most.
    """
    older = " AND (at < :at OR (at = :at AND id < :id))" if before is not None else ""
    place = {"at": before[0], "id": before[1]} if before is not None else {}
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM audit WHERE workspace = :workspace{older}"  # noqa: S608 - all ours
        " ORDER BY at DESC, id DESC LIMIT :limit",
        {"workspace": workspace, "limit": limit, **place},
    )
    return [_row(values) for values in rows]


def _row(values: Sequence[Any]) -> AuditRow:
    named = dict(zip(AuditRow.__slots__, values, strict=True))
    return AuditRow(**named | {"detail": orjson.loads(named["detail"])})

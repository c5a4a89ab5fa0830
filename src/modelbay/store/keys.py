"""Queries about keys. A key itself is in no table: only its hash is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from modelbay.store.database import Database

_COLUMNS = "workspace, id, name, hint, hash, models, created, expires, revoked, last_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key as it is stored. Times are seconds since 1970; `hint` is how the key begins."""

    workspace: str
    id: str
    name: str
    hint: str
    hash: bytes
    models: tuple[str, ...]
    created: float
    expires: float | None = None
    revoked: float | None = None
    last_used: float | None = None


def insert(database: Database, row: KeyRow) -> None:
    """Keep a key; inside a transaction."""
    values = {name: getattr(row, name) for name in KeyRow.__slots__}
    names = ", ".join(f":{name}" for name in values)
    database.change(
        f"INSERT INTO keys ({_COLUMNS}) VALUES ({names})",  # noqa: S608 - names of columns, none from outside
        values | {"models": orjson.dumps(row.models).decode()},
    )
    _mark(database)


def by_hash(database: Database, digest: bytes) -> KeyRow | None:
    """Return the key with a hash, revoked or not."""
    found = _select(database, "WHERE hash = :hash", hash=digest)
    return found[0] if found else None


def one(database: Database, workspace: str, key_id: str) -> KeyRow | None:
    """Return a key of a workspace, revoked or not."""
    found = _select(database, "WHERE workspace = :workspace AND id = :id", workspace=workspace, id=key_id)
    return found[0] if found else None


def lineages(database: Database, workspace: str) -> dict[str, tuple[str, ...]]:
    """Return the keys of a workspace, each with itself and all that it was made from."""
    rows = database.rows("SELECT id FROM keys WHERE workspace = :workspace", {"workspace": workspace})
    return {key_id: (key_id,) for (key_id,) in rows}


def listed(database: Database, workspace: str) -> Sequence[KeyRow]:
    """Return the keys of a workspace, the oldest first, those that were revoked included."""
    return _select(database, "WHERE workspace = :workspace ORDER BY created, id", workspace=workspace)


def page(
    database: Database, workspace: str, *, after: tuple[float, str] | None, limit: int
) -> Sequence[KeyRow]:
    """Return at most `limit` keys, the oldest first, from behind the `created` and `id` of one."""
    newer = " AND (created, id) > (:created, :id)" if after is not None else ""
    place = {"created": after[0], "id": after[1]} if after is not None else {}
    return _select(
        database,
        f"WHERE workspace = :workspace{newer} ORDER BY created, id LIMIT :limit",
        workspace=workspace,
        limit=limit,
        **place,
    )


def any_known(database: Database) -> bool:
    """Whether there has ever been a key."""
    return bool(database.rows("SELECT 1 FROM keys LIMIT 1"))


def revoke(database: Database, workspace: str, key_id: str, at: float) -> int:
    """Revoke a key; return 0 if there is none that opens anything. Inside a transaction."""
    changed = database.change(
        "UPDATE keys SET revoked = :at WHERE workspace = :workspace AND id = :id AND revoked IS NULL",
        {"at": at, "workspace": workspace, "id": key_id},
    )
    _mark(database)
    return changed


def mark(database: Database) -> int:
    """Return a number that rises whenever a key is made, changed or revoked."""
    rows = database.rows("SELECT number FROM marks WHERE name = 'keys'")
    return int(rows[0][0]) if rows else 0


def _mark(database: Database) -> None:
    database.change(
        "INSERT INTO marks (name, number) VALUES ('keys', 1)"
        " ON CONFLICT (name) DO UPDATE SET number = marks.number + 1"
    )


def _select(database: Database, where: str, **parameters: object) -> list[KeyRow]:
    rows = database.rows(f"SELECT {_COLUMNS} FROM keys {where}", parameters)  # noqa: S608 - both are ours
    return [_row(values) for values in rows]


def _row(values: Sequence[object]) -> KeyRow:
    named = dict(zip(KeyRow.__slots__, values, strict=True))
    return KeyRow(**named | {"models": tuple(orjson.loads(str(named["models"])))})  # type: ignore[arg-type]

"""Queries about keys. A key itself is in no table: only its hash is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from modelbay.store import marks
from modelbay.store.database import Database

_LISTS: Final = ("models", "types", "surfaces", "networks")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key as it is stored. Times are seconds since 1970; `hint` is how the key begins.

    What is empty does not restrict: `models` and `surfaces` are patterns, `types` types of models, `networks`
    ranges of addresses. `member` is the user whose key it is, `parent` the key that it is narrower than; ""
    if there is none.
    """

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
    types: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    member: str = ""
    parent: str = ""
    version: int = 1


class Link(NamedTuple):
    """A key of a lineage. `is_owned` is whether its member is still one; so is a key that has none."""

    row: KeyRow
    is_owned: bool


_NAMES: Final = KeyRow.__slots__
_COLUMNS: Final = ", ".join(_NAMES)


def insert(database: Database, row: KeyRow) -> None:
    """Keep a key; inside a transaction."""
    names = ", ".join(f":{name}" for name in _NAMES)
    database.change(
        f"INSERT INTO keys ({_COLUMNS}) VALUES ({names})",  # noqa: S608 - names of columns, none from outside
        _values(row),
    )
    marks.raise_marks(database, marks.KEYS)


def by_hash(database: Database, digest: bytes) -> KeyRow | None:
    """Return the key with a hash, revoked or not."""
    found = _select(database, "WHERE hash = :hash", hash=digest)
    return found[0] if found else None


def one(database: Database, workspace: str, key_id: str) -> KeyRow | None:
    """Return a key of a workspace, revoked or not."""
    found = _select(database, "WHERE workspace = :workspace AND id = :id", workspace=workspace, id=key_id)
    return found[0] if found else None


def lineage(database: Database, digest: bytes, *, most: int) -> Sequence[Link]:
    """Return the key with a hash, its parent, and so on; none if there is none, `most` at most. One query."""
    return _lineage(database, "hash = :hash", {"hash": digest}, most)


def lineage_of(database: Database, workspace: str, key_id: str, *, most: int) -> Sequence[Link]:
    """Return the lineage of a workspace's key, as `lineage` does."""
    where = "workspace = :workspace AND id = :id"
    return _lineage(database, where, {"workspace": workspace, "id": key_id}, most)


def lineages(database: Database, workspace: str) -> dict[str, tuple[str, ...]]:
    """Return the keys of a workspace, each with itself and all that it is narrower than."""
    parents = dict(
        database.rows("SELECT id, parent FROM keys WHERE workspace = :workspace", {"workspace": workspace})
    )
    return {key_id: tuple(_upwards(parents, key_id)) for key_id in parents}


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


def update(database: Database, row: KeyRow) -> int:
    """Change name, scopes and expiry of a key that still has the version of `row`; return 0 if it has not.

    Inside a transaction.
    """
    count = database.change(
        "UPDATE keys SET name = :name, models = :models, types = :types, surfaces = :surfaces,"
        " networks = :networks, expires = :expires, version = version + 1"
        " WHERE workspace = :workspace AND id = :id AND version = :version AND revoked IS NULL",
        _values(row),
    )
    marks.raise_marks(database, marks.KEYS)
    return count


def revoke(database: Database, workspace: str, key_id: str, at: float) -> int:
    """Revoke a key; return 0 if there is none that opens anything. Inside a transaction."""
    count = database.change(
        "UPDATE keys SET revoked = :at, version = version + 1"
        " WHERE workspace = :workspace AND id = :id AND revoked IS NULL",
        {"at": at, "workspace": workspace, "id": key_id},
    )
    marks.raise_marks(database, marks.KEYS)
    return count


def revoke_of_member(database: Database, workspace: str, user_id: str, at: float) -> int:
    """Revoke the keys of a member; return how many that were. Inside a transaction."""
    count = database.change(
        "UPDATE keys SET revoked = :at, version = version + 1"
        " WHERE workspace = :workspace AND member = :member AND revoked IS NULL",
        {"at": at, "workspace": workspace, "member": user_id},
    )
    marks.raise_marks(database, marks.KEYS)
    return count


def _upwards(parents: Mapping[str, str], key_id: str) -> Iterator[str]:
    for _ in parents:
        yield key_id
        key_id = parents.get(key_id, "")
        if not key_id:
            return


def _lineage(database: Database, where: str, parameters: dict[str, object], most: int) -> Sequence[Link]:
    above = ", ".join(f"keys.{name}" for name in _NAMES)
    line = (
        f"WITH RECURSIVE line AS (SELECT {_COLUMNS}, 1 AS place FROM keys WHERE {where}"  # noqa: S608 - ours
        f" UNION ALL SELECT {above}, line.place + 1 FROM line JOIN keys"
        " ON keys.workspace = line.workspace AND keys.id = line.parent WHERE line.place < :most)"
        " SELECT * FROM line"
    )
    is_owned = (
        "member = '' OR EXISTS (SELECT 1 FROM members"
        " WHERE members.workspace = line.workspace AND members.user_id = line.member)"
    )
    # The outermost SELECT is what tells the port that nothing is changed.
    statement = f"SELECT {_COLUMNS}, {is_owned} FROM ({line}) AS line ORDER BY place"  # noqa: S608 - as above
    return [
        Link(_row(values[:-1]), bool(values[-1]))
        for values in database.rows(statement, parameters | {"most": most})
    ]


def _select(database: Database, where: str, **parameters: object) -> list[KeyRow]:
    rows = database.rows(f"SELECT {_COLUMNS} FROM keys {where}", parameters)  # noqa: S608 - both are ours
    return [_row(values) for values in rows]


def _values(row: KeyRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _NAMES}
    return values | {name: orjson.dumps(values[name]).decode() for name in _LISTS}


def _row(values: Sequence[Any]) -> KeyRow:
    named = dict(zip(_NAMES, values, strict=True))
    return KeyRow(**named | {name: tuple(orjson.loads(named[name])) for name in _LISTS})

"""Queries about sessions, guesses, and the links of a first start. Of a token only the hash is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from modelbay.store.database import Database

_COLUMNS: Final = "id, user_id, hash, previous, created, rotated, seen, expires, renew, address, agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session. `previous` is the hash before the last rotation; `renew` asks for one at the next use.

    `seen` is when it was last used, to the minute.
    """

    id: str
    user_id: str
    hash: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)
    created: float
    rotated: float
    seen: float
    expires: float
    renew: bool = False
    address: str = ""
    agent: str = ""


def insert(database: Database, row: SessionRow) -> None:
    """Keep a session."""
    names = ", ".join(f":{name}" for name in SessionRow.__slots__)
    database.change(
        f"INSERT INTO sessions ({_COLUMNS}) VALUES ({names})",  # noqa: S608 - names of columns
        {name: getattr(row, name) for name in SessionRow.__slots__},
    )


def by_hash(database: Database, digest: bytes) -> SessionRow | None:
    """Return the session whose token has a hash, or had it before the last rotation."""
    found = _select(database, "hash = :hash OR previous = :hash", {"hash": digest})
    return found[0] if found else None


def of_user(database: Database, user_id: str) -> Sequence[SessionRow]:
    """Return the sessions of a user, the one used last first; those that are over included."""
    return _select(database, "user_id = :user", {"user": user_id})


def page_of_user(
    database: Database,
    user_id: str,
    *,
    before: tuple[float, str] | None,
    limit: int,
    now: float,
    unseen_since: float,
) -> Sequence[SessionRow]:
    """Return sessions that are not over, the newest first, from behind the `created` and `id` of one."""
    older = " AND (created, id) < (:created, :id)" if before is not None else ""
    place = {"created": before[0], "id": before[1]} if before is not None else {}
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM sessions WHERE user_id = :user AND expires > :now AND seen > :unseen{older}"  # noqa: S608
        " ORDER BY created DESC, id DESC LIMIT :limit",
        {"user": user_id, "now": now, "unseen": unseen_since, "limit": limit, **place},
    )
    return [_row(row) for row in rows]


def rotate(database: Database, session: str, *, old: bytes, new: bytes, at: float) -> int:
    """Give a session another token; return 0 if somebody has done that already."""
    return database.change(
        "UPDATE sessions SET hash = :new, previous = :old, rotated = :at, seen = :at, renew = FALSE"
        " WHERE id = :id AND hash = :old",
        {"new": new, "old": old, "at": at, "id": session},
    )


def touch(database: Database, session: str, at: float) -> None:
    """Note that a session is used."""
    database.change("UPDATE sessions SET seen = :at WHERE id = :id", {"at": at, "id": session})


def renew(database: Database, user_id: str) -> None:
    """Have each session of a user get another token at its next use."""
    database.change("UPDATE sessions SET renew = TRUE WHERE user_id = :user", {"user": user_id})


def delete(database: Database, user_id: str, session: str) -> int:
    """End a session of a user; return 0 if there is none."""
    return database.change(
        "DELETE FROM sessions WHERE id = :id AND user_id = :user", {"id": session, "user": user_id}
    )


def delete_all(database: Database, user_id: str, *, but: str = "") -> int:
    """End the sessions of a user, but for one; return how many there were."""
    return database.change(
        "DELETE FROM sessions WHERE user_id = :user AND id <> :but", {"user": user_id, "but": but}
    )


def sweep(database: Database, *, now: float, unseen_since: float) -> None:
    """Remove the sessions that are over."""
    database.change(
        "DELETE FROM sessions WHERE expires <= :now OR seen <= :unseen", {"now": now, "unseen": unseen_since}
    )


def attempts(database: Database, name: str) -> tuple[int, float, float]:
    """Return the guesses counted under a name, until when it waits, and when the last was."""
    rows = database.rows("SELECT failures, until, at FROM attempts WHERE name = :name", {"name": name})
    return (int(rows[0][0]), float(rows[0][1]), float(rows[0][2])) if rows else (0, 0.0, 0.0)


def set_attempts(database: Database, name: str, *, failures: int, until: float, at: float) -> None:
    """Write down how many guesses a name has had, and until when it waits."""
    database.change(
        "INSERT INTO attempts (name, failures, until, at) VALUES (:name, :failures, :until, :at)"
        " ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, until = excluded.until,"
        " at = excluded.at",
        {"failures": failures, "until": until, "at": at, "name": name},
    )


def forgive_attempt(database: Database, name: str) -> None:
    """Take back the guess that was counted last: it was none."""
    database.change(
        "UPDATE attempts SET failures = failures - 1, until = 0 WHERE name = :name AND failures > 0",
        {"name": name},
    )


def forget_attempts(database: Database, name: str) -> None:
    """Forget a name's guesses."""
    database.change("DELETE FROM attempts WHERE name = :name", {"name": name})


def sweep_attempts(database: Database, *, before: float) -> None:
    """Forget the guesses of names that nobody has tried since a time."""
    database.change("DELETE FROM attempts WHERE at < :before", {"before": before})


def insert_setup(database: Database, digest: bytes, at: float, *, most: int) -> None:
    """Keep a link of a first start; the oldest go when there are too many."""
    database.change("INSERT INTO setup_links (hash, created) VALUES (:hash, :at)", {"hash": digest, "at": at})
    database.change(
        "DELETE FROM setup_links WHERE hash NOT IN"
        " (SELECT hash FROM setup_links ORDER BY created DESC, hash LIMIT :most)",
        {"most": most},
    )


def has_setup(database: Database, digest: bytes) -> bool:
    """Whether a link of a first start has this hash."""
    return bool(database.rows("SELECT 1 FROM setup_links WHERE hash = :hash", {"hash": digest}))


def delete_setups(database: Database) -> None:
    """Let no link of a first start be valid any more."""
    database.change("DELETE FROM setup_links")


def _select(database: Database, where: str, parameters: dict[str, Any]) -> list[SessionRow]:
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM sessions WHERE {where} ORDER BY seen DESC, id",  # noqa: S608 - ours
        parameters,
    )
    return [_row(row) for row in rows]


def _row(values: Sequence[Any]) -> SessionRow:
    named = dict(zip(SessionRow.__slots__, values, strict=True))
    return SessionRow(**named | {"renew": bool(named["renew"])})

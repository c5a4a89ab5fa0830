"""Sessions: who has signed in, until when. Read from the database each time: an end is an end everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.people.refusals import SignInRefusedError, not_found
from modelbay.platform.people.tokens import digest_of, new_id, new_token
from modelbay.store import Database, audit, people
from modelbay.store import sessions as queries
from modelbay.store.people import UserRow
from modelbay.store.sessions import SessionRow

IDLE: Final = 12 * 3600.0  # seconds without a request
LIFETIME: Final = 7 * 86_400.0  # … after which one signs in again in any case
GRACE: Final = 30.0  # … for which the token before a rotation is good: of requests that were on their way
_TOUCHED_EVERY: Final = 60.0
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has just begun: the only time that its token is known."""

    token: str = field(repr=False)
    row: SessionRow


@dataclass(frozen=True, slots=True)
class Current:
    """The session of a request. `token` is the one to put into the cookie from now on, "" to leave it."""

    user: UserRow
    row: SessionRow
    token: str = field(default="", repr=False)


def begin(
    database: Database, user_id: str, *, now: float, address: str = "", agent: str = "", replaces: str = ""
) -> NewSession:
    """Begin a session; inside a transaction.

    Args:
        agent: What the browser says of itself; it is shown to its owner.
        replaces: The token that the browser came with: that session is over.
    """
    if replaces:
        _end(database, replaces)
    queries.sweep(database, now=now, unseen_since=now - IDLE)
    token = new_token()
    row = SessionRow(
        id=new_id("ses"),
        user_id=user_id,
        hash=digest_of(token),
        created=now,
        rotated=now,
        seen=now,
        expires=now + LIFETIME,
        address=_shown(address),
        agent=_shown(agent),
    )
    queries.insert(database, row)
    audit.record(
        database, FIRST_WORKSPACE, user_id, "session.create", row.id, {"address": row.address}, at=now
    )
    return NewSession(token, row)


def current(database: Database, token: str, *, now: float) -> Current:
    """Return whose a session is; give it another token where that is due.

    Args:
        token: What the browser has brought.
        now: Seconds since 1970.

    Raises:
        SignInRefusedError: There is none, or it is over.
    """
    digest = digest_of(token)
    row = queries.by_hash(database, digest)
    if row is None or not _is_good(row, digest, now):
        raise SignInRefusedError("sign in: there is no session, or it is over")
    user = people.user(database, row.user_id)
    if user is None:
        raise SignInRefusedError("sign in: there is no session, or it is over")
    return Current(user, row, _renewed(database, row, digest, now))


def list_sessions(database: Database, user_id: str, *, now: float) -> Sequence[SessionRow]:
    """Return the sessions of a user that are not over at a time, the one used last first."""
    return [row for row in queries.of_user(database, user_id) if _is_alive(row, now)]


def page_of_sessions(
    database: Database, user_id: str, *, now: float, before: tuple[float, str] | None, limit: int
) -> Sequence[SessionRow]:
    """Return at most `limit` sessions, the newest first, from behind the `created` and `id` of one."""
    return queries.page_of_user(
        database, user_id, before=before, limit=limit, now=now, unseen_since=now - IDLE
    )


def end_session(database: Database, user_id: str, session: str, *, actor: str) -> None:
    """End one of a user's sessions.

    Raises:
        InvokeBadRequestError: There is none of this id.
    """
    with database.transaction():
        if not queries.delete(database, user_id, session):
            raise not_found("session", f"there is no session {session[:40]!r}")
        audit.record(database, FIRST_WORKSPACE, actor, "session.revoke", session, {"user": user_id})


def end_sessions(database: Database, user_id: str, *, actor: str, but: str = "") -> int:
    """End all sessions of a user but for one; return how many there were."""
    with database.transaction():
        count = queries.delete_all(database, user_id, but=but)
        audit.record(database, FIRST_WORKSPACE, actor, "session.revoke", user_id, {"sessions": count})
    return count


def sign_out(database: Database, token: str) -> None:
    """End the session of a token; it is no mistake if there is none."""
    with database.transaction():
        row = _end(database, token)
        if row is not None:
            audit.record(database, FIRST_WORKSPACE, row.user_id, "session.revoke", row.id)


def _end(database: Database, token: str) -> SessionRow | None:
    row = queries.by_hash(database, digest_of(token))
    if row is not None:
        queries.delete(database, row.user_id, row.id)
    return row


def _is_good(row: SessionRow, digest: bytes, now: float) -> bool:
    """Whether a hash is a session's, or was until shortly before, and the session is not over."""
    if not compare_digest(row.hash, digest) and now - row.rotated >= GRACE:
        return False
    return _is_alive(row, now)


def _is_alive(row: SessionRow, now: float) -> bool:
    return now < row.expires and now - row.seen < IDLE


def _renewed(database: Database, row: SessionRow, digest: bytes, now: float) -> str:
    """Return a session's new token; "" if it keeps the one it has, or another request has got the new one."""
    if row.renew and compare_digest(row.hash, digest):
        token = new_token()
        rotated = queries.rotate(database, row.id, old=digest, new=digest_of(token), at=now)
        return token if rotated else ""
    if now - row.seen >= _TOUCHED_EVERY:
        queries.touch(database, row.id, now)
    return ""


def _shown(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST]

"""Queries about users, members of workspaces, and invitations.

A role may be given as an enum; it is passed on as text, as a driver might take the name for the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from modelbay.store.database import Database

_USER: Final = "users.id, users.email, users.name, users.password, users.created"
_MEMBER: Final = "members.workspace, users.id, users.email, users.name, members.role, members.created"
_INVITATION: Final = "workspace, id, hash, email, role, created, expires, actor"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A person, of the whole installation. `password` is a hash, "" if there is none to sign in with."""

    id: str
    email: str
    name: str
    password: str = field(repr=False)
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """A user in a workspace; `created` is since when."""

    workspace: str
    user: str
    email: str
    name: str
    role: str
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """An invitation that is open; its token is stored as a hash. `actor` is who has invited."""

    workspace: str
    id: str
    hash: bytes = field(repr=False)
    email: str
    role: str
    created: float
    expires: float
    actor: str


def insert_user(database: Database, row: UserRow) -> int:
    """Keep a user; return 0 if somebody has this e-mail."""
    return database.change(
        "INSERT INTO users (id, email, name, password, created)"
        " VALUES (:id, :email, :name, :password, :created) ON CONFLICT (email) DO NOTHING",
        _values(row),
    )


def user_by_email(database: Database, email: str) -> UserRow | None:
    """Return the user with an e-mail, as `normal_email` writes it."""
    return _user(database, "email = :value", email)


def user(database: Database, user_id: str) -> UserRow | None:
    """Return a user."""
    return _user(database, "id = :value", user_id)


def set_password(database: Database, user_id: str, password: str, *, instead_of: str) -> int:
    """Put a hash in the place of another; return 0 if the user has that no more."""
    return database.change(
        "UPDATE users SET password = :password WHERE id = :id AND password = :old",
        {"password": password, "id": user_id, "old": instead_of},
    )


def insert_member(database: Database, workspace: str, user_id: str, role: str, at: float) -> int:
    """Make a user a member; return 0 if that is so already."""
    return database.change(
        "INSERT INTO members (workspace, user_id, role, created) VALUES (:workspace, :user, :role, :at)"
        " ON CONFLICT (workspace, user_id) DO NOTHING",
        {"workspace": workspace, "user": user_id, "role": str(role), "at": at},
    )


def member(database: Database, workspace: str, user_id: str) -> MemberRow | None:
    """Return a member of a workspace."""
    found = _members(
        database,
        "members.workspace = :workspace AND members.user_id = :user",
        {"workspace": workspace, "user": user_id},
    )
    return found[0] if found else None


def members(database: Database, workspace: str) -> Sequence[MemberRow]:
    """Return the members of a workspace, by e-mail."""
    return _members(database, "members.workspace = :workspace", {"workspace": workspace})


def page_of_members(
    database: Database, workspace: str, *, after: tuple[float, str] | None, limit: int
) -> Sequence[MemberRow]:
    """Return at most `limit` members, the oldest first, from behind the `created` and `user` of one."""
    newer = " AND (created, user_id) > (:created, :user)" if after is not None else ""
    place = {"created": after[0], "user": after[1]} if after is not None else {}
    # The page is cut before anything is joined to it: a planner that knows no better would join them all.
    rows = database.rows(
        f"SELECT {_MEMBER} FROM (SELECT * FROM members WHERE workspace = :workspace{newer}"  # noqa: S608 - ours
        " ORDER BY created, user_id LIMIT :limit) AS members JOIN users ON users.id = members.user_id"
        " ORDER BY members.created, members.user_id",
        {"workspace": workspace, "limit": limit, **place},
    )
    return [MemberRow(**dict(zip(MemberRow.__slots__, row, strict=True))) for row in rows]


def page_of_memberships(
    database: Database, user_id: str, *, after: str, limit: int
) -> Sequence[tuple[str, str, str]]:
    """Return at most `limit` workspaces of a user: id, name and role, by id, from behind one."""
    rows = database.rows(
        "SELECT workspaces.id, workspaces.name, members.role"
        " FROM (SELECT * FROM members WHERE user_id = :user AND workspace > :after"
        " ORDER BY workspace LIMIT :limit) AS members"
        " JOIN workspaces ON workspaces.id = members.workspace ORDER BY members.workspace",
        {"user": user_id, "after": after, "limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def page_of_invitations(
    database: Database, workspace: str, *, after: str, limit: int, now: float
) -> Sequence[InvitationRow]:
    """Return at most `limit` invitations that have not expired, by e-mail, from behind one."""
    rows = database.rows(
        f"SELECT {_INVITATION} FROM invitations WHERE workspace = :workspace AND email > :after"  # noqa: S608
        " AND expires > :now ORDER BY email LIMIT :limit",
        {"workspace": workspace, "after": after, "limit": limit, "now": now},
    )
    return [InvitationRow(**dict(zip(InvitationRow.__slots__, row, strict=True))) for row in rows]


def memberships(database: Database, user_id: str) -> Sequence[tuple[str, str, str]]:
    """Return the workspaces of a user: id, name and role, by name."""
    rows = database.rows(
        "SELECT workspaces.id, workspaces.name, members.role FROM members"
        " JOIN workspaces ON workspaces.id = members.workspace"
        " WHERE members.user_id = :user ORDER BY workspaces.name, workspaces.id",
        {"user": user_id},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def count_memberships(database: Database, user_id: str) -> int:
    """Return how many workspaces a user is a member of."""
    rows = database.rows("SELECT count(*) FROM members WHERE user_id = :user", {"user": user_id})
    return int(rows[0][0])


def set_role(database: Database, workspace: str, user_id: str, role: str) -> None:
    """Change a member's role."""
    database.change(
        "UPDATE members SET role = :role WHERE workspace = :workspace AND user_id = :user",
        {"role": str(role), "workspace": workspace, "user": user_id},
    )


def remove_member(database: Database, workspace: str, user_id: str) -> None:
    """Make a user no member."""
    database.change(
        "DELETE FROM members WHERE workspace = :workspace AND user_id = :user",
        {"workspace": workspace, "user": user_id},
    )


def count_with_role(database: Database, workspace: str, role: str) -> int:
    """Return how many members of a workspace have a role."""
    rows = database.rows(
        "SELECT count(*) FROM members WHERE workspace = :workspace AND role = :role",
        {"workspace": workspace, "role": str(role)},
    )
    return int(rows[0][0])


def insert_invitation(database: Database, row: InvitationRow) -> None:
    """Keep an invitation, in place of an earlier one of the same person into the same workspace."""
    database.change(
        "INSERT INTO invitations (workspace, id, hash, email, role, created, expires, actor)"
        " VALUES (:workspace, :id, :hash, :email, :role, :created, :expires, :actor)"
        " ON CONFLICT (workspace, email) DO UPDATE SET id = excluded.id, hash = excluded.hash,"
        " role = excluded.role, created = excluded.created, expires = excluded.expires,"
        " actor = excluded.actor",
        _values(row),
    )


def invitation_by_hash(database: Database, digest: bytes) -> InvitationRow | None:
    """Return the invitation whose token has a hash, expired or not."""
    found = _invitations(database, "hash = :hash", {"hash": digest})
    return found[0] if found else None


def invitations(database: Database, workspace: str) -> Sequence[InvitationRow]:
    """Return the invitations into a workspace, by e-mail; expired ones included."""
    return _invitations(database, "workspace = :workspace", {"workspace": workspace})


def invitations_for(database: Database, email: str) -> Sequence[InvitationRow]:
    """Return the invitations of a person into all workspaces; expired ones included."""
    return _invitations(database, "email = :email", {"email": email})


def delete_invitation(database: Database, workspace: str, invitation_id: str) -> int:
    """Take an invitation back, or use it; return 0 if there is none."""
    return database.change(
        "DELETE FROM invitations WHERE workspace = :workspace AND id = :id",
        {"workspace": workspace, "id": invitation_id},
    )


def delete_invitations_of(database: Database, workspace: str, actor: str) -> None:
    """Take back what somebody has invited to."""
    database.change(
        "DELETE FROM invitations WHERE workspace = :workspace AND actor = :actor",
        {"workspace": workspace, "actor": actor},
    )


def _values(row: UserRow | InvitationRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def _user(database: Database, where: str, value: str) -> UserRow | None:
    rows = database.rows(f"SELECT {_USER} FROM users WHERE {where}", {"value": value})  # noqa: S608 - ours
    return UserRow(**dict(zip(UserRow.__slots__, rows[0], strict=True))) if rows else None


def _members(database: Database, where: str, parameters: Mapping[str, Any]) -> list[MemberRow]:
    rows = database.rows(
        f"SELECT {_MEMBER} FROM members JOIN users ON users.id = members.user_id"  # noqa: S608 - ours
        f" WHERE {where} ORDER BY users.email",
        parameters,
    )
    return [MemberRow(**dict(zip(MemberRow.__slots__, row, strict=True))) for row in rows]


def _invitations(database: Database, where: str, parameters: Mapping[str, Any]) -> list[InvitationRow]:
    rows = database.rows(
        f"SELECT {_INVITATION} FROM invitations WHERE {where} ORDER BY email",  # noqa: S608 - ours
        parameters,
    )
    return [InvitationRow(**dict(zip(InvitationRow.__slots__, row, strict=True))) for row in rows]

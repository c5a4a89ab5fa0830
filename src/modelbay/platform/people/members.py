"""Members of a workspace: who they are, and changing what they may do. A workspace with owners keeps one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.emails import normal_email
from modelbay.platform.people.permissions import Role, check_grant
from modelbay.platform.people.refusals import conflict, not_found
from modelbay.platform.people.workspaces import get_workspace
from modelbay.store import Database, audit, keys, sessions
from modelbay.store import people as queries
from modelbay.store.people import MemberRow


@dataclass(frozen=True, slots=True)
class Membership:
    """A workspace of a user, and the user's role there."""

    workspace: str
    name: str
    role: Role


def list_members(database: Database, workspace: str) -> Sequence[MemberRow]:
    """Return the members of a workspace, by e-mail.

    Raises:
        InvokeBadRequestError: There is no such workspace.
    """
    get_workspace(database, workspace)
    return queries.members(database, workspace)


def page_of_members(
    database: Database, workspace: str, *, after: tuple[float, str] | None, limit: int
) -> Sequence[MemberRow]:
    """Return at most `limit` members, the oldest first, from behind the `created` and `user` of one."""
    return queries.page_of_members(database, workspace, after=after, limit=limit)


def page_of_memberships(database: Database, user_id: str, *, after: str, limit: int) -> Sequence[Membership]:
    """Return at most `limit` workspaces of a user, by id, from behind one."""
    rows = queries.page_of_memberships(database, user_id, after=after, limit=limit)
    return [Membership(workspace, name, Role(role)) for workspace, name, role in rows]


def list_memberships(database: Database, user_id: str) -> Sequence[Membership]:
    """Return the workspaces of a user, by name."""
    return [
        Membership(workspace, name, Role(role))
        for workspace, name, role in queries.memberships(database, user_id)
    ]


def count_memberships(database: Database, user_id: str) -> int:
    """Return how many workspaces a user is a member of."""
    return queries.count_memberships(database, user_id)


def role_of(database: Database, workspace: str, user_id: str) -> Role | None:
    """Return what a user is in a workspace; None if that is no member."""
    row = queries.member(database, workspace, user_id)
    return None if row is None else Role(row.role)


def find_member(database: Database, workspace: str, who: str) -> MemberRow:
    """Return a member by id or e-mail.

    Raises:
        InvokeBadRequestError: There is no such member in this workspace.
    """
    user_id = who
    if "@" in who:
        user = queries.user_by_email(database, normal_email(who, field="member"))
        user_id = "" if user is None else user.id
    row = queries.member(database, workspace, user_id)
    if row is None:
        raise _no_member(who)
    return row


def change_role(
    database: Database, workspace: str, user_id: str, role: Role, *, actor: str, authority: Role
) -> MemberRow:
    """Make a member something else, at once; the member's sessions get another token at their next use.

    Args:
        authority: What the actor is in this workspace: nobody gives or takes what is above their own.

    Raises:
        ForbiddenError: The member is, or would become, more than the actor.
        InvokeBadRequestError: There is no such member, or it is the last owner.
    """
    with database.transaction():
        row = _changeable(database, workspace, user_id, authority)
        check_grant(authority, role)
        if row.role == role:
            return row
        if role is not Role.OWNER:
            _keep_an_owner(database, row)
        queries.set_role(database, workspace, user_id, role)
        _take_effect(database, row, lower=Role(row.role).includes(role))
        audit.record(database, workspace, actor, "member.role", user_id, {"role": role, "was": row.role})
    return find_member(database, workspace, user_id)


def remove_member(database: Database, workspace: str, user_id: str, *, actor: str, authority: Role) -> None:
    """Make a user no member of a workspace, at once; the user's keys in it are revoked.

    A user who belongs nowhere any more is signed out.

    Args:
        authority: What the actor is in this workspace. Who leaves acts with their own role.

    Raises:
        ForbiddenError: The member is more than the actor.
        InvokeBadRequestError: There is no such member, or it is the last owner.
    """
    with database.transaction():
        row = _changeable(database, workspace, user_id, authority)
        _keep_an_owner(database, row)
        queries.remove_member(database, workspace, user_id)
        revoked = keys.revoke_of_member(database, workspace, user_id, time.time())
        _take_effect(database, row, lower=True)
        if not queries.memberships(database, user_id):
            sessions.delete_all(database, user_id)
        action = "member.leave" if actor == user_id else "member.remove"
        facts = {"email": row.email, "was": row.role, "keys": revoked}
        audit.record(database, workspace, actor, action, user_id, facts)


def _changeable(database: Database, workspace: str, user_id: str, authority: Role) -> MemberRow:
    get_workspace(database, workspace)
    row = queries.member(database, workspace, user_id)
    if row is None:
        raise _no_member(user_id)
    check_grant(authority, Role(row.role))
    return row


def _keep_an_owner(database: Database, row: MemberRow) -> None:
    if row.role == Role.OWNER and queries.count_with_role(database, row.workspace, Role.OWNER) == 1:
        raise conflict("member", f"{row.email} is the last owner: make somebody else an owner first")


def _take_effect(database: Database, row: MemberRow, *, lower: bool) -> None:
    """Renew the sessions of a member; a lesser one's invitations are taken back."""
    sessions.renew(database, row.user)
    if lower:
        queries.delete_invitations_of(database, row.workspace, row.user)


def _no_member(who: str) -> InvokeBadRequestError:
    return not_found("member", f"{who[:60]!r} is not a member of this workspace; see modelbay member list")

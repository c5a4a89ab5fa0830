"""Invitations by link: for one e-mail and one role, for seven days, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from modelbay.platform.people.emails import normal_email
from modelbay.platform.people.permissions import Role, check_grant
from modelbay.platform.people.refusals import conflict, not_found
from modelbay.platform.people.tokens import digest_of, new_id, new_token
from modelbay.platform.people.workspaces import check_name, get_workspace
from modelbay.store import Database, audit, people, sessions
from modelbay.store import people as queries
from modelbay.store.people import InvitationRow, UserRow

LIFETIME: Final = 7 * 86_400.0  # seconds
PAGE: Final = "/join"


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation that has just been made: the only time that `token` is known."""

    token: str = field(repr=False)
    row: InvitationRow


def invite(
    database: Database, workspace: str, email: str, role: Role, *, actor: str, authority: Role, now: float
) -> NewInvitation:
    """Invite somebody into a workspace; an earlier invitation of the same person is valid no more.

    Args:
        authority: What the actor is in this workspace: nobody invites to what is above their own.

    Raises:
        ForbiddenError: The role may do more than the actor.
        InvokeBadRequestError: This is no e-mail, there is no such workspace, or it is a member's already.
    """
    email = normal_email(email)
    check_grant(authority, role)
    token = new_token()
    row = InvitationRow(
        workspace=workspace,
        id=new_id("inv"),
        hash=digest_of(token),
        email=email,
        role=role.value,
        created=now,
        expires=now + LIFETIME,
        actor=actor,
    )
    with database.transaction():
        get_workspace(database, workspace)
        user = queries.user_by_email(database, email)
        if user is not None and queries.member(database, workspace, user.id) is not None:
            raise conflict("email", f"{email} is a member already; see modelbay member role")
        queries.insert_invitation(database, row)
        audit.record(
            database, workspace, actor, "invitation.create", row.id, {"email": email, "role": role}, at=now
        )
    return NewInvitation(token, row)


def link_of(base: str, page: str, token: str) -> str:
    """Return a link to one of our pages. The token stands where browsers keep it to themselves."""
    return f"{base.rstrip('/')}{page}#{token}"


def list_invitations(database: Database, workspace: str, *, now: float) -> Sequence[InvitationRow]:
    """Return the invitations that are open, by e-mail."""
    return [row for row in queries.invitations(database, workspace) if row.expires > now]


def page_of_invitations(
    database: Database, workspace: str, *, after: str, limit: int, now: float
) -> Sequence[InvitationRow]:
    """Return at most `limit` invitations that are open, by e-mail, from behind one."""
    return queries.page_of_invitations(database, workspace, after=after, limit=limit, now=now)


def revoke_invitation(database: Database, workspace: str, invitation_id: str, *, actor: str) -> None:
    """Take an invitation back.

    Raises:
        InvokeBadRequestError: There is none of this id.
    """
    with database.transaction():
        if not queries.delete_invitation(database, workspace, invitation_id):
            raise not_found("invitation", f"there is no invitation {invitation_id[:40]!r}")
        audit.record(database, workspace, actor, "invitation.revoke", invitation_id)


def open_invitation(database: Database, token: str, *, now: float) -> InvitationRow:
    """Return the invitation of a link.

    Raises:
        InvokeBadRequestError: It was used, taken back, or is too old.
    """
    digest = digest_of(token)
    row = queries.invitation_by_hash(database, digest)
    if row is None or not compare_digest(row.hash, digest) or row.expires <= now:
        raise not_found("token", "this invitation was used or taken back, or is too old: ask for another")
    return row


def accept_as(database: Database, token: str, user_id: str, *, now: float) -> InvitationRow:
    """Have a user who has signed in take an invitation.

    Raises:
        InvokeBadRequestError: It is not valid, or meant for somebody else.
    """
    with database.transaction():
        row = open_invitation(database, token, now=now)
        user = queries.user(database, user_id)
        if user is None or user.email != row.email:
            raise conflict("email", "this invitation is for another e-mail: sign in with that one")
        _join(database, row, user.id, now)
        sessions.renew(database, user.id)
    return row


def accept_as_new(database: Database, token: str, *, name: str, password: str, now: float) -> UserRow:
    """Make the user that an invitation is for.

    Args:
        password: Its hash.

    Raises:
        InvokeBadRequestError: It is not valid, the name is none, or the user has signed in here before.
    """
    check_name(name)
    with database.transaction():
        row = open_invitation(database, token, now=now)
        user = new_user(database, row.email, name=name, password=password, now=now)
        _join(database, row, user.id, now)
    return user


def accept_all(database: Database, user: UserRow, *, now: float) -> int:
    """Have a user take all invitations to an e-mail that is proved to be theirs; inside a transaction."""
    rows = [row for row in queries.invitations_for(database, user.email) if row.expires > now]
    for row in rows:
        _join(database, row, user.id, now)
    return len(rows)


def new_user(database: Database, email: str, *, name: str, password: str, now: float) -> UserRow:
    """Make a user; inside a transaction. The password is given as its hash.

    Raises:
        InvokeBadRequestError: Somebody has this e-mail.
    """
    user = UserRow(id=new_id("usr"), email=email, name=name, password=password, created=now)
    if not people.insert_user(database, user):
        raise conflict("email", f"{email} has an account here: sign in with its password")
    return user


def _join(database: Database, row: InvitationRow, user_id: str, now: float) -> None:
    queries.delete_invitation(database, row.workspace, row.id)
    if not queries.insert_member(database, row.workspace, user_id, row.role, now):
        raise conflict("email", f"{row.email} is a member already")
    detail = {"invitation": row.id, "email": row.email, "role": row.role}
    audit.record(database, row.workspace, user_id, "invitation.accept", user_id, detail, at=now)

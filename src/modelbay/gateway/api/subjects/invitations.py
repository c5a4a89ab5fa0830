"""Invitations into a workspace, and taking one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Email, Page, PageQuery, Password, Token, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.subjects.sessions import SessionAnswer, begun
from modelbay.platform.people import invitations
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.workspaces import get_workspace
from modelbay.store import Database
from modelbay.store.people import InvitationRow


class InvitationAnswer(Answer):
    """An invitation that is open."""

    id: str = Field(description="The invitation's id.")
    email: str = Field(description="Whom it is for.")
    role: Role = Field(description="What they will be.")
    created: datetime = Field(description="When it was made.")
    expires: datetime = Field(description="When it is valid no more.")
    actor: str = Field(description="Who has invited: a user's id.")


class NewInvitationAnswer(InvitationAnswer):
    """An invitation that has just been made."""

    token: str = Field(description="What opens it. It is shown this once.")
    link: str = Field(description="The page where it is taken, with the token: send it to whom it is for.")


class Invitations(Page[InvitationAnswer]):
    """A page of open invitations, by e-mail."""


class NewInvitation(Body):
    """Whom to invite."""

    email: Email = Field(description="The e-mail of whom to invite; an earlier invitation is replaced.")
    role: Role = Field(strict=False, description="What they will be. Nobody gives more than they are.")


class InvitationToken(Body):
    """What a link holds."""

    token: Token = Field(description="What follows `#` in the link.")


class OpenedInvitation(Answer):
    """What an invitation is for; not whether they have an account, which whoever invites could ask then."""

    workspace: str = Field(description="The name of the workspace.")
    email: str = Field(description="Whom it is for.")
    role: Role = Field(description="What they will be.")


class Acceptance(Body):
    """Taking an invitation."""

    token: Token = Field(description="What follows `#` in the link.")
    password: Password = Field(
        description="A new account's password, 12 to 1000 characters; else the account's."
    )
    name: str = Field("", max_length=100, description="The name of a new account.")


def _answer(row: InvitationRow) -> InvitationAnswer:
    return InvitationAnswer(
        id=row.id,
        email=row.email,
        role=Role(row.role),
        created=moment(row.created),
        expires=moment(row.expires),
        actor=row.actor,
    )


async def list_open(request: Request[None, PageQuery]) -> Reply:
    """List open invitations."""
    after = begin(request, str)
    rows = await request.run(
        invitations.page_of_invitations,
        request.workspace,
        after=after[0] if after else "",
        limit=request.query.limit + 1,
        now=request.now,
    )
    kept, following = cut(request, rows, lambda row: (row.email,))
    return Reply(Invitations(items=[_answer(row) for row in kept], next=following))


async def invite(request: Request[NewInvitation, None]) -> Reply:
    """Invite somebody."""
    made = await request.run(
        invitations.invite,
        request.workspace,
        request.body.email,
        request.body.role,
        actor=request.actor,
        authority=request.authority,
        now=request.now,
    )
    link = invitations.link_of(request.base, invitations.PAGE, made.token)
    known = _answer(made.row).model_dump()
    return Reply(NewInvitationAnswer(**known, token=made.token, link=link))


async def revoke(request: Request[None, None]) -> Reply:
    """Take an invitation back."""
    await request.run(
        invitations.revoke_invitation,
        request.workspace,
        request.params["invitation"],
        actor=request.actor,
    )
    return Reply()


async def look(request: Request[InvitationToken, None]) -> Reply:
    """Say what an invitation is for, to whoever has its link."""
    return Reply(await request.run(_opened, request.body.token, request.now))


def _opened(database: Database, token: str, now: float) -> OpenedInvitation:
    row = invitations.open_invitation(database, token, now=now)
    return OpenedInvitation(
        workspace=get_workspace(database, row.workspace).name,
        email=row.email,
        role=Role(row.role),
    )


async def accept(request: Request[Acceptance, None]) -> Reply:
    """Take an invitation, and sign in."""
    body = request.body
    session = await request.services.sign_in.accept_invitation(
        body.token, name=body.name, password=body.password, browser=request.browser
    )
    return await begun(request, session)


_ALL: Final = "/api/workspaces/{workspace}/invitations"

OPERATIONS: Final = [
    Operation(
        id="listInvitations",
        method="GET",
        path=_ALL,
        action="invitation.read",
        summary="List the open invitations into a workspace, by e-mail.",
        serve=list_open,
        query=PageQuery,
        answer=Invitations,
    ),
    Operation(
        id="invite",
        method="POST",
        path=_ALL,
        action="invitation.create",
        summary="Invite somebody by a link, which is good once, for seven days.",
        serve=invite,
        body=NewInvitation,
        answer=NewInvitationAnswer,
        status=201,
        secret=True,
    ),
    Operation(
        id="revokeInvitation",
        method="DELETE",
        path="/api/workspaces/{workspace}/invitations/{invitation}",
        action="invitation.revoke",
        summary="Take an invitation back.",
        serve=revoke,
        status=204,
    ),
    Operation(
        id="openInvitation",
        method="POST",
        path="/api/invitations/open",
        action="invitation.accept",
        summary="Say what an invitation is for, to whoever has its link.",
        serve=look,
        body=InvitationToken,
        answer=OpenedInvitation,
        errors=(404,),
    ),
    Operation(
        id="acceptInvitation",
        method="POST",
        path="/api/invitations/accept",
        action="invitation.accept",
        summary="Take an invitation, and sign in.",
        description="Whoever has an account proves it with its password: a link alone opens nobody's.",
        serve=accept,
        body=Acceptance,
        answer=SessionAnswer,
        status=201,
        errors=(401, 404, 409, 429),
    ),
]

"""Members of a workspace and their roles."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.people import members
from modelbay.platform.people.permissions import Role
from modelbay.store.people import MemberRow


class MemberAnswer(Answer):
    """A member of a workspace."""

    id: str = Field(description="The user's id.")
    email: str = Field(description="The user's e-mail.")
    name: str = Field(description="What the user is called.")
    role: Role = Field(description="What the user is in this workspace.")
    created: datetime = Field(description="Since when.")


class Members(Page[MemberAnswer]):
    """A page of members, the oldest first."""


class RoleChange(Body):
    """Another role."""

    role: Role = Field(strict=False, description="What the member is to be. Nobody gives more than they are.")


def _answer(row: MemberRow) -> MemberAnswer:
    return MemberAnswer(
        id=row.user, email=row.email, name=row.name, role=Role(row.role), created=moment(row.created)
    )


async def list_members(request: Request[None, PageQuery]) -> Reply:
    """List members."""
    rows = await request.run(
        members.page_of_members,
        request.workspace,
        after=begin(request, float, str),
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, rows, lambda row: (row.created, row.user))
    return Reply(Members(items=[_answer(row) for row in kept], next=following))


async def read(request: Request[None, None]) -> Reply:
    """Return a member."""
    return Reply(_answer(await request.run(members.find_member, request.workspace, request.params["member"])))


async def change_role(request: Request[RoleChange, None]) -> Reply:
    """Make a member something else."""
    row = await request.run(
        members.change_role,
        request.workspace,
        request.params["member"],
        request.body.role,
        actor=request.actor,
        authority=request.authority,
    )
    return Reply(_answer(row))


async def remove(request: Request[None, None]) -> Reply:
    """Make a user no member."""
    await _remove(request, request.params["member"])
    return Reply()


async def leave(request: Request[None, None]) -> Reply:
    """Be no member any more."""
    await _remove(request, request.actor)
    return Reply()


async def _remove(request: Request[None, None], member: str) -> None:
    await request.run(
        members.remove_member, request.workspace, member, actor=request.actor, authority=request.authority
    )


_ALL: Final = "/api/workspaces/{workspace}/members"
_ONE: Final = "/api/workspaces/{workspace}/members/{member}"

OPERATIONS: Final = [
    Operation(
        id="listMembers",
        method="GET",
        path=_ALL,
        action="member.read",
        summary="List the members of a workspace, the oldest first.",
        serve=list_members,
        query=PageQuery,
        answer=Members,
    ),
    Operation(
        id="getMember",
        method="GET",
        path=_ONE,
        action="member.read",
        summary="Return a member.",
        serve=read,
        answer=MemberAnswer,
    ),
    Operation(
        id="changeRole",
        method="PATCH",
        path=_ONE,
        action="member.role",
        summary="Change what a member may do, at once.",
        description="A workspace with owners keeps one.",
        serve=change_role,
        body=RoleChange,
        answer=MemberAnswer,
        errors=(409,),
    ),
    Operation(
        id="removeMember",
        method="DELETE",
        path=_ONE,
        action="member.remove",
        summary="Make a user no member of a workspace, at once.",
        serve=remove,
        status=204,
        errors=(409,),
    ),
    Operation(
        id="leaveWorkspace",
        method="POST",
        path="/api/workspaces/{workspace}/leave",
        action="member.leave",
        summary="Be no member of a workspace any more.",
        serve=leave,
        status=204,
    ),
]

"""Workspaces: one's own, and all of the installation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Name, Page, PageQuery, Query, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.people import workspaces
from modelbay.platform.people.members import page_of_memberships
from modelbay.platform.people.permissions import Role
from modelbay.store.workspaces import WorkspaceRow


class WorkspaceAnswer(Answer):
    """A workspace."""

    id: str = Field(description="The workspace's id, which paths name.")
    name: str = Field(description="What people call it.")
    created: datetime = Field(description="When it was made.")
    version: int = Field(description="Rises with every change.")


class Workspaces(Page[WorkspaceAnswer]):
    """A page of workspaces, the oldest first."""


class OwnWorkspace(Answer):
    """A workspace that one is a member of."""

    id: str = Field(description="The workspace's id, which paths name.")
    name: str = Field(description="What people call it.")
    role: Role = Field(description="What one is there.")


class OwnWorkspaces(Page[OwnWorkspace]):
    """A page of the workspaces that one is a member of, by id."""


class NewWorkspace(Body):
    """A new workspace."""

    name: Name = Field(description="1 to 100 characters that can be printed.")


class WorkspaceChange(Body):
    """What is to change about a workspace."""

    name: Name = Field(description="1 to 100 characters that can be printed.")
    version: int | None = Field(
        None, ge=0, description="The version that was seen, where `If-Match` is not sent."
    )


class DeleteQuery(Query):
    """How to delete a workspace."""

    force: bool = Field(False, description="Delete it with the keys and credentials that it has.")


def _answer(row: WorkspaceRow) -> WorkspaceAnswer:
    return WorkspaceAnswer(id=row.id, name=row.name, created=moment(row.created), version=row.version)


def _reply(row: WorkspaceRow) -> Reply:
    return Reply(_answer(row), version=row.version)


async def list_own(request: Request[None, PageQuery]) -> Reply:
    """List the workspaces of who asks."""
    after = begin(request, str)
    rows = await request.run(
        page_of_memberships,
        request.signed_in.user.id,
        after=after[0] if after else "",
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, rows, lambda row: (row.workspace,))
    items = [OwnWorkspace(id=row.workspace, name=row.name, role=row.role) for row in kept]
    return Reply(OwnWorkspaces(items=items, next=following))


async def list_all(request: Request[None, PageQuery]) -> Reply:
    """List all workspaces of the installation."""
    rows = await request.run(
        workspaces.page_of_workspaces, after=begin(request, float, str), limit=request.query.limit + 1
    )
    kept, following = cut(request, rows, lambda row: (row.created, row.id))
    return Reply(Workspaces(items=[_answer(row) for row in kept], next=following))


async def create(request: Request[NewWorkspace, None]) -> Reply:
    """Make a workspace whose owner is who asks."""
    row = await request.run(
        workspaces.create_workspace, request.body.name, actor=request.actor, owner=request.actor
    )
    return _reply(row)


async def read(request: Request[None, None]) -> Reply:
    """Return a workspace."""
    return _reply(await request.run(workspaces.get_workspace, request.workspace))


async def rename(request: Request[WorkspaceChange, None]) -> Reply:
    """Rename a workspace."""
    row = await request.run(
        workspaces.rename_workspace,
        request.workspace,
        request.body.name,
        actor=request.actor,
        version=request.version,
    )
    return _reply(row)


async def delete(request: Request[None, DeleteQuery]) -> Reply:
    """Delete a workspace."""
    await request.run(
        workspaces.delete_workspace,
        request.workspace,
        actor=request.actor,
        force=request.query.force,
        version=request.version,
    )
    return Reply()


_ONE: Final[Any] = {"path": "/api/workspaces/{workspace}", "versioned": True}

OPERATIONS: Final = [
    Operation(
        id="listWorkspaces",
        method="GET",
        path="/api/workspaces",
        action="workspace.read",
        summary="List the workspaces that one is a member of.",
        serve=list_own,
        query=PageQuery,
        answer=OwnWorkspaces,
    ),
    Operation(
        id="listAllWorkspaces",
        method="GET",
        path="/api/installation/workspaces",
        action="workspace.list",
        summary="List all workspaces of the installation, the oldest first.",
        serve=list_all,
        query=PageQuery,
        answer=Workspaces,
    ),
    Operation(
        id="createWorkspace",
        method="POST",
        path="/api/workspaces",
        action="workspace.create",
        summary="Make a workspace, and be its first owner.",
        serve=create,
        body=NewWorkspace,
        answer=WorkspaceAnswer,
        status=201,
    ),
    Operation(
        id="getWorkspace",
        method="GET",
        action="workspace.read",
        summary="Return a workspace.",
        serve=read,
        answer=WorkspaceAnswer,
        **_ONE,
    ),
    Operation(
        id="renameWorkspace",
        method="PATCH",
        action="workspace.rename",
        summary="Rename a workspace.",
        serve=rename,
        body=WorkspaceChange,
        answer=WorkspaceAnswer,
        **_ONE,
    ),
    Operation(
        id="deleteWorkspace",
        method="DELETE",
        action="workspace.delete",
        summary="Delete a workspace with its members, keys and credentials.",
        description="What its calls came to, and its audit log, stay. The first workspace cannot be deleted.",
        serve=delete,
        query=DeleteQuery,
        status=204,
        **_ONE,
    ),
]

"""The audit log: who changed what, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Page, PageQuery, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.store import audit


class Change(Answer):
    """A change."""

    id: str = Field(description="The id of the entry.")
    at: datetime = Field(description="When it was made.")
    actor: str = Field(description="Who made it: a user's id, `key:` and a key's, or `cli`.")
    action: str = Field(description="What was done, such as `credential.create`.")
    target: str = Field(description="What it was done to: an id or a name.")
    detail: dict[str, Any] = Field(description="Facts about it; never a secret.")


class Changes(Page[Change]):
    """A page of changes, the newest first."""


async def list_changes(request: Request[None, PageQuery]) -> Reply:
    """List changes."""
    rows = await request.run(
        audit.listed,
        request.workspace,
        before=begin(request, float, str),
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, rows, lambda row: (row.at, row.id))
    items = [
        Change(
            id=row.id,
            at=moment(row.at),
            actor=row.actor,
            action=row.action,
            target=row.target,
            detail=dict(row.detail),
        )
        for row in kept
    ]
    return Reply(Changes(items=items, next=following))


OPERATIONS: Final = [
    Operation(
        id="listChanges",
        method="GET",
        path="/api/workspaces/{workspace}/audit",
        action="audit.read",
        summary="List who changed what, the newest first.",
        description="What concerns the whole installation is in the first workspace's log.",
        serve=list_changes,
        query=PageQuery,
        answer=Changes,
    ),
]

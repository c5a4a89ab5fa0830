"""Keys that open the gateway for a workspace."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, moment, moment_or_none
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform import keys
from modelbay.store.keys import KeyRow

Pattern = Annotated[str, Field(min_length=1, max_length=200)]


class KeyAnswer(Answer):
    """A key, without what opens the gateway."""

    id: str = Field(description="The key's id.")
    name: str = Field(description="Whose it is, or what for.")
    hint: str = Field(description="How the key begins.")
    models: list[str] = Field(description="Patterns of the models that it opens; all if there are none.")
    state: Literal["active", "expired", "revoked"] = Field(description="Whether it opens anything.")
    created: datetime = Field(description="When it was made.")
    expires: datetime | None = Field(description="When it opens nothing any more; null for never.")
    revoked: datetime | None = Field(description="When it was revoked.")
    last_used: datetime | None = Field(description="When a call last came with it, to the second or so.")


class NewKeyAnswer(KeyAnswer):
    """A key that has just been made."""

    key: str = Field(description="What opens the gateway. It is shown this once.")


class Keys(Page[KeyAnswer]):
    """A page of keys, the oldest first."""


class NewKey(Body):
    """A new key."""

    name: str = Field("", max_length=200, description="Whose it is, or what for.")
    models: list[Pattern] = Field(
        default_factory=list,
        max_length=1000,
        description="Patterns such as `openai/*`, or routes' names; without any it opens all models.",
    )
    expires_in: float | None = Field(
        None, gt=0, le=3_153_600_000, description="Seconds until it opens nothing any more; null for never."
    )


def _answer(row: KeyRow) -> KeyAnswer:
    return KeyAnswer(
        id=row.id,
        name=row.name,
        hint=row.hint,
        models=list(row.models),
        state=keys.state_of(row, time.time()),
        created=moment(row.created),
        expires=moment_or_none(row.expires),
        revoked=moment_or_none(row.revoked),
        last_used=moment_or_none(row.last_used),
    )


async def list_keys(request: Request[None, PageQuery]) -> Reply:
    """List keys."""
    rows = await request.run(
        keys.page_of_keys,
        workspace=request.workspace,
        after=begin(request, float, str),
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, rows, lambda row: (row.created, row.id))
    return Reply(Keys(items=[_answer(row) for row in kept], next=following))


async def read(request: Request[None, None]) -> Reply:
    """Return a key."""
    row = await request.run(keys.get_key, request.params["key"], workspace=request.workspace)
    return Reply(_answer(row))


async def create(request: Request[NewKey, None]) -> Reply:
    """Make a key."""
    body = request.body
    new = await request.run(
        keys.create_key,
        name=body.name,
        models=body.models,
        lifetime=body.expires_in,
        workspace=request.workspace,
        actor=request.actor,
    )
    return Reply(NewKeyAnswer(**_answer(new.row).model_dump(), key=new.secret))


async def revoke(request: Request[None, None]) -> Reply:
    """Close a key for good."""
    await request.run(
        keys.revoke_key, request.params["key"], workspace=request.workspace, actor=request.actor
    )
    return Reply()


_ALL: Final = "/api/workspaces/{workspace}/keys"
_ONE: Final = "/api/workspaces/{workspace}/keys/{key}"

OPERATIONS: Final = [
    Operation(
        id="listKeys",
        method="GET",
        path=_ALL,
        action="key.read",
        summary="List the keys of a workspace, the oldest first; those revoked and expired included.",
        serve=list_keys,
        query=PageQuery,
        answer=Keys,
    ),
    Operation(
        id="createKey",
        method="POST",
        path=_ALL,
        action="key.create",
        summary="Make a key; the answer is the only time that it is shown.",
        serve=create,
        body=NewKey,
        answer=NewKeyAnswer,
        status=201,
        secret=True,
    ),
    Operation(
        id="getKey",
        method="GET",
        path=_ONE,
        action="key.read",
        summary="Return a key, without what opens the gateway.",
        serve=read,
        answer=KeyAnswer,
    ),
    Operation(
        id="revokeKey",
        method="DELETE",
        path=_ONE,
        action="key.revoke",
        summary="Close a key for good; every gateway refuses it within a second.",
        serve=revoke,
        status=204,
    ),
]

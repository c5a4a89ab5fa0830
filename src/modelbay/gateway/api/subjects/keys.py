"""Keys that open the gateway for a workspace."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, moment, moment_or_none
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform import keys
from modelbay.platform.key_scopes import Scopes
from modelbay.platform.lineages import state_of
from modelbay.platform.people.refusals import not_found
from modelbay.store import Database
from modelbay.store import keys as queries
from modelbay.store.keys import KeyRow

Pattern = Annotated[str, Field(min_length=1, max_length=200)]


class KeyAnswer(Answer):
    """A key, without what opens the gateway."""

    id: str = Field(description="The key's id.")
    name: str = Field(description="Whose it is, or what for.")
    hint: str = Field(description="How the key begins.")
    models: list[str] = Field(description="Patterns of the models that it opens; all if there are none.")
    types: list[str] = Field(description="Types of the models that it opens; all if there are none.")
    surfaces: list[str] = Field(description="Patterns of operations that it opens; all if there are none.")
    networks: list[str] = Field(description="Addresses that it may come from; any if there are none.")
    member: str = Field(description="Whose key it is; empty if it is the workspace's.")
    parent: str = Field(description="The key that it is narrower than and ends with; empty if none.")
    state: Literal["active", "expired", "revoked"] = Field(
        description="Whether it opens anything, as long as those above it do."
    )
    version: int = Field(description="It rises with every change.")
    created: datetime = Field(description="When it was made.")
    expires: datetime | None = Field(description="When it opens nothing any more; null for never.")
    revoked: datetime | None = Field(description="When it was revoked.")
    last_used: datetime | None = Field(description="When a call last came with it, to the second or so.")


class NewKeyAnswer(KeyAnswer):
    """A key that has just been made."""

    key: str = Field(description="What opens the gateway. It is shown this once.")


class Keys(Page[KeyAnswer]):
    """A page of keys, the oldest first."""


class _Scoped(Body):
    """What a key is restricted to; what is left out stays as it is, of a new key as above it."""

    models: list[Pattern] | None = Field(
        None, max_length=1000, description="Patterns such as `openai/*`, or routes' names; none for all."
    )
    types: list[Pattern] | None = Field(
        None, max_length=1000, description="Types of models, such as `llm`; none for all."
    )
    surfaces: list[Pattern] | None = Field(
        None, max_length=1000, description="Operations, such as `openai.chat` or `anthropic.*`; none for all."
    )
    networks: list[Pattern] | None = Field(
        None, max_length=1000, description="Ranges of addresses, such as `192.0.2.0/24`; none for any."
    )

    def scopes(self) -> Scopes:
        """Return what is said of them."""
        return Scopes(models=self.models, types=self.types, surfaces=self.surfaces, networks=self.networks)


class NewKey(_Scoped):
    """A new key."""

    name: str = Field("", max_length=200, description="Whose it is, or what for.")
    parent: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="The key that it is narrower than. A key makes keys below itself: it may leave this out.",
    )
    member: str | None = Field(None, min_length=1, max_length=100, description="The member whose key it is.")
    expires_in: float | None = Field(
        None, gt=0, le=3_153_600_000, description="Seconds until it opens nothing any more; null for never."
    )


class ChangedKey(_Scoped):
    """What becomes of a key; what is left out stays."""

    name: str | None = Field(None, max_length=200, description="Whose it is, or what for.")
    expires: datetime | None = Field(
        None, strict=False, description="When it opens nothing any more; null, if it is given, for never."
    )
    version: int | None = Field(None, ge=1, description="The version that was seen; else `If-Match`.")


def _answer(row: KeyRow) -> KeyAnswer:
    return KeyAnswer(
        id=row.id,
        name=row.name,
        hint=row.hint,
        models=list(row.models),
        types=list(row.types),
        surfaces=list(row.surfaces),
        networks=list(row.networks),
        member=row.member,
        parent=row.parent,
        state=state_of(row, time.time()),
        version=row.version,
        created=moment(row.created),
        expires=moment_or_none(row.expires),
        revoked=moment_or_none(row.revoked),
        last_used=moment_or_none(row.last_used),
    )


async def list_keys(request: Request[None, PageQuery]) -> Reply:
    """List keys; a key sees those below it."""
    rows = await request.run(
        keys.page_of_keys,
        workspace=request.workspace,
        after=begin(request, float, str),
        limit=request.query.limit + 1,
        below=_asking(request),
    )
    kept, following = cut(request, rows, lambda row: (row.created, row.id))
    return Reply(Keys(items=[_answer(row) for row in kept], next=following))


async def read(request: Request[None, None]) -> Reply:
    """Return a key; a key sees itself and those below it."""
    return await request.run(_read, request.workspace, request.params["key"], _asking(request))


async def create(request: Request[NewKey, None]) -> Reply:
    """Make a key; a key makes keys below itself."""
    body, parent = request.body, request.body.parent or _asking(request)
    common: dict[str, Any] = {
        "name": body.name,
        "lifetime": body.expires_in,
        "workspace": request.workspace,
        "actor": request.actor,
    }
    if parent:
        new = await request.run(
            keys.narrower_key, parent, body.scopes(), member=body.member, by=_asking(request), **common
        )
    else:
        scopes: dict[str, Any] = dict(body.scopes().given())
        new = await request.run(keys.create_key, member=body.member or "", **scopes, **common)
    answer = NewKeyAnswer(**_answer(new.row).model_dump(), key=new.secret)
    return Reply(answer, version=new.row.version)


async def change(request: Request[ChangedKey, None]) -> Reply:
    """Change a key; a key changes those below itself."""
    body = request.body
    expires = None if body.expires is None else body.expires.timestamp()
    row = await request.run(
        keys.edit_key,
        request.params["key"],
        body.scopes(),
        name=body.name,
        expires=expires if "expires" in body.model_fields_set else keys.KEPT,
        version=request.version,
        workspace=request.workspace,
        actor=request.actor,
        by=_asking(request),
    )
    return Reply(_answer(row), version=row.version)


async def revoke(request: Request[None, None]) -> Reply:
    """Close a key for good; a key closes itself and those below it."""
    await request.run(
        keys.revoke_key,
        request.params["key"],
        workspace=request.workspace,
        actor=request.actor,
        by=_asking(request),
    )
    return Reply()


def _asking(request: Request[Any, Any]) -> str:
    """Return the id of the key that asks; "" if a person does."""
    return request.key.key_id if request.key is not None else ""


def _read(database: Database, workspace: str, key_id: str, by: str) -> Reply:
    row = keys.get_key(database, key_id, workspace=workspace)
    if by and by not in queries.lineages(database, workspace)[key_id]:
        raise not_found("key", f"there is no key {key_id[:40]!r} at or below yours")
    return Reply(_answer(row), version=row.version)


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
        by_key=True,
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
        by_key=True,
        versioned=True,
        errors=(404, 409),
    ),
    Operation(
        id="getKey",
        method="GET",
        path=_ONE,
        action="key.read",
        summary="Return a key, without what opens the gateway.",
        serve=read,
        answer=KeyAnswer,
        by_key=True,
        versioned=True,
    ),
    Operation(
        id="changeKey",
        method="PATCH",
        path=_ONE,
        action="key.edit",
        summary="Change a key, for the next call with it; keys below it never open more than it does.",
        serve=change,
        body=ChangedKey,
        answer=KeyAnswer,
        by_key=True,
        versioned=True,
        errors=(409,),
    ),
    Operation(
        id="revokeKey",
        method="DELETE",
        path=_ONE,
        action="key.revoke",
        summary="Close a key and all below it for good; every gateway refuses them within a second.",
        serve=revoke,
        status=204,
        by_key=True,
    ),
]

"""Rates: requests and tokens a minute, and calls at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, Query, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.limits import rates as rules
from modelbay.platform.limits.rates import MOST
from modelbay.platform.limits.scopes import Limits, Scope
from modelbay.store.rates import RateRow

Limit = Annotated[int, Field(ge=1, le=MOST)]
_WHICH: Final = (
    "A member's or a key's id, `provider/model`, or `*` for each of them where its own rate says nothing; "
    "empty for the workspace."
)


class RateAnswer(Answer):
    """How much somebody or something may have."""

    scope: Scope = Field(description="What is limited.")
    target: str = Field(description=_WHICH)
    requests: int | None = Field(description="Calls within any minute; null for no limit.")
    tokens: int | None = Field(description="Tokens within any minute; null for no limit.")
    parallel: int | None = Field(description="Calls at any moment; null for no limit.")
    created: datetime = Field(description="When it was first set.")
    updated: datetime = Field(description="When it was changed last.")
    version: int = Field(description="It rises with every change.")


class RatePage(Page[RateAnswer]):
    """A page of rates: the workspace's own, then those of members, keys and models."""


class NewRate(Body):
    """All limits of something; what is left out is not limited."""

    scope: Scope = Field(strict=False, description="What is limited.")
    target: str = Field("", max_length=512, description=_WHICH)
    requests: Limit | None = Field(None, description="Calls within any minute.")
    tokens: Limit | None = Field(None, description="Tokens within any minute.")
    parallel: Limit | None = Field(None, description="Calls at any moment.")
    version: int | None = Field(
        None, ge=0, description="The version that was seen, 0 for none; else `If-Match`."
    )


class RateQuery(Query):
    """Whose rate."""

    scope: Scope = Field(description="What is limited.")
    target: str = Field("", max_length=512, description=_WHICH)


async def list_rates(request: Request[None, PageQuery]) -> Reply:
    """List rates."""
    rows = await request.run(rules.list_rates, request.workspace)
    kept, following = cut_list(request, rows, lambda row: f"{row.scope} {row.scope_id}")
    return Reply(RatePage(items=[_answer(row) for row in kept], next=following))


async def put(request: Request[NewRate, None]) -> Reply:
    """Limit something."""
    body = request.body
    row = await request.run(
        rules.set_rate,
        request.workspace,
        body.scope,
        body.target,
        Limits(requests=body.requests, tokens=body.tokens, parallel=body.parallel),
        version=request.version,
        actor=request.actor,
    )
    return Reply(_answer(row), version=row.version)


async def delete(request: Request[None, RateQuery]) -> Reply:
    """Limit something no more."""
    query = request.query
    await request.run(
        rules.delete_rate,
        request.workspace,
        query.scope,
        query.target,
        version=request.version,
        actor=request.actor,
    )
    return Reply()


def _answer(row: RateRow) -> RateAnswer:
    return RateAnswer(
        scope=Scope(row.scope),
        target=row.scope_id,
        requests=row.requests,
        tokens=row.tokens,
        parallel=row.parallel,
        created=moment(row.created),
        updated=moment(row.updated),
        version=row.version,
    )


_ALL: Final = "/api/workspaces/{workspace}/rates"

OPERATIONS: Final = [
    Operation(
        id="listRates",
        method="GET",
        path=_ALL,
        action="rate.read",
        summary="List what is limited in a workspace.",
        serve=list_rates,
        query=PageQuery,
        answer=RatePage,
    ),
    Operation(
        id="setRate",
        method="PUT",
        path=_ALL,
        action="rate.set",
        summary="Limit something; a call has to keep all the rates that apply to it.",
        description="Running gateways keep to it within a second.",
        serve=put,
        body=NewRate,
        answer=RateAnswer,
        versioned=True,
    ),
    Operation(
        id="deleteRate",
        method="DELETE",
        path=_ALL,
        action="rate.delete",
        summary="Limit something no more.",
        serve=delete,
        query=RateQuery,
        status=204,
        versioned=True,
    ),
]

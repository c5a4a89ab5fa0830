"""Hosted quotas: what the installation lends a workspace of its own credentials."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, moment_or_none
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.limits import quotas as rules
from modelbay.platform.limits.hosted import Kind, Unit
from modelbay.platform.limits.quotas import Quota

First = Literal["hosted", "own", "auto"]
_KIND: Final = {"kind": "The kind of a quota: `paid`, `free` or `trial`."}


class QuotaAnswer(Answer):
    """A quota, and where it stands."""

    provider: str = Field(description="The provider that is lent.")
    kind: Kind = Field(description="Paid ones are used up before free ones, free ones before trials.")
    unit: Unit = Field(description="What it counts.")
    limit: str = Field(description="What may be used of it; -1 without limit.")
    used: str = Field(description="What was used in this period.")
    held: str = Field(description="What calls under way may use at most.")
    valid: bool = Field(description="Whether anything is left.")
    granted: bool = Field(description="Whether the limit was set for this workspace.")
    preferred: First = Field(description="Which credentials of the provider are used first.")
    models: list[str] = Field(description="Patterns of the models that it covers; empty for all.")
    ends: datetime | None = Field(description="When the next period begins; null if there is none.")


class Quotas(Page[QuotaAnswer]):
    """A page of quotas, by provider."""


class Granted(Body):
    """What a workspace may use of a quota."""

    limit: Annotated[str, Field(pattern=r"^(-1|[0-9]{1,15})$")] | None = Field(
        description="In the quota's unit; -1 without limit, null as the installation's file says."
    )


class Preferred(Body):
    """Which credentials of a provider are used first."""

    preferred: First = Field(description="`auto`: own ones where there are any.")


class PreferredAnswer(Preferred, Answer):
    """Which credentials of a provider are used first."""


def _answer(quota: Quota) -> QuotaAnswer:
    return QuotaAnswer(
        provider=quota.provider,
        kind=Kind(quota.kind),
        unit=Unit(quota.unit),
        limit=f"{quota.limit:f}",
        used=f"{quota.used:f}",
        held=f"{quota.held:f}",
        valid=quota.valid,
        granted=quota.granted,
        preferred=quota.preferred,
        models=list(quota.models),
        ends=moment_or_none(quota.ends),
    )


async def list_quotas(request: Request[None, PageQuery]) -> Reply:
    """List quotas."""
    hosted = request.services.platform.hosted
    found = await request.run(rules.list_quotas, hosted, request.workspace)
    kept, following = cut_list(request, found, lambda each: f"{each.provider}/{each.kind}")
    return Reply(Quotas(items=[_answer(each) for each in kept], next=following))


async def grant(request: Request[Granted, None]) -> Reply:
    """Set what a workspace may use."""
    hosted, provider, kind = (
        request.services.platform.hosted,
        request.params["provider"],
        request.params["kind"],
    )
    limit = request.body.limit
    await request.run(rules.grant, hosted, request.workspace, provider, kind, limit, actor=request.actor)
    found = await request.run(rules.list_quotas, hosted, request.workspace)
    [now] = [each for each in found if (each.provider, each.kind) == (provider, kind)]
    return Reply(_answer(now))


async def prefer(request: Request[Preferred, None]) -> Reply:
    """Set what is used first."""
    preferred = request.body.preferred
    await request.run(
        rules.prefer,
        request.services.platform.hosted,
        request.workspace,
        request.params["provider"],
        preferred,
        actor=request.actor,
    )
    return Reply(PreferredAnswer(preferred=preferred))


OPERATIONS: Final = [
    Operation(
        id="listQuotas",
        method="GET",
        path="/api/workspaces/{workspace}/quotas",
        action="quota.read",
        summary="List what the installation lends a workspace, and what was used of it.",
        serve=list_quotas,
        query=PageQuery,
        answer=Quotas,
    ),
    Operation(
        id="grantQuota",
        method="PUT",
        path="/api/workspaces/{workspace}/quotas/{provider}/{kind}",
        action="quota.set",
        summary="Set what a workspace may use of a quota; what it has used stays used.",
        serve=grant,
        body=Granted,
        answer=QuotaAnswer,
        parameters=_KIND,
        errors=(404,),
    ),
    Operation(
        id="preferCredentials",
        method="PUT",
        path="/api/workspaces/{workspace}/providers/{provider}/preferred",
        action="quota.prefer",
        summary="Choose which credentials of a provider are used first; the others take over where they can.",
        serve=prefer,
        body=Preferred,
        answer=PreferredAnswer,
        errors=(404,),
    ),
]

"""Corrections: amounts that are added to what calls cost; what was recorded is never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Moment, Page, PageQuery, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.corrections import Correction, correct
from modelbay.platform.fold import fold
from modelbay.store import Database
from modelbay.store import corrections as queries
from modelbay.store.selection import FAR, Selection

Amount = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,18})?$", examples=["-0.25"])]
_BEGINNING: Final = (-1e15, "")


class CorrectionAnswer(Answer):
    """An amount that was added."""

    id: str = Field(description="The id of the correction.")
    call: str | None = Field(description="The id of the call; null if it belongs to none.")
    at: datetime = Field(description="The time that it counts for: the call's.")
    amount: str = Field(description="What was added, exact; below 0 for what was taken off.")
    currency: str = Field(description="What it is in.")
    reason: str = Field(description="Why.")
    actor: str = Field(description="Who added it: a user's id, or `cli`.")
    price_version: str = Field(
        description="The prices by which the call was reckoned again; empty if a person has said the amount."
    )


class CorrectionPage(Page[CorrectionAnswer]):
    """A page of corrections, by the time that they count for."""


class CorrectionQuery(PageQuery):
    """Which corrections."""

    since: Moment | None = Field(None, description="Only those of calls since then.")
    until: Moment | None = Field(None, description="Only those of calls before then.")
    model: str | None = Field(
        None, min_length=1, max_length=400, description="Only those of this `provider/model`, or model."
    )


class NewCorrection(Body):
    """An amount to be added."""

    call: str = Field("", max_length=200, description="The id of the call; empty for what belongs to none.")
    amount: Amount = Field(description="What is added, such as -0.25 for a refund.")
    currency: str = Field(
        "", pattern="^([A-Z]{3})?$", description="Empty for the call's own; without a call, for USD."
    )
    reason: str = Field(min_length=1, max_length=500, description="Why, in one line.")


async def list_corrections(request: Request[None, CorrectionQuery]) -> Reply:
    """List corrections."""
    query = request.query
    chosen = Selection(
        workspace=request.workspace,
        since=query.since.timestamp() if query.since else 0.0,
        until=query.until.timestamp() if query.until else FAR,
        model=query.model or "",
    )
    found = begin(request, float, str)
    after = _BEGINNING if found is None else (float(found[0]), str(found[1]))
    rows = await request.run(queries.page, chosen, after, query.limit + 1)
    kept, following = cut(request, rows, lambda row: (float(row["at"]), row["id"]))
    return Reply(CorrectionPage(items=[_listed(row) for row in kept], next=following))


async def add(request: Request[NewCorrection, None]) -> Reply:
    """Add an amount."""
    body = request.body
    entry = await request.run(
        _correct,
        request.services.data_dir,
        body.call,
        Decimal(body.amount),
        reason=body.reason,
        actor=request.actor,
        workspace=request.workspace,
        currency=body.currency,
    )
    return Reply(_answer(entry))


def _correct(database: Database, /, data_dir: Path, call: str, amount: Decimal, **facts: Any) -> Correction:
    fold(database, data_dir)  # the call may have been answered a moment ago
    return correct(database, call, amount, **facts)


def _listed(row: Mapping[str, Any]) -> CorrectionAnswer:
    names = ("id", "call", "at", "currency", "reason", "actor", "price_version")
    return _answer(Correction(amount=Decimal(row["price"]), **{name: row[name] for name in names}))


def _answer(entry: Correction) -> CorrectionAnswer:
    return CorrectionAnswer(
        id=entry.id,
        call=entry.call or None,
        at=moment(entry.at),
        amount=f"{entry.amount:f}",
        currency=entry.currency,
        reason=entry.reason,
        actor=entry.actor,
        price_version=entry.price_version,
    )


_ALL: Final = "/api/workspaces/{workspace}/corrections"

OPERATIONS: Final = [
    Operation(
        id="listCorrections",
        method="GET",
        path=_ALL,
        action="usage.read",
        summary="List what was added to what calls cost.",
        serve=list_corrections,
        query=CorrectionQuery,
        answer=CorrectionPage,
    ),
    Operation(
        id="addCorrection",
        method="POST",
        path=_ALL,
        action="usage.correct",
        summary="Add an amount to what a call cost, or to what a workspace has spent.",
        description="What was recorded stays as it is; every total is with its corrections.",
        serve=add,
        body=NewCorrection,
        answer=CorrectionAnswer,
        status=201,
    ),
]

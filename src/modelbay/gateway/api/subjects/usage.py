"""What calls came to: totals, and single calls."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Moment, Page, PageQuery, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut, cut_list
from modelbay.gateway.api.problems import ProblemError
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.usage import Usage, usage
from modelbay.store.call_pages import CallRow, page


class UsageAnswer(Answer):
    """What the calls of one group came to."""

    label: str = Field(description="The model, provider or day; of a key its id.")
    name: str = Field(description="The name of a key; else empty.")
    calls: int = Field(description="How many calls.")
    errors: int = Field(description="How many of them failed.")
    prompt_tokens: int = Field(description="Tokens that were sent.")
    completion_tokens: int = Field(description="Tokens that were answered.")
    cached_tokens: int = Field(description="Tokens that were sent and that the provider had kept.")
    reasoning_tokens: int = Field(description="Tokens of thought among those answered.")
    prices: dict[str, str] = Field(description="Exact sums by currency, of the calls whose price is known.")
    unpriced: int = Field(description="How many calls used something whose price is not known.")


class UsagePage(Page[UsageAnswer]):
    """A page of totals, by label."""


class UsageQuery(PageQuery):
    """Which totals."""

    by: Literal["model", "provider", "key", "day"] = Field(
        "model", description="What calls are grouped by. With a key it is `key`: its own total."
    )
    since: Moment | None = Field(None, description="Only calls since then.")


class CallAnswer(Answer):
    """One call."""

    id: str = Field(description="The id of the request.")
    at: datetime = Field(description="When it began.")
    key: str = Field(description="The id of the key that it came with.")
    surface: str = Field(description="The dialect that the client spoke.")
    type: str = Field(description="The type of the model.")
    asked_model: str = Field(description="The model that was asked for.")
    provider: str = Field(description="The provider that answered; empty if none did.")
    model: str = Field(description="The model that answered.")
    stream: bool = Field(description="Whether the answer was a stream.")
    status: int = Field(description="The status that the client was told; 499 if it had gone.")
    error: str = Field(description="The class of the error; empty if there was none.")
    attempts: int = Field(description="How many models were tried.")
    prompt_tokens: int = Field(description="Tokens that were sent.")
    completion_tokens: int = Field(description="Tokens that were answered.")
    price: str | None = Field(description="Exact; null if it is not known.")
    currency: str = Field(description="The currency of the price.")
    latency: float = Field(description="Seconds.")
    first_token: float | None = Field(description="Seconds to the first token of a stream.")


class CallPage(Page[CallAnswer]):
    """A page of calls, the newest first."""


async def totals(request: Request[None, UsageQuery]) -> Reply:
    """Return totals; a key sees its own."""
    query = request.query
    by = query.by
    if request.key is not None and "by" in query.model_fields_set and by != "key":
        text = "a key sees its own total: leave it out, or write key"
        raise ProblemError(403, f"by: {text}", "forbidden", errors={"by": text})
    if request.key is not None:
        by = "key"
    rows = await asyncio.to_thread(
        usage,
        request.services.data_dir,
        since=query.since.timestamp() if query.since else 0.0,
        by=by,
        workspace=request.workspace,
    )
    if request.key is not None:
        rows = [row for row in rows if row.label == request.key.key_id]
    kept, following = cut_list(request, rows, lambda row: row.label)
    return Reply(UsagePage(items=[_total(row) for row in kept], next=following))


async def list_calls(request: Request[None, PageQuery]) -> Reply:
    """List calls; a key sees its own."""
    rows = await request.run(
        page,
        request.workspace,
        key=request.key.key_id if request.key else None,
        before=begin(request, float, str),
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, rows, lambda row: (row.at, row.id))
    return Reply(CallPage(items=[_call(row) for row in kept], next=following))


def _total(row: Usage) -> UsageAnswer:
    return UsageAnswer(
        label=row.label,
        name=row.name,
        calls=row.calls,
        errors=row.errors,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cached_tokens=row.cached_tokens,
        reasoning_tokens=row.reasoning_tokens,
        prices={currency: format(price, "f") for currency, price in row.prices.items()},
        unpriced=row.unpriced,
    )


def _call(row: CallRow) -> CallAnswer:
    return CallAnswer(
        id=row.id,
        at=moment(row.at),
        key=row.key_id,
        surface=row.surface,
        type=row.model_type,
        asked_model=row.asked_model,
        provider=row.provider,
        model=row.model,
        stream=bool(row.stream),
        status=row.status,
        error=row.error,
        attempts=row.attempts,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        price=None if row.price is None else format(Decimal(row.price), "f"),
        currency=row.currency,
        latency=row.latency,
        first_token=row.first_token,
    )


OPERATIONS: Final = [
    Operation(
        id="getUsage",
        method="GET",
        path="/api/workspaces/{workspace}/usage",
        action="usage.read",
        summary="Return what the calls of a workspace came to.",
        description="Every call that was acknowledged before is counted. A key sees its own total.",
        serve=totals,
        query=UsageQuery,
        answer=UsagePage,
        by_key=True,
    ),
    Operation(
        id="listCalls",
        method="GET",
        path="/api/workspaces/{workspace}/calls",
        action="usage.read",
        summary="List the calls of a workspace, the newest first.",
        description="A call is listed a moment after its answer. A key sees its own.",
        serve=list_calls,
        query=PageQuery,
        answer=CallPage,
        by_key=True,
    ),
]

"""What is sent and answered about usage and single calls."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from modelbay.entities import ModelType
from modelbay.gateway.api.fields import Answer, Body, Moment, Page, PageQuery, Query, moment
from modelbay.platform.calls import parse_status
from modelbay.platform.retention import DAY, LONGEST
from modelbay.platform.usage import DIMENSIONS, Usage
from modelbay.runtime.accounts import CallRecord
from modelbay.store.selection import FAR, Selection

_ANY: Final = "|".join(DIMENSIONS)
_FILTERS: Final = ("provider", "model", "key", "member", "credential", "tag", "route", "hosted")
Word = Annotated[str, Field(min_length=1, max_length=400)]


class UsageAnswer(Answer):
    """What the calls of one group came to."""

    label: str = Field(
        description="The model, provider or day; of a key its id. Several have a space between."
    )
    name: str = Field(description="The name of a key or credentials, a member's e-mail; else empty.")
    labels: dict[str, str] = Field(description="By each of the dimensions, which one this is.")
    calls: int = Field(description="How many calls.")
    errors: int = Field(description="How many of them failed.")
    prompt_tokens: int = Field(description="Tokens that were sent.")
    completion_tokens: int = Field(description="Tokens that were answered.")
    cached_tokens: int = Field(description="Tokens that were sent and that the provider had kept.")
    cache_write_tokens: int = Field(description="Tokens that were sent and that the provider then kept.")
    reasoning_tokens: int = Field(description="Tokens of thought among those answered.")
    prices: dict[str, str] = Field(
        description="Exact sums by currency, of the calls whose price is known, with all corrections."
    )
    unpriced: int = Field(description="How many calls used something whose price is not known.")


class UsagePage(Page[UsageAnswer]):
    """A page of totals, by label."""


class UsageQuery(PageQuery):
    """Which totals."""

    by: str = Field(
        "model",
        pattern=f"^(({_ANY})(,({_ANY}))*)?$",
        max_length=300,
        description=f"What calls are grouped by, with commas between: {', '.join(DIMENSIONS)}; empty for one "
        "total. With a key it is `key`: its own total.",
        examples=["model,day"],
    )
    since: Moment | None = Field(None, description="Only calls since then.")
    until: Moment | None = Field(None, description="Only calls before then.")


class CallFilter(Query):
    """Which calls."""

    since: Moment | None = Field(None, description="Only calls since then.")
    until: Moment | None = Field(None, description="Only calls before then.")
    provider: Word | None = Field(None, description="Only calls that this provider answered.")
    model: Word | None = Field(None, description="Only calls of this `provider/model`, or model.")
    type: ModelType | None = Field(None, description="Only calls of this type of model.")
    key: Word | None = Field(None, description="Only calls with this key, by its id.")
    member: Word | None = Field(None, description="Only calls of this user, by the id.")
    credential: Word | None = Field(None, description="Only calls with these credentials, by their id.")
    tag: Word | None = Field(None, description="Only calls of clients that say so of themselves.")
    route: Word | None = Field(None, description="Only calls over this route.")
    hosted: Word | None = Field(None, description="Only calls that a quota of this kind paid for.")
    status: str | None = Field(
        None,
        pattern="^[1-5]([xX]{2}|[0-9]{2})$",
        description="Only calls that were answered with this status, such as 429, or class, such as 4xx.",
    )


class CallQuery(CallFilter, PageQuery):
    """Which calls, and which part of their list."""


class CallAnswer(Answer):
    """One call."""

    id: str = Field(description="The id of the request.")
    at: datetime = Field(description="When it began.")
    key: str = Field(description="The id of the key that it came with.")
    member: str = Field(description="The user whose key it was; empty if it was nobody's.")
    surface: str = Field(description="The dialect that the client spoke.")
    tag: str = Field(description="What the client says of itself.")
    type: str = Field(description="The type of the model.")
    asked_model: str = Field(description="The model that was asked for.")
    route: str = Field(description="The route that led to the model; empty for none.")
    provider: str = Field(description="The provider that answered; empty if none did.")
    model: str = Field(description="The model that answered.")
    credential: str = Field(description="The id of the credentials; empty for none, and with a key.")
    hosted: str = Field(description="The kind of the quota that paid for it; empty with own credentials.")
    stream: bool = Field(description="Whether the answer was a stream.")
    status: int = Field(description="The status that the client was told; 499 if it had gone.")
    error: str = Field(description="The class of the error; empty if there was none.")
    attempts: int = Field(description="How many models were tried.")
    prompt_tokens: int = Field(description="Tokens that were sent.")
    completion_tokens: int = Field(description="Tokens that were answered.")
    cached_tokens: int = Field(description="Tokens that were sent and that the provider had kept.")
    cache_write_tokens: int = Field(description="Tokens that were sent and that the provider then kept.")
    reasoning_tokens: int = Field(description="Tokens of thought among those answered.")
    quantity: str | None = Field(description="What was counted where it is not tokens, exact.")
    meter: str = Field(description="In what: `character`, `minute`, `search` or `call`; empty for tokens.")
    estimated: bool = Field(description="Whether the counts are estimates, since the provider told none.")
    price: str | None = Field(description="Exact, as it was recorded; null if it is not known.")
    currency: str = Field(description="The currency of the price.")
    price_version: str = Field(description="Which price that was.")
    latency: float = Field(description="Seconds.")
    first_token: float | None = Field(description="Seconds to the first token of a stream.")


class CallPage(Page[CallAnswer]):
    """A page of calls, the newest first."""


class Retention(Body):
    """How long single calls are kept."""

    seconds: float | None = Field(
        ge=DAY,
        le=LONGEST,
        description="Of older calls the totals of each day stay; null keeps single calls for good.",
    )


class RetentionAnswer(Answer):
    """How long single calls are kept."""

    seconds: float | None = Field(description="Null for good.")


def selection_of(workspace: str, given: CallFilter, *, key: str | None = None) -> Selection:
    """Return which calls are asked for; with a key, only its own."""
    facts = {name: getattr(given, name) or "" for name in _FILTERS}
    if key is not None:
        facts["key"] = key
    return Selection(
        workspace=workspace,
        since=given.since.timestamp() if given.since else 0.0,
        until=given.until.timestamp() if given.until else FAR,
        model_type=given.type.value if given.type else "",
        status=parse_status(given.status) if given.status else (0, 999),
        **facts,
    )


def total_of(row: Usage, by: tuple[str, ...]) -> UsageAnswer:
    """Return a total as answers have it."""
    return UsageAnswer(
        label=row.label,
        name=row.name,
        labels=dict(zip(by, row.labels, strict=True)),
        calls=row.calls,
        errors=row.errors,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cached_tokens=row.cached_tokens,
        cache_write_tokens=row.cache_write_tokens,
        reasoning_tokens=row.reasoning_tokens,
        prices={currency: f"{price:f}" for currency, price in row.prices.items()},
        unpriced=row.unpriced,
    )


def call_of(row: CallRecord, *, for_key: bool) -> CallAnswer:
    """Return a call as answers have it; programs are not told whose credentials their workspace has."""
    return CallAnswer(
        id=row.id,
        at=moment(row.at),
        key=row.key_id,
        member=row.member,
        surface=row.surface,
        tag=row.tag,
        type=row.model_type,
        asked_model=row.asked_model,
        route=row.route,
        provider=row.provider,
        model=row.model,
        credential="" if for_key else row.credential,
        hosted=row.hosted,
        stream=row.stream,
        status=row.status,
        error=row.error,
        attempts=row.attempts,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cached_tokens=row.cached_tokens,
        cache_write_tokens=row.cache_write_tokens,
        reasoning_tokens=row.reasoning_tokens,
        quantity=_exact(row.quantity),
        meter=row.meter,
        estimated=row.estimated,
        price=_exact(row.price),
        currency=row.currency,
        price_version=row.price_version,
        latency=row.latency,
        first_token=row.first_token,
    )


def _exact(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"

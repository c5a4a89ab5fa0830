"""What is sent and answered about prices, and about reckoning calls anew."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from modelbay.entities import Meter, ModelType, PriceConfig
from modelbay.gateway.api.fields import Answer, Body, Moment, Page, PageQuery, SentMoment, moment
from modelbay.gateway.api.forms.credentials import Model, Provider
from modelbay.platform.prices.book import Place, Price
from modelbay.platform.prices.reprice import Difference, Repricing
from modelbay.store.prices import PriceRow

Amount = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,18})?$", examples=["2.50"])]
Unit = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,18})?$", examples=["0.000001"])]
_AMOUNTS = ("input", "output", "cached", "cache_write")
_INPUT = "Of one unit of input."
_OUTPUT = "Of one unit of output; null where it costs nothing of its own."
_CACHED = "Of input from the provider's cache; null for as much as other input."
_CACHE_WRITE = "Of input written to its cache; null for as much as other input."
_ABOVE = "They hold for prompts of more tokens than this."
_FROM = "From when it holds; without it, from today's midnight (UTC)."


class Tier(Body):
    """Other prices for long prompts."""

    above: int = Field(ge=0, le=10**12, description=_ABOVE)
    input: Amount = Field(description=_INPUT)
    output: Amount | None = Field(None, description=_OUTPUT)
    cached: Amount | None = Field(None, description=_CACHED)
    cache_write: Amount | None = Field(None, description=_CACHE_WRITE)


class TierAnswer(Answer):
    """Other prices for long prompts."""

    above: int = Field(description=_ABOVE)
    input: str = Field(description=_INPUT)
    output: str | None = Field(description=_OUTPUT)
    cached: str | None = Field(description=_CACHED)
    cache_write: str | None = Field(description=_CACHE_WRITE)


class PriceAnswer(Answer):
    """What a model costs; amounts are exact."""

    input: str = Field(description=_INPUT)
    output: str | None = Field(description=_OUTPUT)
    cached: str | None = Field(description=_CACHED)
    cache_write: str | None = Field(description=_CACHE_WRITE)
    tiers: list[TierAnswer] = Field(description="Other prices for long prompts.")
    unit: str = Field(description="What a price is for: 0.000001 is a million meters.")
    meter: Meter = Field(description="What is counted.")
    currency: str = Field(description="What it is in.")


class OwnPlace(Body):
    """A model whose price is said, and from when."""

    provider: Provider = Field(description="The provider's name.")
    model: Model = Field(description="The model's name, without its provider.")
    type: ModelType = Field(strict=False, description="The model's type.")
    valid_from: SentMoment | None = Field(None, description=_FROM)


class NewPrice(OwnPlace):
    """What a model costs from a time on."""

    input: Amount = Field(description=_INPUT)
    output: Amount | None = Field(None, description=_OUTPUT)
    cached: Amount | None = Field(None, description=_CACHED)
    cache_write: Amount | None = Field(None, description=_CACHE_WRITE)
    tiers: list[Tier] = Field(
        default_factory=list, max_length=50, description="Other prices for long prompts."
    )
    unit: Unit = Field("0.000001", description="What a price is for: 0.000001 is a million meters.")
    meter: Meter = Field(Meter.TOKEN, strict=False, description="What is counted.")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Three letters.")


class PriceInForce(Answer):
    """The price of a model that holds at a time."""

    provider: str = Field(description="The provider's name.")
    model: str = Field(description="The model's name.")
    type: ModelType = Field(description="The model's type.")
    own: bool = Field(description="Whether it is the workspace's own; else its plugin declares it.")
    version: str = Field(description="Which price it is, as calls are recorded with it.")
    price: PriceAnswer = Field(description="What it says.")


class PricePage(Page[PriceInForce]):
    """A page of prices in force, by provider and model."""


class EntryAnswer(Answer):
    """A price that was entered. None is ever changed or removed."""

    version: str = Field(description="Which price it is, as calls are recorded with it.")
    provider: str = Field(description="The provider's name.")
    model: str = Field(description="The model's name.")
    type: ModelType = Field(description="The model's type.")
    valid_from: datetime = Field(description="From when it holds.")
    price: PriceAnswer | None = Field(description="What it says; null where the declared one holds again.")
    entered: datetime = Field(description="When it was entered.")
    actor: str = Field(description="Who entered it: a user's id, or `cli`.")


class History(Page[EntryAnswer]):
    """A page of all prices that were ever entered, the oldest first."""


class PriceQuery(PageQuery):
    """Which prices, and when."""

    provider: Provider | None = Field(None, description="Only those of this provider.")
    own: bool = Field(False, description="Only the workspace's own.")
    at: Moment | None = Field(None, description="Those that hold then; now, if it is left out.")


class HistoryQuery(PageQuery):
    """Which entries."""

    model: str | None = Field(
        None, min_length=1, max_length=400, description="Only those of this `provider/model`."
    )


class RepriceQuery(PageQuery):
    """Which calls are to be reckoned anew."""

    since: Moment = Field(description="Only calls since then.")
    until: Moment | None = Field(None, description="Only calls before then.")
    model: str | None = Field(
        None, min_length=1, max_length=400, description="Only calls of this `provider/model`, or model."
    )


class NewRepricing(Body):
    """Which calls are to be reckoned anew."""

    since: SentMoment = Field(description="Only calls since then.")
    until: SentMoment | None = Field(None, description="Only calls before then.")
    model: str | None = Field(
        None, min_length=1, max_length=400, description="Only calls of this `provider/model`, or model."
    )


class DifferenceAnswer(Answer):
    """What the calls of one model were recorded to cost, and what they would."""

    model: str = Field(description="The model, as `provider/model`.")
    currency: str = Field(description="What the amounts are in.")
    calls: int = Field(description="How many calls would cost something else.")
    recorded: str = Field(description="What they were recorded to cost, with what was repriced before.")
    repriced: str = Field(description="What they would cost by the prices that now hold for their time.")
    difference: str = Field(description="What would be added.")
    unknown: int = Field(description="Calls whose price nobody knows now either.")


class RepricingPage(Page[DifferenceAnswer]):
    """A page of differences, by model and currency; what stands beside `items` is of all of them."""

    total: dict[str, str] = Field(description="All differences, by currency.")
    looked_at: int = Field(description="How many calls there are in that time.")
    corrections: int = Field(description="How many corrections it takes.")


class RepricingAnswer(Answer):
    """What was written."""

    total: dict[str, str] = Field(description="What was added, by currency.")
    looked_at: int = Field(description="How many calls there are in that time.")
    corrections: int = Field(description="How many corrections were added.")


def config_of(body: NewPrice) -> PriceConfig:
    """Return a price as the rules take it."""
    fields = {*_AMOUNTS, "tiers", "unit", "meter", "currency"}
    return PriceConfig.model_validate(body.model_dump(include=fields))


def answer_of(config: PriceConfig) -> PriceAnswer:
    """Return a price as answers have it."""
    return PriceAnswer(
        **_amounts(config),
        tiers=[TierAnswer(above=tier.above, **_amounts(tier)) for tier in config.tiers],
        unit=f"{config.unit:f}",
        meter=config.meter,
        currency=config.currency,
    )


def in_force(place: Place, price: Price) -> PriceInForce:
    """Return the price of a model; it has one."""
    assert price.config is not None
    return PriceInForce(
        provider=place.provider,
        model=place.model,
        type=ModelType(place.model_type),
        own=price.is_own,
        version=price.version,
        price=answer_of(price.config),
    )


def entry_of(row: PriceRow) -> EntryAnswer:
    """Return an entry as answers have it."""
    return EntryAnswer(
        version=f"workspace:{row.number}",
        provider=row.provider,
        model=row.model,
        type=ModelType(row.model_type),
        valid_from=moment(row.valid_from),
        price=answer_of(PriceConfig.model_validate_json(row.content)) if row.content else None,
        entered=moment(row.created),
        actor=row.actor,
    )


def difference_of(row: Difference) -> DifferenceAnswer:
    """Return a difference as answers have it."""
    return DifferenceAnswer(
        model=row.model,
        currency=row.currency,
        calls=row.calls,
        recorded=f"{row.recorded:f}",
        repriced=f"{row.repriced:f}",
        difference=f"{row.difference:f}",
        unknown=row.unknown,
    )


def sums_of(result: Repricing) -> dict[str, Any]:
    """Return what a reckoning came to altogether."""
    total = {currency: f"{amount:f}" for currency, amount in result.total().items()}
    return {"total": total, "looked_at": result.looked_at, "corrections": result.corrections}


def _amounts(prices: Any) -> dict[str, Any]:
    found = {name: getattr(prices, name) for name in _AMOUNTS}
    return {name: None if amount is None else f"{amount:f}" for name, amount in found.items()}

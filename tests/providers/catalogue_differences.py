"""How the built-in providers' tables differ from the catalogue: prices, context sizes and abilities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tests.providers.catalogue import offers

from modelbay.entities import Meter, ModelFeature, ModelType, PriceConfig
from modelbay.entities.declarations import PriceTier

MILLION = 10**6


class Price(NamedTuple):
    """Prices per million of what `meter` counts; `above` is the size of prompt from which they hold."""

    above: int
    input: Decimal
    output: Decimal
    cached: Decimal | None
    cache_write: Decimal | None


COSTS = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
)
METERS = {  # which key of litellm's has the price of a meter, how many of it are one, and how exact it is
    Meter.MINUTE: ("input_cost_per_second", 60, 7),
    Meter.CHARACTER: ("input_cost_per_character", 1, 12),
    Meter.SEARCH: ("input_cost_per_query", 1, 12),
}


def amount(value: Any) -> Decimal:
    """Return a price without the noise that binary floats left in it."""
    return round(Decimal(value or 0) * MILLION, 6).normalize() + 0


def price(above: int, costs: Sequence[Any]) -> Price:
    """Return four costs of one unit as prices per million; a cache may have none of its own."""
    first, second, *caches = costs
    return Price(
        above, amount(first), amount(second), *(None if each is None else amount(each) for each in caches)
    )


def their_prices(facts: dict[str, Any], meter: Meter) -> list[Price]:
    """Return what litellm says a meter costs, the lowest tier first; nothing where it does not say."""
    if meter in METERS:
        key, count, places = METERS[meter]
        return [price(0, [round(facts[key] * count, places), 0, None, None])] if facts.get(key) else []
    if tiers := facts.get("tiered_pricing"):
        return [price(int(tier["range"][0]), [tier.get(key) for key in COSTS]) for tier in tiers]
    if not (facts.get(COSTS[0]) or facts.get(COSTS[1])):
        return []
    found = [price(0, [facts.get(key) for key in COSTS])]
    for key in facts:
        if match := re.fullmatch(COSTS[0] + r"_above_(\d+)k_tokens", key):
            ending = key.removeprefix(COSTS[0])
            found.append(price(int(match[1]) * 1000, [facts.get(cost + ending) for cost in COSTS]))
    return sorted(found, key=lambda each: each.above)


def our_prices(pricing: PriceConfig) -> list[Price]:
    """Return our prices, the lowest tier first."""
    found = []
    levels: list[tuple[int, PriceConfig | PriceTier]] = [(0, pricing)]
    for above, each in [*levels, *((tier.above, tier) for tier in pricing.tiers)]:
        values = (each.input, each.output, each.cached, each.cache_write)
        found.append(price(above, [None if value is None else value * pricing.unit for value in values]))
    return found


def price_differences(provider: str) -> Iterator[tuple[str, str]]:
    """Yield the models whose prices in USD differ from those of litellm, with both."""
    for model, found in offers(provider, "litellm"):
        pricing = model.pricing
        meter = pricing.meter if pricing else Meter.TOKEN
        theirs = [prices for entry in found if (prices := their_prices(entry.facts, meter))]
        if theirs and (pricing is None or pricing.currency == "USD"):
            ours = our_prices(pricing) if pricing else []
            if ours not in theirs:
                yield model.model, f"{ours}, not {theirs[0]}"


def other_price_differences(provider: str) -> Iterator[tuple[str, str]]:
    """Yield the models whose prices differ from Dify's: all in CNY, in USD those that litellm has not."""
    first = {
        (model.model, model.model_type)
        for model, found in offers(provider, "litellm")
        if any(their_prices(entry.facts, Meter.TOKEN) for entry in found)
    }
    for model, (entry, *_) in offers(provider, "dify"):
        theirs, pricing = entry.facts.get("price_per_1m"), model.pricing
        if not theirs or not pricing or pricing.meter is not Meter.TOKEN:
            continue
        known = pricing.currency == "USD" and (model.model, model.model_type) in first
        ours = our_prices(pricing)[0]
        expected = tuple(Decimal(theirs.get(way) or 0) for way in ("in", "out"))
        if theirs["currency"] == pricing.currency and not known and (ours.input, ours.output) != expected:
            yield model.model, f"{ours.input} and {ours.output}, not {expected[0]} and {expected[1]}"


def context_differences(provider: str) -> Iterator[tuple[str, str]]:
    """Yield the models whose context is not the most input tokens of the source."""
    for model, found in offers(provider, "litellm"):
        ours = model.property_of("context_size")
        theirs = [limit for entry in found if (limit := entry.facts.get("max_input_tokens"))]
        if theirs and ours and int(ours) not in theirs:
            yield model.model, f"{ours}, not {theirs[0]}"


FLAGS = {
    "supports_vision": {ModelFeature.VISION},
    "supports_function_calling": {ModelFeature.TOOL_CALL, ModelFeature.MULTI_TOOL_CALL},
    "supports_reasoning": {ModelFeature.AGENT_THOUGHT},
}


def lacking_abilities(provider: str) -> Iterator[tuple[str, str]]:
    """Yield the language models that lack what both sources say they can do."""
    second = {
        model.model: set(entry.facts.get("features") or []) for model, (entry, *_) in offers(provider, "dify")
    }
    for model, (entry, *_) in offers(provider, "litellm"):
        for flag, features in FLAGS.items() if model.model_type is ModelType.LLM else ():
            said = entry.facts.get(flag) and features & second.get(model.model, set())
            if said and not features & set(model.features or []):
                yield model.model, flag.removeprefix("supports_")

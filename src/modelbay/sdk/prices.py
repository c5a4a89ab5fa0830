"""Money: exact decimals, 7 places, half up. A price that no declaration gives is None, never 0."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from modelbay.entities import (
    CallUsage,
    EmbeddingUsage,
    LLMUsage,
    Meter,
    PriceConfig,
    PriceInfo,
    PriceTier,
    PriceType,
)

PLACES = Decimal("0.0000001")
_ZERO = Decimal(0)


def amount_of(quantity: int | Decimal, price: Decimal, unit: Decimal) -> Decimal:
    """Return `quantity` x `price` x `unit`, rounded half up to 7 places."""
    return (quantity * price * unit).quantize(PLACES, rounding=ROUND_HALF_UP)


class Rates(NamedTuple):
    """The prices of one call, each per meter and before `unit`; None where none is declared."""

    input: Decimal | None
    output: Decimal | None
    cached: Decimal | None
    cache_write: Decimal | None
    unit: Decimal
    currency: str


def rates_for(pricing: PriceConfig | None, prompt_tokens: int = 0) -> Rates:
    """Return the prices that hold for a prompt of that many tokens."""
    if pricing is None:
        return Rates(None, None, None, None, _ZERO, "USD")
    source: PriceConfig | PriceTier = pricing
    for tier in sorted(pricing.tiers, key=lambda tier: tier.above):
        if prompt_tokens > tier.above:
            source = tier
    return Rates(
        source.input,
        source.output,
        source.input if source.cached is None else source.cached,
        source.input if source.cache_write is None else source.cache_write,
        pricing.unit,
        pricing.currency,
    )


def price_of(pricing: PriceConfig | None, price_type: PriceType, tokens: int) -> PriceInfo:
    """Return the price of `tokens` of that kind; its amounts are None when none is declared."""
    rates = rates_for(pricing)
    price = getattr(rates, price_type.value)
    total = None if price is None else amount_of(tokens, price, rates.unit)
    return PriceInfo(unit_price=price, unit=rates.unit, total_amount=total, currency=rates.currency)


def price_llm_usage(usage: LLMUsage, pricing: PriceConfig | None) -> LLMUsage:
    """Return the usage with prices, unless it has them already.

    Cached and cache-written input is priced by its own rate. A model that declares no output price costs
    nothing for output only if it produced none; otherwise the total is unknown.
    """
    return usage.model_copy(update=llm_prices(usage, pricing))


def llm_prices(usage: LLMUsage, pricing: PriceConfig | None) -> dict[str, Any]:
    """Return what `price_llm_usage` changes, by field: nothing where prices are there or none is declared."""
    if usage.total_price is not None or pricing is None:
        return {}
    rates = rates_for(pricing, usage.prompt_tokens)
    prompt = _prompt_price(usage, rates)
    completion = _completion_price(usage.completion_tokens, rates)
    return {
        "prompt_unit_price": rates.input,
        "prompt_price_unit": rates.unit,
        "prompt_price": prompt,
        "completion_unit_price": rates.output,
        "completion_price_unit": rates.unit,
        "completion_price": completion,
        "total_price": None if prompt is None or completion is None else prompt + completion,
        "currency": rates.currency,
    }


def _prompt_price(usage: LLMUsage, rates: Rates) -> Decimal | None:
    weighted = _weighted_prompt(usage, rates)
    return None if weighted is None else amount_of(1, weighted, rates.unit)


def _weighted_prompt(usage: LLMUsage, rates: Rates) -> Decimal | None:
    """Return the prompt's tokens, each times the price of its kind."""
    if rates.input is None or rates.cached is None or rates.cache_write is None:
        return None
    plain = max(usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens, 0)
    return (
        plain * rates.input
        + usage.cached_tokens * rates.cached
        + usage.cache_write_tokens * rates.cache_write
    )


def _completion_price(tokens: int, rates: Rates) -> Decimal | None:
    if rates.output is None:
        return _ZERO if tokens == 0 else None
    return amount_of(tokens, rates.output, rates.unit)


def price_embedding_usage(usage: EmbeddingUsage, pricing: PriceConfig | None) -> EmbeddingUsage:
    """Return the usage with prices, unless it has them already."""
    if usage.total_price is not None or pricing is None:
        return usage
    return usage.model_copy(
        update={
            "unit_price": pricing.input,
            "price_unit": pricing.unit,
            "total_price": amount_of(usage.tokens, pricing.input, pricing.unit),
            "currency": pricing.currency,
        }
    )


def summed(usages: Sequence[CallUsage]) -> CallUsage:
    """Return one usage for the parts of a call; its price is known if that of every part is."""
    known = [usage.total_price for usage in usages if usage.total_price is not None]
    return usages[0].model_copy(
        update={
            "quantity": sum((usage.quantity for usage in usages), start=_ZERO),
            "total_price": sum(known, start=_ZERO) if len(known) == len(usages) else None,
            "estimated": any(usage.estimated for usage in usages),
        }
    )


def price_call_usage(usage: CallUsage, pricing: PriceConfig | None) -> CallUsage:
    """Return the usage with prices, unless it has them already or the price is per something else."""
    if usage.total_price is not None or pricing is None or pricing.meter is not usage.meter:
        return usage
    return usage.model_copy(
        update={
            "unit_price": pricing.input,
            "price_unit": pricing.unit,
            "total_price": amount_of(usage.quantity, pricing.input, pricing.unit),
            "currency": pricing.currency,
        }
    )


def exact_price(
    usage: LLMUsage | EmbeddingUsage | CallUsage, pricing: PriceConfig | None, *, own: bool = False
) -> Decimal | None:
    """Return what a usage costs to the last digit: seven places are too few for who adds up small calls.

    A price that a plugin has set itself counts as it is. None if the price is not known.

    Args:
        own: Whether the prices are the caller's own: then they hold whatever the usage says.
    """
    if pricing is None:
        return usage.total_price
    if isinstance(usage, LLMUsage):
        return _exact_llm_price(usage, rates_for(pricing, usage.prompt_tokens), own=own)
    quantity, meter = (
        (usage.tokens, Meter.TOKEN) if isinstance(usage, EmbeddingUsage) else (usage.quantity, usage.meter)
    )
    if own:
        return quantity * pricing.input * pricing.unit if meter is pricing.meter else None
    if usage.unit_price not in (None, pricing.input) or meter is not pricing.meter or pricing.input is None:
        return usage.total_price
    return quantity * pricing.input * pricing.unit


def _exact_llm_price(usage: LLMUsage, rates: Rates, *, own: bool) -> Decimal | None:
    if not own and usage.prompt_unit_price not in (None, rates.input):
        return usage.total_price
    weighted = _weighted_prompt(usage, rates)
    if weighted is None or (rates.output is None and usage.completion_tokens):
        return None
    return (weighted + usage.completion_tokens * (rates.output or _ZERO)) * rates.unit

"""Usages as an upstream reports them: numbers without prices; the kit prices them by the declaration."""

from __future__ import annotations

from decimal import Decimal

from modelbay.entities import CallUsage, EmbeddingUsage, LLMUsage, Meter

_NONE = Decimal(0)


def llm_usage(
    *, prompt: int, completion: int, cached: int = 0, cache_write: int = 0, reasoning: int = 0
) -> LLMUsage:
    """Return an unpriced usage. `prompt` counts all input, the cached part included."""
    return LLMUsage(
        prompt_tokens=prompt,
        prompt_unit_price=None,
        prompt_price_unit=_NONE,
        prompt_price=None,
        completion_tokens=completion,
        completion_unit_price=None,
        completion_price_unit=_NONE,
        completion_price=None,
        total_tokens=prompt + completion,
        total_price=None,
        currency="USD",
        latency=0.0,
        cached_tokens=cached,
        cache_write_tokens=cache_write,
        reasoning_tokens=reasoning,
    )


def embedding_usage(tokens: int, *, estimated: bool = False) -> EmbeddingUsage:
    """Return an unpriced usage of that many input tokens."""
    return EmbeddingUsage(
        tokens=tokens,
        total_tokens=tokens,
        unit_price=None,
        price_unit=_NONE,
        total_price=None,
        currency="USD",
        latency=0.0,
        estimated=estimated,
    )


def call_usage(quantity: int | Decimal, meter: Meter) -> CallUsage:
    """Return an unpriced usage of `quantity` meters."""
    return CallUsage(quantity=Decimal(quantity), meter=meter)

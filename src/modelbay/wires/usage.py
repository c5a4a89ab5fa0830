"""Usages as an upstream reports them: numbers without prices; the kit prices them by the declaration."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from modelbay.entities import CallUsage, EmbeddingUsage, LLMUsage, Meter
from modelbay.wires.chunks import trusted

_NONE = Decimal(0)
_UNPRICED: dict[str, Any] = dict(
    LLMUsage(
        prompt_tokens=0,
        prompt_unit_price=None,
        prompt_price_unit=_NONE,
        prompt_price=None,
        completion_tokens=0,
        completion_unit_price=None,
        completion_price_unit=_NONE,
        completion_price=None,
        total_tokens=0,
        total_price=None,
        currency="USD",
        latency=0.0,
    )
)
_GIVEN = _UNPRICED.keys() - {"time_to_first_token", "time_to_generate", "estimated"}


def llm_usage(
    *, prompt: int, completion: int, cached: int = 0, cache_write: int = 0, reasoning: int = 0
) -> LLMUsage:
    """Return an unpriced usage. `prompt` counts all input, the cached part included."""
    values = {
        **_UNPRICED,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cached_tokens": cached,
        "cache_write_tokens": cache_write,
        "reasoning_tokens": reasoning,
    }
    return trusted(LLMUsage, values, set(_GIVEN))


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

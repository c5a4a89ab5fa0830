"""What a call consumed and cost. Prices are exact decimals; None means that the price is not known."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from modelbay.entities.base import Entity


class PriceType(StrEnum):
    """Which side of a call a price is for. `CACHED` and `CACHE_WRITE` are kinds of input."""

    INPUT = "input"
    OUTPUT = "output"
    CACHED = "cached"
    CACHE_WRITE = "cache_write"


class PriceInfo(Entity):
    """The price of some tokens: `total_amount` = tokens x `unit_price` x `unit`, 7 places, half up."""

    unit_price: Decimal | None
    unit: Decimal
    total_amount: Decimal | None
    currency: str

    @property
    def known(self) -> bool:
        """Whether the model's declaration has a price of this kind."""
        return self.total_amount is not None


class NumTokensResult(PriceInfo):
    """A price with the number of tokens it is for."""

    tokens: int


class ModelUsage(Entity):
    """Base of the usages."""


class LLMUsage(ModelUsage):
    """Tokens, price and time of one call of a language model.

    Latencies are in seconds. `prompt_tokens` counts all input, cached or not; `cached_tokens` and
    `cache_write_tokens` say how much of it was read from and written to the provider's cache, and
    `reasoning_tokens` how much of `completion_tokens` was reasoning. `estimated` marks numbers counted here
    because the provider sent none.
    """

    prompt_tokens: int
    prompt_unit_price: Decimal | None
    prompt_price_unit: Decimal
    prompt_price: Decimal | None
    completion_tokens: int
    completion_unit_price: Decimal | None
    completion_price_unit: Decimal
    completion_price: Decimal | None
    total_tokens: int
    total_price: Decimal | None
    currency: str
    latency: float
    time_to_first_token: float | None = None
    time_to_generate: float | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False

    @classmethod
    def empty_usage(cls) -> LLMUsage:
        """Return a usage of nothing."""
        zero = Decimal(0)
        return cls(
            prompt_tokens=0,
            prompt_unit_price=zero,
            prompt_price_unit=zero,
            prompt_price=zero,
            completion_tokens=0,
            completion_unit_price=zero,
            completion_price_unit=zero,
            completion_price=zero,
            total_tokens=0,
            total_price=zero,
            currency="USD",
            latency=0.0,
        )


class EmbeddingUsage(ModelUsage):
    """Tokens, price and time (seconds) of one embedding call."""

    tokens: int
    total_tokens: int
    unit_price: Decimal | None
    price_unit: Decimal
    total_price: Decimal | None
    currency: str
    latency: float
    estimated: bool = False


class Meter(StrEnum):
    """What a price is per."""

    TOKEN = "token"  # noqa: S105 - a unit, not a secret
    CHARACTER = "character"
    MINUTE = "minute"
    SEARCH = "search"
    CALL = "call"


class CallUsage(ModelUsage):
    """Quantity, price and time (seconds) of a rerank, speech or moderation call.

    `quantity` counts `meter`s: tokens, characters, minutes of audio, searches or calls.
    """

    quantity: Decimal
    meter: Meter
    unit_price: Decimal | None = None
    price_unit: Decimal = Decimal(0)
    total_price: Decimal | None = None
    currency: str = "USD"
    latency: float = 0.0
    estimated: bool = False

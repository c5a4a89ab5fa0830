"""Numbers as people read them: tokens, money, seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from modelbay.entities import CallUsage, EmbeddingUsage, LLMUsage, Meter

Usage = LLMUsage | EmbeddingUsage | CallUsage
UNKNOWN = "unknown"
_NAMES = {
    Meter.TOKEN: ("token", "tokens"),
    Meter.CHARACTER: ("character", "characters"),
    Meter.SEARCH: ("search", "searches"),
    Meter.CALL: ("call", "calls"),
}
_SUMMED = ("prompt_tokens", "completion_tokens", "total_tokens", "tokens", "quantity", "latency")


def seconds(value: float | None) -> str:
    """Return a duration with about three digits: `0.4 ms`, `38 ms`, `1.24 s`."""
    if value is None:
        return "–"
    if value < 0.01:
        return f"{value * 1000:.1f} ms"
    return f"{value * 1000:.0f} ms" if value < 0.9995 else f"{value:.2f} s"


def money(amount: Decimal | None, currency: str) -> str:
    """Return an exact amount with its currency; `unknown` where no price is declared."""
    return UNKNOWN if amount is None else f"{amount.normalize():f} {currency}"


def total(prices: Iterable[tuple[Decimal | None, str]]) -> str:
    """Return the sum of prices by currency; those that are not known are counted, not taken for nothing."""
    sums: dict[str, Decimal] = {}
    unknown = 0
    for amount, currency in prices:
        if amount is None:
            unknown += 1
        else:
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    known = [money(amount, currency) for currency, amount in sums.items()]
    if not known:
        return UNKNOWN
    return " + ".join([*known, f"{unknown} unknown"] if unknown else known)


def amount(usage: Usage) -> str:
    """Return what a call consumed: `9 + 49 tokens`, `1.1 s of audio`; `~` marks an estimate."""
    about = "~" if usage.estimated else ""
    if isinstance(usage, LLMUsage):
        return f"{about}{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
    if isinstance(usage, EmbeddingUsage):
        return f"{about}{_counted(usage.total_tokens, Meter.TOKEN)}"
    if usage.meter is Meter.MINUTE:
        return f"{about}{float(usage.quantity * 60):.1f} s of audio"
    return f"{about}{_counted(usage.quantity, usage.meter)}"


def price(usage: Usage) -> str:
    """Return what a call cost."""
    return money(usage.total_price, usage.currency)


def first_token(usage: Usage) -> float | None:
    """Return the seconds until the first token, where a call streams."""
    return usage.time_to_first_token if isinstance(usage, LLMUsage) else None


def merged(usages: Sequence[Usage]) -> Usage:
    """Return what calls of one model took together; the first token is that of the first call.

    The price is unknown as soon as that of one call is.
    """
    first = usages[0]
    update: dict[str, object] = {
        name: sum(getattr(usage, name) for usage in usages) for name in _SUMMED if hasattr(first, name)
    }
    prices = [usage.total_price for usage in usages]
    known = [amount for amount in prices if amount is not None]
    update["total_price"] = sum(known, Decimal(0)) if len(known) == len(prices) else None
    update["estimated"] = any(usage.estimated for usage in usages)
    return first.model_copy(update=update)


def _counted(quantity: int | Decimal, meter: Meter) -> str:
    one, many = _NAMES[meter]
    number = f"{quantity:,}" if isinstance(quantity, int) else f"{quantity.normalize():,f}"
    return f"{number} {one if quantity == 1 else many}"

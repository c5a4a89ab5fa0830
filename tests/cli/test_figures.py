"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.cli.figures import amount, merged, money, seconds, total
from modelbay.entities import CallUsage, LLMUsage, Meter

PRICES = st.one_of(st.none(), st.decimals(0, 1000, places=7))


def usage(prompt: int = 9, completion: int = 4, price: Decimal | None = None, **more: object) -> LLMUsage:
    """Return a usage with these numbers."""
    return LLMUsage.empty_usage().model_copy(
        update={"prompt_tokens": prompt, "completion_tokens": completion, "total_price": price, **more}
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0004, "0.4 ms"),
        (0.0384, "38 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (12.345, "12.35 s"),
    ],
)
def test_a_duration_has_about_three_digits(value: float | None, text: str) -> None:
    """More would be noise, fewer would hide the difference between two models."""
    assert seconds(value) == text


def test_money_is_exact_and_without_exponent() -> None:
    """A ten-millionth of a dollar is a usual price; 1E-7 is no way to write it."""
    assert money(Decimal("1E-7"), "USD") == "0.0000001 USD"
    assert money(Decimal("120.500"), "USD") == "120.5 USD"


def test_an_unknown_price_is_not_nothing() -> None:
    """A model without a declared price is not free."""
    assert money(None, "USD") == "unknown"
    assert money(Decimal(0), "USD") == "0 USD"
    assert total([(Decimal(1), "USD"), (None, "USD"), (Decimal(2), "CNY")]) == "1 USD + 2 CNY + 1 unknown"


def test_what_was_consumed_is_said_in_its_own_unit() -> None:
    """Seconds of audio, characters and searches are no tokens; a count of ours is marked."""
    minute = CallUsage(quantity=Decimal("0.5"), meter=Meter.MINUTE)
    search = CallUsage(quantity=Decimal(1), meter=Meter.SEARCH)
    letters = CallUsage(quantity=Decimal(1200), meter=Meter.CHARACTER)

    assert amount(usage(estimated=True)) == "~9 + 4 tokens"
    assert [amount(each) for each in (minute, search, letters)] == [
        "30.0 s of audio",
        "1 search",
        "1,200 characters",
    ]


@given(st.lists(st.tuples(st.integers(0, 10**6), PRICES), min_size=1, max_size=5))
def test_merged_calls_add_up_exactly(calls: list[tuple[int, Decimal | None]]) -> None:
    """A total that is off by rounding, or that takes an unknown price for zero, would be a lie."""
    whole = merged([usage(prompt=tokens, price=price) for tokens, price in calls])
    prices = [price for _, price in calls]

    assert isinstance(whole, LLMUsage)
    assert whole.prompt_tokens == sum(tokens for tokens, _ in calls)
    if None in prices:
        assert whole.total_price is None
    else:
        assert whole.total_price == sum(price for price in prices if price is not None)

"""Money is exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import Meter, PriceConfig, PriceType
from modelbay.sdk.prices import (
    amount_of,
    price_call_usage,
    price_embedding_usage,
    price_llm_usage,
    price_of,
)
from modelbay.wires.usage import call_usage, embedding_usage, llm_usage


def pricing(**fields: Any) -> PriceConfig:
    return PriceConfig.model_validate(
        {"input": "3", "output": "15", "unit": "0.000001", "currency": "USD", **fields}
    )


@given(
    tokens=st.integers(0, 10**9),
    price=st.decimals(0, 1000, places=6),
    unit=st.sampled_from([Decimal("0.001"), Decimal("0.000001")]),
)
def test_an_amount_is_the_product_rounded_half_up_to_seven_places(
    tokens: int, price: Decimal, unit: Decimal
) -> None:
    """Checked with integers, where nothing is rounded before the end."""
    exact = tokens * int(price * 10**6) * int(unit * 10**6)  # in units of 1e-12
    expected = (exact + 50_000) // 100_000

    assert amount_of(tokens, price, unit) == Decimal(expected).scaleb(-7)


def test_half_is_rounded_up() -> None:
    """Bankers' rounding would differ from the provider's bill."""
    assert amount_of(1, Decimal("0.5"), Decimal("0.0000001")) == Decimal("0.0000001")


def test_a_model_without_a_price_is_unknown_not_free() -> None:
    """A budget that took 0 for unknown would never be used up."""
    usage = price_llm_usage(llm_usage(prompt=10, completion=5), None)
    info = price_of(None, PriceType.INPUT, 10)

    assert usage.total_price is None
    assert (info.total_amount, info.known) == (None, False)


def test_input_and_output_have_their_own_prices() -> None:
    """The total is their sum."""
    usage = price_llm_usage(llm_usage(prompt=1000, completion=200), pricing())

    assert (usage.prompt_price, usage.completion_price, usage.total_price) == (
        Decimal("0.003"),
        Decimal("0.003"),
        Decimal("0.006"),
    )
    assert usage.total_tokens == 1200


def test_cached_input_costs_its_own_price() -> None:
    """Counting it at the full price is the commonest wrong bill."""
    used = llm_usage(prompt=1000, completion=0, cached=600, cache_write=100)
    usage = price_llm_usage(used, pricing(cached="0.3", cache_write="3.75"))

    assert usage.prompt_price == Decimal("0.001455")  # 300 x 3 + 600 x 0.3 + 100 x 3.75, per million


def test_long_prompts_cost_the_tiers_price() -> None:
    """Above the threshold all tokens of the call cost more, not only those above it."""
    config = pricing(tiers=[{"above": 1000, "input": "6", "output": "22.5"}])

    below = price_llm_usage(llm_usage(prompt=1000, completion=10), config)
    above = price_llm_usage(llm_usage(prompt=1001, completion=10), config)

    assert below.prompt_price == Decimal("0.003")
    assert above.prompt_price == Decimal("0.006006")
    assert above.completion_unit_price == Decimal("22.5")


def test_prices_that_the_provider_or_plugin_set_stay() -> None:
    """A plugin may know better than its YAML."""
    priced = price_llm_usage(llm_usage(prompt=10, completion=1), pricing())

    assert price_llm_usage(priced, pricing(input="99")) == priced


def test_output_without_a_price_makes_the_total_unknown() -> None:
    """Half a price is not a price."""
    config = pricing(output=None)

    assert price_llm_usage(llm_usage(prompt=10, completion=1), config).total_price is None
    assert price_llm_usage(llm_usage(prompt=10, completion=0), config).total_price == Decimal("0.00003")


def test_embeddings_are_priced_by_their_input() -> None:
    """They have no output."""
    assert price_embedding_usage(embedding_usage(1_000_000), pricing()).total_price == Decimal(3)


@pytest.mark.parametrize(("meter", "expected"), [(Meter.MINUTE, Decimal("0.015")), (Meter.CHARACTER, None)])
def test_a_price_applies_only_to_its_own_meter(meter: Meter, expected: Decimal | None) -> None:
    """A price per minute says nothing about characters."""
    config = pricing(input="0.006", unit="1", meter="minute")

    assert price_call_usage(call_usage(Decimal("2.5"), meter), config).total_price == expected

"""The order in which a route's models are tried, and the reason that is told for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import ModelType, PriceConfig
from modelbay.runtime.balancing import Turns
from modelbay.runtime.names import ModelName
from modelbay.runtime.routing import (
    EXPLORE,
    Figure,
    Ordering,
    Planned,
    Route,
    RouteStrategy,
    Step,
    by_price,
    by_speed,
)

LLM = ModelType.LLM
A, B, C = (ModelName("acme", name) for name in "abc")


def planned(*names: ModelName) -> list[Planned]:
    """Return models as they were written down."""
    return [Planned(name, Step(str(name))) for name in names]


def named(rows: Sequence[Planned]) -> list[str]:
    """Return the order."""
    return [row.name.model for row in rows]


def priced(**prices: tuple[str, str | None, str]) -> dict[ModelName, PriceConfig]:
    """Return prices by the name of the model: input, output, currency, per million tokens."""
    return {
        ModelName("acme", name): PriceConfig(
            input=Decimal(given),
            output=Decimal(out) if out else None,
            unit=Decimal("0.000001"),
            currency=currency,
        )
        for name, (given, out, currency) in prices.items()
    }


@given(st.lists(st.integers(1, 9), min_size=2, max_size=5))
def test_a_weighted_route_begins_with_each_model_as_often_as_its_weight(weights: list[int]) -> None:
    """And the others stand behind it, the heaviest first."""
    ordering = Ordering(Turns())
    names = [ModelName("acme", f"m{n}") for n in range(len(weights))]
    rows = [Planned(name, Step(str(name), weight)) for name, weight in zip(names, weights, strict=True)]
    route = Route("fair", tuple(row.step for row in rows), RouteStrategy.WEIGHTED, LLM)

    orders = [ordering.order("default", route, rows, LLM, {}, lambda *_: None) for _ in range(sum(weights))]

    assert Counter(order[0].name for order in orders) == dict(zip(names, weights, strict=True))
    for order in orders:
        rest = [row.step.weight for row in order[1:]]
        assert rest == sorted(rest, reverse=True)


def test_an_ordered_route_says_which_number_each_has() -> None:
    """The reason is told by `modelbay explain`."""
    route = Route.of("best", ["acme/b", "acme/a"])

    rows = Ordering(Turns()).order("default", route, planned(B, A), LLM, {}, lambda *_: None)

    assert [(row.name, row.why) for row in rows] == [
        (B, "no. 1 of the route's order"),
        (A, "no. 2 of the route's order"),
    ]


def test_the_cheapest_is_by_what_its_calls_look_like() -> None:
    """A model with cheap input that says three times as much may be the dearer one."""
    prices = priced(a=("1", "4", "USD"), b=("2", "2", "USD"))
    usual = by_price(planned(A, B), LLM, {}, lambda name, _: prices.get(name))
    talkative = {(A, LLM): Figure(5, 1.0, 100, 200)}
    wordy = by_price(planned(A, B), LLM, talkative, lambda name, _: prices.get(name))

    assert named(usual) == ["a", "b"]
    assert usual[0].why == "cheapest: 0.007 USD for 3000 tokens in and 1000 out"
    assert named(wordy) == ["b", "a"]
    assert wordy[1].why == "no. 2 by price: 0.027 USD for 3000 tokens in and 6000 out"


def test_prices_that_cannot_be_compared_come_behind_and_unknown_ones_last() -> None:
    """Nobody here knows a rate of exchange, and nothing is no price."""
    prices = priced(a=("9", "9", "USD"), c=("0.1", "0.1", "CNY"))
    other = ModelName("acme", "d")
    prices |= priced(d=("8", "8", "USD"))

    rows = by_price(planned(C, B, A, other), LLM, {}, lambda name, _: prices.get(name))

    assert named(rows) == ["d", "a", "c", "b"]
    assert rows[2].why == "its price is in CNY, which cannot be compared"
    assert rows[3].why == "its price is not known"


def test_the_price_of_vectors_is_that_of_their_input() -> None:
    """They have no output."""
    kind = ModelType.TEXT_EMBEDDING
    prices = priced(a=("0.13", None, "USD"), b=("0.02", None, "USD"))

    rows = by_price(planned(A, B), kind, {}, lambda name, _: prices.get(name))

    assert named(rows) == ["b", "a"]


def test_the_fastest_is_first_and_the_unknown_is_tried_now_and_then() -> None:
    """Or a model that was never called would never be found to be fast."""
    figures = {(A, LLM): Figure(3, 2.0), (B, LLM): Figure(4, 0.5)}

    orders = [by_speed(planned(A, B, C), LLM, figures, number) for number in range(2 * EXPLORE)]

    assert [number for number, rows in enumerate(orders) if named(rows)[0] == "c"] == [0, EXPLORE]
    assert named(orders[0]) == ["c", "b", "a"]
    assert named(orders[1]) == ["b", "a", "c"]
    assert orders[1][0].why == "fastest: 0.5 s, the median of 4 calls in the last hour"
    assert orders[0][0].why == f"tried because nothing is known of its speed, as 1 of {EXPLORE} calls is"


def test_a_route_of_which_nothing_is_known_keeps_its_order() -> None:
    """Its first calls are made before the ledger was asked."""
    assert named(by_speed(planned(B, A), LLM, {}, 0)) == ["b", "a"]

"""Routes: a name for several models, and the order in which a call tries them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from modelbay.entities import Meter, ModelType, PriceConfig
from modelbay.runtime.balancing import Strategy, Turns, Weighed
from modelbay.runtime.cooling import ErrorClass
from modelbay.runtime.names import ModelName
from modelbay.sdk.prices import rates_for

GOES_ON: Final = frozenset(ErrorClass) - {ErrorClass.BAD_REQUEST}
"""The errors after which the next model is tried, where a route says nothing else."""
EXPLORE: Final = 20
"""Of so many calls of a `fastest` route the first tries a model of which nothing is known."""
INPUT: Final = 3_000
"""Tokens of the call by which `cheapest` compares prices …"""
RATIO: Final = Decimal(3)
"""… and how many of them there are for each of the output, where the ledger does not say."""
_MOST: Final = 10_000  # routes whose calls are counted


class RouteStrategy(StrEnum):
    """How a route orders its models."""

    ORDERED = "ordered"
    WEIGHTED = "weighted"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"


@dataclass(frozen=True, slots=True)
class Step:
    """A model of a route.

    Attributes:
        model: `provider/model`.
        timeout: Seconds until it has to begin to answer, or to answer if nothing is streamed.
        goes_on: The errors after which the next model is tried.
    """

    model: str
    weight: int = 1
    timeout: float | None = None
    goes_on: frozenset[ErrorClass] = GOES_ON


@dataclass(frozen=True, slots=True)
class Route:
    """A name for several models. `model_type` is None where the installation has named models of any type."""

    name: str
    steps: tuple[Step, ...]
    strategy: RouteStrategy = RouteStrategy.ORDERED
    model_type: ModelType | None = None

    @classmethod
    def of(cls, name: str, models: Sequence[str]) -> Route:
        """Return a route over models in their order."""
        return cls(name, tuple(map(Step, models)))


class Planned(NamedTuple):
    """A model that a call may try, and why it comes where it does."""

    name: ModelName
    step: Step
    why: str = ""


class Figure(NamedTuple):
    """A model's calls of the last hour: `seconds` is the median until they began to be answered."""

    calls: int
    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def ratio(self) -> Decimal:
        """Tokens of input for each of output."""
        if not self.prompt_tokens or not self.completion_tokens:
            return RATIO
        return Decimal(self.prompt_tokens) / self.completion_tokens


Figures = Mapping[tuple[ModelName, ModelType], Figure]
Prices = Callable[[ModelName, ModelType], PriceConfig | None]


class Ordering:
    """Orders the models of routes, for one process."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._calls: Counter[tuple[str, str]] = Counter()

    def order(
        self,
        workspace: str,
        route: Route,
        planned: Sequence[Planned],
        model_type: ModelType,
        figures: Figures,
        prices: Prices,
    ) -> list[Planned]:
        """Return the models in the order of their route, each with the reason for its place."""
        if route.strategy is RouteStrategy.WEIGHTED:
            return self._by_turns(workspace, route, planned)
        if route.strategy is RouteStrategy.CHEAPEST:
            return by_price(planned, model_type, figures, prices)
        if route.strategy is RouteStrategy.FASTEST:
            number = self._calls[(workspace, route.name)]
            if len(self._calls) > _MOST:
                self._calls.clear()
            self._calls[(workspace, route.name)] = number + 1
            return by_speed(planned, model_type, figures, number)
        return [
            each._replace(why=f"no. {place} of the route's order") for place, each in enumerate(planned, 1)
        ]

    def _by_turns(self, workspace: str, route: Route, planned: Sequence[Planned]) -> list[Planned]:
        members = tuple(Weighed(str(each.name), each.step.weight) for each in planned)
        group = (workspace, "route", route.name)
        first = self._turns.pick(group, Strategy.WEIGHTED, members, members).id
        whole = sum(each.weight for each in members)
        rest = [each for each in planned if str(each.name) != first]
        rest.sort(key=lambda each: -each.step.weight)
        return [
            *(
                each._replace(why=f"its turn, by weight {each.step.weight} of {whole}")
                for each in planned
                if str(each.name) == first
            ),
            *(each._replace(why=f"next by weight {each.step.weight} of {whole}") for each in rest),
        ]


def by_speed(
    planned: Sequence[Planned], model_type: ModelType, figures: Figures, number: int
) -> list[Planned]:
    """Return the models, the fastest first; those that nothing is known of last, but now and then first.

    Args:
        number: How many calls of the route came before this one.
    """
    known = [each for each in planned if (each.name, model_type) in figures]
    unknown = [each for each in planned if (each.name, model_type) not in figures]
    known.sort(key=lambda each: figures[(each.name, model_type)].seconds)
    told = [
        each._replace(why=_speed(place, figures[(each.name, model_type)]))
        for place, each in enumerate(known, 1)
    ]
    if not unknown:
        return told
    turn, wait = divmod(number, EXPLORE)
    if known and wait == 0:
        chosen = unknown[turn % len(unknown)]
        why = f"tried because nothing is known of its speed, as 1 of {EXPLORE} calls is"
        rest = [each._replace(why=_UNKNOWN_SPEED) for each in unknown if each is not chosen]
        return [chosen._replace(why=why), *told, *rest]
    return [*told, *(each._replace(why=_UNKNOWN_SPEED) for each in unknown)]


_UNKNOWN_SPEED: Final = "no calls in the last hour, so its speed is not known"
_UNKNOWN_PRICE: Final = "its price is not known"


def _speed(place: int, figure: Figure) -> str:
    which = "fastest" if place == 1 else f"no. {place} by speed"
    return f"{which}: {figure.seconds:.3g} s, the median of {figure.calls} calls in the last hour"


def by_price(
    planned: Sequence[Planned], model_type: ModelType, figures: Figures, prices: Prices
) -> list[Planned]:
    """Return the models, the cheapest first, by what one call of an ordinary size costs with each.

    Prices of another currency or measure than most have cannot be compared: they come behind, in the order of
    the route, and those that are not known come last.
    """
    costs = {each.name: _cost(each.name, model_type, figures, prices) for each in planned}
    units = Counter(cost.unit for each in planned if (cost := costs[each.name]) is not None)
    usual = units.most_common(1)[0][0] if units else ""
    priced: list[tuple[Decimal, Planned]] = []
    others: list[Planned] = []
    unknown: list[Planned] = []
    for each in planned:
        cost = costs[each.name]
        if cost is None:
            unknown.append(each._replace(why=_UNKNOWN_PRICE))
        elif cost.unit != usual:
            others.append(each._replace(why=f"its price is in {cost.unit}, which cannot be compared"))
        else:
            priced.append((cost.amount, each._replace(why=cost.text)))
    priced.sort(key=lambda row: row[0])
    told = [
        each._replace(why=f"{'cheapest' if place == 1 else f'no. {place} by price'}: {each.why}")
        for place, (_, each) in enumerate(priced, 1)
    ]
    return [*told, *others, *unknown]


class _Cost(NamedTuple):
    amount: Decimal
    unit: str
    text: str


def _cost(name: ModelName, model_type: ModelType, figures: Figures, prices: Prices) -> _Cost | None:
    pricing = prices(name, model_type)
    if pricing is None:
        return None
    rates = rates_for(pricing, INPUT)
    if rates.input is None:
        return None
    if pricing.meter is not Meter.TOKEN:
        amount = rates.input * rates.unit
        unit = f"{pricing.currency} per {pricing.meter.value}"
        return _Cost(amount, unit, f"{amount.normalize():f} {unit}")
    if model_type is not ModelType.LLM or rates.output is None:
        amount = INPUT * rates.input * rates.unit
        return _Cost(amount, pricing.currency, f"{_short(amount)} {pricing.currency} for {INPUT} tokens")
    figure = figures.get((name, model_type))
    output = int(INPUT / (figure.ratio if figure else RATIO))
    amount = (INPUT * rates.input + output * rates.output) * rates.unit
    text = f"{_short(amount)} {pricing.currency} for {INPUT} tokens in and {output} out"
    return _Cost(amount, pricing.currency, text)


def _short(amount: Decimal) -> str:
    return f"{Decimal(f'{amount:.4g}').normalize():f}"

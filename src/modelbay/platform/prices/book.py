"""Which price holds for a model at a moment: a pure function of what is declared and what was entered."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from modelbay.entities import PriceConfig
from modelbay.sdk.prices import rates_for
from modelbay.store.exact import EXACT
from modelbay.store.prices import PriceRow

PROVIDER: Final = "provider"
"""The version of a price that the provider itself has told with its answer."""
_MOST: Final = 10_000  # declared prices remembered
_AMOUNTS: Final = ("input", "output", "cached", "cache_write")


class Place(NamedTuple):
    """A model that a price is for."""

    provider: str
    model: str
    model_type: str


class Price(NamedTuple):
    """A price with its version: `declared:<hash>`, or `workspace:<number>` where it is the workspace's own.

    `config` is None, and the version "", where nobody knows one. `texts` are the prices as JSON for prompts
    of more tokens than each number, ascending.
    """

    config: PriceConfig | None
    version: str
    texts: tuple[tuple[int, str], ...] = ()
    is_own: bool = False

    def text(self, prompt_tokens: int) -> str:
        """Return the prices that were applied to a prompt of that many tokens, as JSON."""
        found = ""
        for above, text in self.texts:
            if prompt_tokens <= above and found:
                break
            found = text
        return found


UNKNOWN: Final = Price(None, "")


def declared_price(config: PriceConfig | None) -> Price:
    """Return what a plugin declares as a price; its version depends on nothing but what it says."""
    return UNKNOWN if config is None else _priced(config, f"declared:{_digest(config)}")


def own_price(config: PriceConfig, number: int) -> Price:
    """Return a workspace's own price."""
    return _priced(config, f"workspace:{number}", is_own=True)


class PriceBook:
    """The prices of a workspace as they were when it was made."""

    def __init__(self, rows: Iterable[PriceRow] = ()) -> None:
        entries: dict[Place, dict[float, Price | None]] = {}
        for row in sorted(rows, key=lambda row: row.number):  # of one moment the last that was entered holds
            price = (
                own_price(PriceConfig.model_validate_json(row.content), row.number) if row.content else None
            )
            entries.setdefault(Place(row.provider, row.model, row.model_type), {})[row.valid_from] = price
        self._own: Mapping[Place, tuple[list[float], list[Price | None]]] = MappingProxyType(
            {place: _in_order(prices) for place, prices in entries.items()}
        )

    def of(
        self, provider: str, model: str, model_type: str, declared: PriceConfig | None, at: float
    ) -> Price:
        """Return the price that holds at a time (seconds since 1970) for a model that declares `declared`."""
        place = Place(provider, model, model_type)
        own = self._own.get(place)
        if own is not None:
            index = bisect_right(own[0], at) - 1
            found = own[1][index] if index >= 0 else None
            if found is not None:
                return found
        return _remembered(place, declared)


_declared: dict[Place, Price] = {}


def _remembered(place: Place, declared: PriceConfig | None) -> Price:
    """Return a declared price: made once, as long as the plugin declares the same."""
    if declared is None:
        return UNKNOWN
    known = _declared.get(place)
    if known is not None and (known.config is declared or known.config == declared):
        return known
    if len(_declared) >= _MOST:
        _declared.clear()
    made = _declared[place] = declared_price(declared)
    return made


def as_json(config: PriceConfig) -> str:
    """Return all that a price says, as JSON; amounts are text, so that they stay exact."""
    return orjson.dumps(_plain(config) | _notes(config)).decode()


def _in_order(prices: Mapping[float, Price | None]) -> tuple[list[float], list[Price | None]]:
    starts = sorted(prices)
    return starts, [prices[start] for start in starts]


def _priced(config: PriceConfig, version: str, *, is_own: bool = False) -> Price:
    above = [0, *sorted(tier.above for tier in config.tiers)]
    texts = tuple((tokens, _rates_text(config, tokens)) for tokens in above)
    return Price(config, version, texts, is_own)


def _rates_text(config: PriceConfig, above: int) -> str:
    rates = rates_for(config, above + 1)
    named = {name: _text(amount) for name in _AMOUNTS if (amount := getattr(rates, name)) is not None}
    facts = {"unit": _text(config.unit), "currency": config.currency, "meter": config.meter.value}
    return orjson.dumps(named | facts).decode()


def _digest(config: PriceConfig) -> str:
    """Return a short hash of what a price says; where it was read, and on which day, changes nothing."""
    content = orjson.dumps(_plain(config), option=orjson.OPT_SORT_KEYS)
    return sha256(content).hexdigest()[:12]


def _plain(config: PriceConfig) -> dict[str, Any]:
    tiers = [
        {"above": tier.above, **_amounts(tier)} for tier in sorted(config.tiers, key=lambda tier: tier.above)
    ]
    plain = {"unit": _text(config.unit), "currency": config.currency, "meter": config.meter.value}
    return _amounts(config) | plain | ({"tiers": tiers} if tiers else {})


def _amounts(prices: Any) -> dict[str, str]:
    return {name: _text(amount) for name in _AMOUNTS if (amount := getattr(prices, name)) is not None}


def _notes(config: PriceConfig) -> dict[str, str]:
    return {name: note for name in ("source", "as_of") if (note := getattr(config, name)) is not None}


def _text(amount: Decimal) -> str:
    return f"{EXACT.normalize(amount):f}"

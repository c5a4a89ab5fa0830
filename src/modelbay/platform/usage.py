"""What calls came to: the ledger, summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.fold import fold
from modelbay.store import Database, calls
from modelbay.store import keys as queries
from modelbay.store.database import EXACT

_COUNTS = (
    "calls",
    "errors",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "unpriced",
)

Dimension = Literal["model", "key", "day", "provider"]


@dataclass(slots=True, kw_only=True)
class Usage:
    """What the calls of one group came to.

    Attributes:
        label: The model, provider or day; of a key its id, its name is in `name`.
        prices: Exact sums by currency, of the calls whose price is known.
        unpriced: How many calls used something whose price is not known.
    """

    label: str
    name: str = ""
    calls: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    prices: dict[str, Decimal] = field(default_factory=dict)
    unpriced: int = 0

    def add(self, other: Usage) -> None:
        """Add what other calls came to."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for currency, price in other.prices.items():
            self.prices[currency] = EXACT.add(self.prices.get(currency, Decimal(0)), price)


def usage(
    data_dir: Path, *, since: float = 0.0, by: str = "model", workspace: str = "default"
) -> Sequence[Usage]:
    """Return the totals of the calls since a time (seconds since 1970), in the order of their labels.

    Every call that was acknowledged before is counted, also by a gateway that runs or has crashed.

    Raises:
        InvokeBadRequestError: `by` is no dimension.
    """
    if by not in get_args(Dimension):
        raise InvokeBadRequestError(f"by: {by[:40]!r} is none of {', '.join(get_args(Dimension))}")
    with Database.open(data_dir) as database:
        fold(database, data_dir)
        totals = calls.totals(database, workspace, since=since, by=by)
        names = {row.id: row.name for row in queries.listed(database, workspace)} if by == "key" else {}
    return _merged(totals, names)


def _merged(totals: Sequence[calls.Total], names: dict[str, str]) -> list[Usage]:
    found: dict[str, Usage] = {}
    for total in totals:
        prices = {} if total.price is None else {total.currency: Decimal(total.price)}
        counts = {name: getattr(total, name) for name in _COUNTS}
        one = found.setdefault(total.label, Usage(label=total.label, name=names.get(total.label, "")))
        one.add(Usage(label=total.label, prices=prices, **counts))
    return list(found.values())

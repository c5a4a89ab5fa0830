"""What calls came to: the ledger, summed, with all that was corrected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from modelbay.platform.fold import fold
from modelbay.platform.people.refusals import invalid
from modelbay.store import Database, people, totals
from modelbay.store import credentials as credential_queries
from modelbay.store import keys as key_queries
from modelbay.store.exact import EXACT, sum_of
from modelbay.store.selection import FAR, Selection
from modelbay.store.totals import Sums

DIMENSIONS: Final = tuple(totals.DIMENSIONS)
_COUNTS: Final = (
    "calls",
    "errors",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "unpriced",
)


@dataclass(slots=True, kw_only=True)
class Usage:
    """What the calls of one group came to.

    Attributes:
        label: The model, provider or day; the labels of several dimensions have a space between them.
        labels: One for each dimension.
        names: What people call a key, credentials or a member, whose labels are ids; "" for other dimensions.
        prices: Exact sums by currency, of the calls whose price is known; corrections are in them.
        unpriced: How many calls used something whose price is not known.
    """

    label: str = ""
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    calls: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    prices: dict[str, Decimal] = field(default_factory=dict)
    unpriced: int = 0

    @property
    def name(self) -> str:
        """All names, with a space between them."""
        return " ".join(filter(None, self.names))

    def add(self, other: Usage) -> None:
        """Add what other calls came to."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for currency, price in other.prices.items():
            self.prices[currency] = EXACT.add(self.prices.get(currency, Decimal(0)), price)


class Totals(Mapping[tuple[str, ...], Usage]):
    """Totals by their labels, in the order of these; each is added up when it is asked for."""

    def __init__(self, sums: Iterable[Sums], names: Sequence[Mapping[str, str]]) -> None:
        """Begin with sums, of which several may have the same labels.

        Args:
            names: What people call the labels of each dimension.
        """
        self._names = names
        found: dict[tuple[str, ...], list[Sums]] = {}
        for each in sums:
            found.setdefault(each.labels, []).append(each)
        # Here, since each database has an order of its own for letters.
        self._sums = {labels: found[labels] for labels in sorted(found)}

    def __getitem__(self, labels: tuple[str, ...]) -> Usage:
        row = Usage(
            label=" ".join(filter(None, labels)),
            labels=labels,
            names=tuple(names.get(label, "") for names, label in zip(self._names, labels, strict=True)),
        )
        for each in self._sums[labels]:
            row.add(_usage(each))
        return row

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._sums)

    def __len__(self) -> int:
        return len(self._sums)


def usage(
    data_dir: Path,
    *,
    since: float = 0.0,
    until: float = FAR,
    by: str | Sequence[str] = "model",
    workspace: str = "default",
) -> Sequence[Usage]:
    """Return the totals of the calls from a time until before another, in the order of their labels.

    Every call that was acknowledged before is counted, also by a gateway that runs or has crashed.
    Corrections count for the time of the call that they correct. The connection is one of its own.

    Args:
        since, until: Seconds since 1970. Where only daily totals are kept, days count that begin in between.
        by: One or several of DIMENSIONS; none for one total.

    Raises:
        InvokeBadRequestError: `by` is no dimension.
    """
    dimensions = check_dimensions(by)
    with Database.open(data_dir) as database:
        chosen = Selection(workspace=workspace, since=since, until=until)
        return [*usage_of(database, data_dir, chosen, dimensions).values()]


def usage_of(database: Database, data_dir: Path, chosen: Selection, by: Sequence[str]) -> Totals:
    """As `usage`, of chosen calls, by dimensions that were checked."""
    fold(database, data_dir)
    return totals_of(database, chosen, by)


def check_dimensions(by: str | Sequence[str]) -> tuple[str, ...]:
    """Return dimensions, each once.

    Raises:
        InvokeBadRequestError: One is none.
    """
    names = tuple(dict.fromkeys(by.split(",") if isinstance(by, str) else by))
    for name in names:
        if name not in DIMENSIONS:
            raise invalid("by", f"{name[:40]!r} is none of {', '.join(DIMENSIONS)}")
    return names


def totals_of(database: Database, chosen: Selection, by: Sequence[str]) -> Totals:
    """Return the totals of chosen calls, of what is in the database."""
    found = totals.sums(database, chosen, by)
    return Totals(found, [_names(database, chosen.workspace, name) if found else {} for name in by])


def _usage(sums: Sums) -> Usage:
    price = sum_of(sums.prices)
    counts = {name: getattr(sums, name) for name in _COUNTS}
    return Usage(prices={} if price is None else {sums.currency: Decimal(price)}, **counts)


def _names(database: Database, workspace: str, dimension: str) -> dict[str, str]:
    """Return what people call the groups of a dimension, by label."""
    if dimension == "key":
        return {row.id: row.name for row in key_queries.listed(database, workspace)}
    if dimension == "credential":
        return {row.id: row.name for row in credential_queries.of_workspace(database, workspace)}
    if dimension == "member":
        return {row.user: row.email for row in people.members(database, workspace)}
    return {}

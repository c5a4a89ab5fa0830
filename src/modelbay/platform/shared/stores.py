"""What a place has to do for processes to share it; `Sharing` makes the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from modelbay.platform.shared.port import Ask, Refused

MOST_COOLING: Final = 10_000
"""How many names may be left alone at once; those for which it is over first go."""


class AwayError(Exception):
    """A place cannot be used now; the text is for people, and holds no password."""


class Wanted(NamedTuple):
    """What one call asks for."""

    ticket: str
    asks: Sequence[Ask]


@dataclass(slots=True)
class News:
    """What a process has to tell the others.

    Attributes:
        spent: Of which limit, taken in which second, how many tokens more (or less) than were reserved.
        freed: Of which limit, which ticket is no longer under way.
        renewed: Of which limit, which ticket still is.
        cooled: What is to be left alone, for how many seconds; 0 lifts it.
    """

    spent: list[tuple[str, int, int]] = field(default_factory=list)
    freed: list[tuple[str, str]] = field(default_factory=list)
    renewed: list[tuple[str, str]] = field(default_factory=list)
    cooled: list[tuple[str, float]] = field(default_factory=list)


class Store(Protocol):
    """A place that several processes reach. Every method but `open` raises AwayError if it cannot be used."""

    @property
    def place(self) -> str:
        """Where it is, for people; without a password."""
        ...

    @property
    def patience(self) -> float:
        """Seconds that a call may wait for it."""
        ...

    @property
    def remote(self) -> bool:
        """Whether it has to be connected to, so that one wants to know early whether it can be."""
        ...

    def open(self) -> None:
        """Check what is configured, without reaching for it; StoreError if it cannot work."""
        ...

    async def take(self, wanted: Sequence[Wanted]) -> Sequence[int | Refused]:
        """Take for each, in order: all it asks for, or nothing. Return in which second, or why not."""
        ...

    async def exchange(self, news: News) -> Mapping[str, float] | None:
        """Tell the news; return what is to be left alone for how many seconds, None if that is as it was."""
        ...

    async def claim(self, name: str, seconds: float) -> bool:
        """As `Shared.claim`."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


def hardest(refusals: Iterable[Refused]) -> Refused | None:
    """Return the refusal that holds for longest; None if there is none."""
    return max(
        refusals,
        key=lambda each: float("inf") if each.retry_after is None else each.retry_after,
        default=None,
    )

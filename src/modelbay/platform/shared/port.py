"""The port: what is asked of whatever processes share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

LEASE: Final = 15.0
"""Seconds after which a call of a process that died is no longer counted as under way."""


class Kind(StrEnum):
    """What a limit counts: two of them within any minute, one at any moment."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    PARALLEL = "parallel"


class Ask(NamedTuple):
    """What a call needs of one limit.

    Attributes:
        name: The limit's, the same in every process.
        amount: Of tokens, the worst case: the truth is said by `settle`.
    """

    name: str
    kind: Kind
    limit: int
    amount: int = 1


class Refused(NamedTuple):
    """A limit does not allow what was asked, and so nothing was taken of any.

    Attributes:
        ask: What stands in the way for longest.
        retry_after: Seconds after which the same would be allowed if nobody else came. When calls under way
            end nobody knows: then it is 1. None if it is beyond the limit at any time.
    """

    ask: Ask
    retry_after: float | None


class Ticket:
    """What a call has taken and not settled yet; `second` is when, by the clock that is shared."""

    __slots__ = ("asks", "id", "keeper", "second")

    def __init__(self, keeper: Shared, ticket: str, asks: Sequence[Ask], second: int) -> None:
        self.keeper = keeper
        self.id = ticket
        self.asks = list(asks)
        self.second = second

    @property
    def slots(self) -> list[str]:
        """The names of the limits in which it is counted as under way."""
        return [ask.name for ask in self.asks if ask.kind is Kind.PARALLEL]

    def settle(self, tokens: int | None = None, *, asks: Collection[Ask] | None = None) -> None:
        """As `Shared.settle`."""
        self.keeper.settle(self, tokens, asks=asks)

    def __repr__(self) -> str:
        return f"Ticket({self.id}, {[ask.name for ask in self.asks]})"


class Shared(Protocol):
    """Limits, announcements and claims that several processes have in common.

    For one event loop. Nothing here is durable.
    """

    @property
    def failure(self) -> str:
        """Why it is shared by fewer processes than it should be; "" if it is not."""
        ...

    async def start(self) -> None:
        """Begin to connect, where there is something to connect to.

        Raises:
            StoreError: What is configured cannot work: an address that is none, a missing package.
        """
        ...

    async def take(self, asks: Sequence[Ask]) -> Ticket | Refused:
        """Take from all limits at once, or from none."""
        ...

    def settle(
        self, ticket: Ticket, tokens: int | None = None, *, asks: Collection[Ask] | None = None
    ) -> None:
        """Say that a call has ended; it is told to the others beside the calls. Only the first time counts.

        Args:
            tokens: What was used, in place of what was reserved; None leaves that.
            asks: Settle only these of what was taken; the rest goes on.
        """
        ...

    def cool(self, name: str, seconds: float) -> None:
        """Announce that something needs to be left alone; every process knows within a second.

        The longest of several announcements counts; 0 seconds lift it.
        """
        ...

    def cooling(self) -> Mapping[str, float]:
        """Return what is to be left alone, from memory, and until when by `time.monotonic`.

        Some of it may be over already.
        """
        ...

    async def claim(self, name: str, seconds: float) -> bool:
        """Return whether this process has the right to something for so long: one at a time has."""
        ...

    async def flush(self) -> None:
        """Wait until what was settled and announced so far is known, or cannot be told."""
        ...

    async def close(self) -> None:
        """Tell what there is to tell, then let go of everything."""
        ...

"""What has failed is left alone for a while: by the class of its error, and then tried by one call first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)


class ErrorClass(StrEnum):
    """What kind of failure: it decides who is tried next, and how long the one that failed is left alone."""

    RATE_LIMIT = "rate-limit"
    AUTHORIZATION = "authorization"
    CONNECTION = "connection"
    UNAVAILABLE = "unavailable"
    BAD_REQUEST = "bad-request"


_CLASSES: Final = (
    (InvokeRateLimitError, ErrorClass.RATE_LIMIT),
    (InvokeAuthorizationError, ErrorClass.AUTHORIZATION),
    (InvokeConnectionError, ErrorClass.CONNECTION),
    (InvokeServerUnavailableError, ErrorClass.UNAVAILABLE),
)
_FIRST: Final[Mapping[ErrorClass, float]] = {
    ErrorClass.RATE_LIMIT: 60.0,
    ErrorClass.AUTHORIZATION: 10.0,
    ErrorClass.CONNECTION: 10.0,
    ErrorClass.UNAVAILABLE: 5.0,
}
"""Seconds after a first failure; each that follows at once doubles them."""
_LONGEST: Final[Mapping[ErrorClass, float]] = {
    ErrorClass.RATE_LIMIT: 300.0,
    ErrorClass.AUTHORIZATION: 300.0,
    ErrorClass.CONNECTION: 300.0,
    ErrorClass.UNAVAILABLE: 60.0,
}
_SHORTEST_TOLD: Final = 1.0
_LONGEST_TOLD: Final = 3600.0  # seconds that a Retry-After may ask for before somebody looks again
_JITTER: Final = 0.1  # of the time, so that replicas and keys do not come back in one moment
_CLAIM: Final = 10.0  # seconds for which a probe keeps other processes from theirs
_SAME: Final = 1.0  # seconds by which what was told here may come back changed
_MOST: Final = 10_000


def class_of(error: InvokeError) -> ErrorClass:
    """Return the class of an error."""
    return next((name for kind, name in _CLASSES if isinstance(error, kind)), ErrorClass.BAD_REQUEST)


class Announcements(Protocol):
    """Tells the processes of an installation of each other's cool-downs. Nothing here waits but `claim`."""

    def cool(self, name: str, seconds: float) -> None:
        """Tell the others that something is left alone for so long; 0 seconds lift it."""
        ...

    def cooling(self) -> Mapping[str, float]:
        """Return what was told, as far as it is known here: until when by the clock, by name."""
        ...

    async def claim(self, name: str, seconds: float) -> bool:
        """Whether this process, and for so long no other, may try something; True if nobody can be asked."""
        ...


class Alone:
    """The announcements of a process that has no others."""

    def cool(self, name: str, seconds: float) -> None:
        """Tell nobody."""

    def cooling(self) -> Mapping[str, float]:
        """Return nothing."""
        return _NOTHING

    async def claim(self, name: str, seconds: float) -> bool:
        """Let it be tried."""
        return True


_NOTHING: Final[Mapping[str, float]] = {}


@dataclass(slots=True)
class _State:
    kind: ErrorClass
    failures: int
    until: float
    probed: bool = False
    claimed: float = 0.0  # until when it is this process's to probe


class Cooling:
    """Which names are left alone, in this process and as others have told.

    A name that nothing is known of is well. After its time one call may probe: its success clears the name,
    its failure doubles the time.
    """

    def __init__(
        self,
        others: Announcements | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Begin with nothing cooling.

        Args:
            chance: Returns a number from 0 to 1, by which times are stretched by up to a tenth.
        """
        self._others = others or Alone()
        self._clock = clock
        self._chance = chance
        self._states: dict[str, _State] = {}

    def left(self, name: str) -> float | None:
        """Return the seconds for which a name is left alone; 0 if it is to be probed; None if it is well."""
        if told := self._others.cooling():
            self._hear(name, told)
        if not self._states:
            return None
        state = self._states.get(name)
        return None if state is None else max(0.0, state.until - self._clock())

    def may_try(self, name: str) -> bool:
        """Whether a call may use a name: it is well, or waits for a probe that nobody makes yet."""
        left = self.left(name)
        return left is None or (left == 0.0 and not self._states[name].probed)

    async def claim(self, name: str) -> bool:
        """Take the probe of a name; True also where none is needed."""
        state = self._states.get(name)
        if state is None:
            return True
        if state.probed or state.until > self._clock():
            return False
        state.probed = True  # before anybody else of this process can
        if state.claimed > self._clock():
            return True
        try:
            is_ours = await self._others.claim(name, _CLAIM)
        except BaseException:  # a client that goes away, most of all
            state.probed = False
            raise
        if is_ours:
            state.claimed = self._clock() + _CLAIM
            return True
        state.probed = False
        state.until = self._clock() + _CLAIM
        return name not in self._states  # a call from before may have found it well meanwhile

    def kind(self, name: str) -> ErrorClass | None:
        """Return what a name is left alone for."""
        state = self._states.get(name)
        return state.kind if state else None

    def failed(self, name: str, kind: ErrorClass, retry_after: float | None = None) -> None:
        """Leave a name alone. Calls that fail together, or while it cools already, count once."""
        first, now = _FIRST.get(kind), self._clock()
        if first is None:
            return
        state = self._states.get(name)
        if state is not None and state.until > now:
            if retry_after is not None:
                self._prolong(name, state, kind, now + min(retry_after, _LONGEST_TOLD))
            return
        failures = state.failures + 1 if state is not None and state.kind is kind else 1
        seconds = self._stretched(kind, first, failures, retry_after)
        claimed = state.claimed if state is not None else 0.0
        self._keep(name, _State(kind, failures, now + seconds, claimed=claimed))
        self._others.cool(f"{name}#{kind.value}", seconds)

    def succeeded(self, name: str) -> None:
        """Clear a name whose time is over; a call that began before it failed says nothing about it now."""
        state = self._states.get(name)
        if state is not None and state.until <= self._clock():
            del self._states[name]
            self._others.cool(f"{name}#{state.kind.value}", 0.0)

    def let_go(self, name: str) -> None:
        """Give back a probe of which nothing came: the next call may make it."""
        state = self._states.get(name)
        if state is not None:
            state.probed = False

    def _prolong(self, name: str, state: _State, kind: ErrorClass, until: float) -> None:
        if until > state.until:
            state.kind, state.until = kind, until
            self._others.cool(f"{name}#{kind.value}", until - self._clock())

    def _stretched(self, kind: ErrorClass, first: float, failures: int, retry_after: float | None) -> float:
        if retry_after is not None:
            seconds = min(max(retry_after, _SHORTEST_TOLD), _LONGEST_TOLD)
        else:
            seconds = min(first * 2.0 ** min(failures - 1, 16), _LONGEST[kind])
        return seconds * (1 + _JITTER * self._chance())

    def _hear(self, name: str, told: Mapping[str, float]) -> None:
        now = self._clock()
        for kind in _FIRST:
            until = told.get(f"{name}#{kind.value}", 0.0)
            known = self._states.get(name)
            if until > now and (known is None or known.until + _SAME < until):
                self._keep(name, _State(kind, known.failures if known else 1, until))

    def _keep(self, name: str, state: _State) -> None:
        self._states.pop(name, None)
        self._states[name] = state
        if len(self._states) > _MOST:
            del self._states[next(iter(self._states))]

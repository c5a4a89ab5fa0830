"""The time limits of one call: per phase, and one for everything."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from modelbay.wires.http1.errors import WireError
from modelbay.wires.request import GRAIN, Timeouts

__all__ = ["Limits", "Own"]


class Own(NamedTuple):
    """What network settings say: whether the idle limit is theirs, how long a call may take, until when."""

    idle: bool = False
    total: float | None = None
    by: float | None = None


class Limits:
    """Started when the call starts; `outer` is the deadline of whoever made the call."""

    __slots__ = ("_deadline", "_first", "_first_by", "_own", "_started", "timeouts")

    def __init__(self, timeouts: Timeouts, outer: float | None, own: Own | None = None) -> None:
        self.timeouts = timeouts
        self._started = time.monotonic()
        self._own = own
        self._first = 0.0
        self._first_by: float | None = None
        total = math.inf if timeouts.total is None else self._started + timeouts.total
        self._deadline = total if outer is None else min(total, outer)
        if own is not None and own.by is not None:
            self._deadline = min(self._deadline, own.by)

    def await_first(self, seconds: float) -> None:
        """Have the answer's body begin within `seconds` from now; `begun` says that it has."""
        self._first = seconds
        self._first_by = time.monotonic() + seconds

    @property
    def awaits_first(self) -> bool:
        """Whether the answer's body has to begin yet."""
        return self._first_by is not None

    def begun(self) -> None:
        """Take note that the answer's body has begun."""
        self._first_by = None

    def by(self, seconds: float | None) -> float:
        """Return when a phase of `seconds` must be over, if it starts now."""
        until = self._deadline if self._first_by is None else min(self._first_by, self._deadline)
        return until if seconds is None else min(time.monotonic() + seconds, until)

    def left(self) -> float:
        """Return the seconds until the call must be over."""
        return self._deadline - time.monotonic()

    def delay(self, seconds: float | None) -> float | None:
        """Return the seconds that a phase may take, for `asyncio.timeout`."""
        until = self.by(seconds)
        return None if until == math.inf else until - time.monotonic()

    def expired(
        self, doing: str, seconds: float | None, *, sent: bool = True, answered: bool = False
    ) -> WireError:
        """Return the error for a phase that took too long: it names the limit that was reached."""
        return WireError(self._said(doing, seconds), sent=sent, answered=answered)

    def went_idle(self, doing: str, *, answered: bool = False) -> WireError:
        """Return the error for an answer that does not go on."""
        return WireError(self._said(doing, self.timeouts.idle, idle=True), answered=answered)

    def _said(self, doing: str, seconds: float | None, *, idle: bool = False) -> str:
        own, waited = self._own, f"Timeout while {doing}"
        if self._first_by is not None and self._first_by <= time.monotonic() + GRAIN:
            first = f"the answer has not begun within {self._first:g} seconds"
            return f"{waited}: {first} (network settings, first_token_timeout)."
        if seconds is not None and self.left() > GRAIN:
            setting = " (network settings, idle_timeout)" if idle and own is not None and own.idle else ""
            return f"{waited}, after {seconds:g} seconds{setting}."
        if own is not None and own.by == self._deadline:
            return (
                f"{waited}: the whole call may take {own.total:g} seconds (network settings, total_timeout)."
            )
        seconds = max(0.0, self._deadline - self._started)
        return f"{waited}: the whole call may take {seconds:g} seconds."

    @contextmanager
    def waiting_for(self, doing: str, seconds: float | None, *, sent: bool = False) -> Iterator[None]:
        """Turn a `TimeoutError` into the error of this phase."""
        try:
            yield
            return
        except TimeoutError:
            error = self.expired(doing, seconds, sent=sent)
        raise error

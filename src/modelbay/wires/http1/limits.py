"""The time limits of one call: per phase, and one for everything."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from modelbay.wires.http1.errors import WireError
from modelbay.wires.request import Timeouts

__all__ = ["Limits"]


class Limits:
    """Started when the call starts; `outer` is the deadline of whoever made the call."""

    __slots__ = ("_deadline", "_started", "timeouts")

    def __init__(self, timeouts: Timeouts, outer: float | None) -> None:
        self.timeouts = timeouts
        self._started = time.monotonic()
        total = math.inf if timeouts.total is None else self._started + timeouts.total
        self._deadline = total if outer is None else min(total, outer)

    def by(self, seconds: float | None) -> float:
        """Return when a phase of `seconds` must be over, if it starts now."""
        return self._deadline if seconds is None else min(time.monotonic() + seconds, self._deadline)

    def left(self) -> float:
        """Return the seconds until the call must be over."""
        return self._deadline - time.monotonic()

    def delay(self, seconds: float | None) -> float | None:
        """Return the seconds that a phase may take, for `asyncio.timeout`."""
        left = self.left() if seconds is None else min(seconds, self.left())
        return None if left == math.inf else left

    def expired(
        self, doing: str, seconds: float | None, *, sent: bool = True, answered: bool = False
    ) -> WireError:
        """Return the error for a phase that took too long: it names the phase, or the call as a whole."""
        if seconds is None or self.left() <= 0.001:
            whole = max(0.0, self._deadline - self._started)
            text = f"Timeout while {doing}: the whole call may take {whole:g} seconds."
            return WireError(text, sent=sent, answered=answered)
        return WireError(f"Timeout while {doing}, after {seconds:g} seconds.", sent=sent, answered=answered)

    @contextmanager
    def waiting_for(self, doing: str, seconds: float | None, *, sent: bool = False) -> Iterator[None]:
        """Turn a `TimeoutError` into the error of this phase."""
        try:
            yield
            return
        except TimeoutError:
            error = self.expired(doing, seconds, sent=sent)
        raise error

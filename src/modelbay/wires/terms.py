"""What one call's requests have to keep to beyond the settings of their transport."""

from __future__ import annotations

import time
from dataclasses import replace

from modelbay.wires.http1.limits import Limits, Own
from modelbay.wires.network import Network
from modelbay.wires.request import Timeouts

__all__ = ["Terms"]


class Terms:
    """The terms of one call, which may need several requests; its time begins with the first of them."""

    __slots__ = ("_by", "_network", "secrets")

    def __init__(self, network: Network) -> None:
        self._network = network
        self._by: float | None = None
        self.secrets = frozenset(network.headers.values())

    def limits(self, timeouts: Timeouts, outer: float | None) -> Limits:
        """Return the limits of a request: the tighter of these and those that it has anyway."""
        idle, total = self._network.idle_timeout, self._network.total_timeout
        if total is not None and self._by is None:
            self._by = time.monotonic() + total
        tighter = idle is not None and (timeouts.idle is None or idle < timeouts.idle)
        if tighter:
            timeouts = replace(timeouts, idle=idle)
        return Limits(timeouts, outer, Own(tighter, total, self._by))

    def begin(self, limits: Limits, *, streamed: bool) -> None:
        """Let a request begin: of a streamed answer the first piece is waited for from here on.

        Raises:
            WireError: The call's time is over.
        """
        if limits.left() <= 0:
            raise limits.expired("preparing the request", None, sent=False)
        if streamed and self._network.first_token_timeout is not None:
            limits.await_first(self._network.first_token_timeout)

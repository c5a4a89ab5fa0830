"""What one call's requests have to keep to beyond the settings of their transport."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from modelbay.wires.allowance import Allowance, Turn
from modelbay.wires.http1.limits import Limits, Own
from modelbay.wires.network import Network
from modelbay.wires.request import Timeouts

__all__ = ["Terms"]

_BYTES_A_TOKEN = 4
_WITH_FILES = 4_000


class Terms:
    """The terms of one call, which may need several requests; its time begins with the first of them."""

    __slots__ = ("_allowance", "_by", "_network", "_turns", "secrets")

    def __init__(self, network: Network, allowance: Allowance | None = None) -> None:
        self._network = network
        self._allowance = allowance
        self._turns: list[Turn] = []
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

    async def begin(self, limits: Limits, body: bytes, *, streamed: bool) -> Callable[[], None]:
        """Wait for a request's turn; return what is to be called when it has ended.

        Of a streamed answer the first piece is waited for from then on.

        Raises:
            WireError: The call's time is over.
            InvokeRateLimitError: The turn does not come in that time.
        """
        if limits.left() <= 0:
            raise limits.expired("preparing the request", None, sent=False)
        leave = await self._turn(limits, body) if self._allowance is not None else _nothing
        if streamed and self._network.first_token_timeout is not None:
            limits.await_first(self._network.first_token_timeout)
        return leave

    def spent(self, tokens: int) -> None:
        """Have the call count as so many tokens: now it is known."""
        if self._turns:
            self._turns[-1].add(tokens - sum(turn.tokens for turn in self._turns))

    async def _turn(self, limits: Limits, body: bytes) -> Callable[[], None]:
        assert self._allowance is not None
        tokens = _guessed(body) if self._allowance.counts_tokens else 0
        turn = await self._allowance.enter(tokens, limits.left())
        self._turns.append(turn)
        return turn.leave


def _guessed(body: bytes) -> int:
    """Return about how many tokens a request has. Files in it are no text: they are counted afterwards."""
    tokens = len(body) // _BYTES_A_TOKEN
    return min(tokens, _WITH_FILES) if b";base64," in body else tokens


def _nothing() -> None:
    """Leave: nobody waits."""

"""What signers work with: a clock, a store of tokens, and a way to ask for new ones."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from modelbay.wires.request import Request

__all__ = ["Bench", "Token", "Tokens"]

_MARGIN = 300.0  # seconds before its end from which on a token is no longer used
_MOST = 1_000  # tokens that are kept: one for each set of credentials in use
_SMALLEST_SKEW = 30.0  # seconds by which clocks may differ without anybody minding


class Token(NamedTuple):
    """A token and the seconds for which it is good."""

    value: str
    expires_in: float


class _Held(NamedTuple):
    value: str
    until: float


class Tokens:
    """The tokens of one transport. Whoever needs one while it is being fetched waits for the same fetch."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._fetching: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[str]] = {}

    async def get(self, key: str, fetch: Callable[[], Awaitable[Token]]) -> str:
        """Return the token of that name, fetched if there is none that lasts."""
        held = self._held.get(key)
        if held is not None and self._ticks() < held.until:
            self._held.move_to_end(key)
            return held.value
        place = (asyncio.get_running_loop(), key)
        task = self._fetching.get(place)
        if task is None:
            # Apart from whoever came first: his deadline and his leaving are not everybody's.
            task = place[0].create_task(self._fetch(key, fetch), context=contextvars.Context())
            self._fetching[place] = task
            task.add_done_callback(lambda done: self._over(place, done))
        return await asyncio.shield(task)

    def drop(self, key: str) -> None:
        """Forget a token that was refused."""
        self._held.pop(key, None)

    def values(self) -> set[str]:
        """Return the tokens that are held: none of them may be told."""
        return {held.value for held in self._held.values()}

    async def _fetch(self, key: str, fetch: Callable[[], Awaitable[Token]]) -> str:
        begun = self._ticks()
        token = await fetch()
        margin = min(_MARGIN, token.expires_in / 2)
        self._held[key] = _Held(token.value, begun + token.expires_in - margin)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
        return token.value

    def _over(self, place: tuple[asyncio.AbstractEventLoop, str], task: asyncio.Task[str]) -> None:
        self._fetching.pop(place, None)
        if not task.cancelled():
            task.exception()  # who waited has got it; if all have left, nobody is to be warned


class Bench:
    """What a signer works with for one host.

    Attributes:
        skew: Seconds that the host's clock is ahead of ours, as far as it is known.
        send: Returns the decoded JSON answer of a request.
    """

    def __init__(
        self, tokens: Tokens, clock: Callable[[], float], send: Callable[[Request], Awaitable[Any]]
    ) -> None:
        self.skew = 0.0
        self.send = send
        self._tokens = tokens
        self._clock = clock

    def now(self) -> float:
        """Return the host's time in seconds since 1970."""
        return self._clock() + self.skew

    async def token(self, key: str, fetch: Callable[[], Awaitable[Token]]) -> str:
        """Return the token of that name, fetched if there is none that lasts; one fetch serves all who wait.

        Args:
            key: Tells sets of credentials apart: a digest of them, not the credentials themselves.
        """
        return await self._tokens.get(key, fetch)

    def drop(self, key: str) -> None:
        """Forget a token that was refused."""
        self._tokens.drop(key)

    def learn(self, date: str | None) -> bool:
        """Set the clock by the `Date` of an answer; True if it was noticeably wrong."""
        try:
            told = parsedate_to_datetime(date or "").timestamp()
        except (ValueError, TypeError, OverflowError):
            return False
        skew = told - self._clock()
        if abs(skew - self.skew) < _SMALLEST_SKEW:
            return False
        self.skew = skew
        return True

"""How much a provider may be asked, a minute and at once. Who has to wait, waits in order."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from modelbay.errors import InvokeRateLimitError

__all__ = ["OURS", "Allowance", "Turn"]

OURS: Final = "network_limit"
"""The code of a refusal that is our own: the provider was not asked, and is not to blame."""

_MINUTE: Final = 60.0
_MOST_WAITING: Final = 1_000
_MARGIN: Final = 0.02  # seconds before the end of a call's time, so that this error comes first
_SOON: Final = 1.0  # seconds to tell who asks when a request that is under way will have ended


class _Sent:
    """A request of the last minute."""

    __slots__ = ("at", "counts", "tokens")

    def __init__(self, at: float, tokens: int) -> None:
        self.at = at
        self.tokens = tokens
        self.counts = False


class Turn:
    """A request that may go out now. Leave when it has ended."""

    __slots__ = ("_allowance", "_left", "_sent")

    def __init__(self, allowance: Allowance, sent: _Sent) -> None:
        self._allowance = allowance
        self._sent = sent
        self._left = False

    @property
    def tokens(self) -> int:
        """What it counts as."""
        return self._sent.tokens

    def add(self, tokens: int) -> None:
        """Have it count as so many tokens more, or fewer: what was said beforehand was a guess."""
        self._allowance.correct(self._sent, tokens)

    def leave(self) -> None:
        """Make room for the next; safe to call twice."""
        if not self._left:
            self._left = True
            self._allowance.left()


class Allowance:
    """What one workspace may ask of one provider, in one process; for one event loop."""

    def __init__(
        self, *, ticks: Callable[[], float] = time.monotonic, most_waiting: int = _MOST_WAITING
    ) -> None:
        self._ticks = ticks
        self._most_waiting = most_waiting
        self._rpm: int | None = None
        self._tpm: int | None = None
        self._parallelism: int | None = None
        self._busy = 0
        self._sent: deque[_Sent] = deque()
        self._tokens = 0
        self._waiting: deque[asyncio.Event] = deque()

    def adjust(self, *, rpm: int | None, tpm: int | None, parallelism: int | None) -> Allowance:
        """Allow so much from now on; None is without limit. What is under way counts."""
        self._rpm, self._tpm, self._parallelism = rpm, tpm, parallelism
        self.look()
        return self

    @property
    def counts_tokens(self) -> bool:
        """Whether it matters how many tokens a request has."""
        return self._tpm is not None

    async def enter(self, tokens: int, left: float) -> Turn:
        """Return once a request of about so many tokens may go out, after those that came before.

        Args:
            left: The seconds that the call may still take.

        Raises:
            InvokeRateLimitError: Its turn does not come in time, or too many wait; see `retry_after`.
        """
        if self._waiting or self._pause(tokens)[0] > 0:
            await self._wait(tokens, left)
        self._busy += 1
        sent = _Sent(self._ticks(), tokens)
        if self._rpm is not None or self._tpm is not None:
            sent.counts = True
            self._sent.append(sent)
            self._tokens += tokens
        return Turn(self, sent)

    def correct(self, sent: _Sent, tokens: int) -> None:
        """Take note that a request has so many tokens more, or fewer."""
        sent.tokens += tokens
        if sent.counts:
            self._tokens += tokens
            self.look()

    def left(self) -> None:
        """Take note that a request has ended."""
        self._busy -= 1
        self.look()

    def look(self) -> None:
        """Have who is next look whether it is time."""
        if self._waiting:
            self._waiting[0].set()

    async def _wait(self, tokens: int, left: float) -> None:
        pause, what = self._pause(tokens)
        if len(self._waiting) >= self._most_waiting:
            raise _refusal(f"{len(self._waiting)} calls wait already", what, pause)
        own, by = asyncio.Event(), self._ticks() + left - _MARGIN
        self._waiting.append(own)
        try:
            while True:
                pause, what = self._pause(tokens)
                left = by - self._ticks()
                first = self._waiting[0] is own
                if first and pause <= 0:
                    return
                if left <= 0 or (first and left < pause < math.inf):
                    raise _refusal("there is no turn within the call's time", what, pause)
                await _set_within(own, min(pause, left) if first else left)
        finally:
            self._waiting.remove(own)
            self.look()

    def _pause(self, tokens: int) -> tuple[float, str]:
        """Return the seconds until a request may go out, infinite if nobody knows, and what it waits for."""
        now = self._ticks()
        while self._sent and self._sent[0].at <= now - _MINUTE:
            gone = self._sent.popleft()
            gone.counts = False
            self._tokens -= gone.tokens
        if self._parallelism is not None and self._busy >= self._parallelism:
            return math.inf, f"{self._parallelism} requests at once (network settings, parallelism)"
        pause, what = 0.0, ""
        if self._rpm is not None and len(self._sent) >= self._rpm:
            pause = self._sent[len(self._sent) - self._rpm].at + _MINUTE - now
            what = f"{self._rpm} requests a minute (network settings, rpm)"
        if self._tpm is not None:
            until = self._room_for(tokens, self._tpm) - now
            if until > pause:
                pause, what = until, f"{self._tpm} tokens a minute (network settings, tpm)"
        return pause, what

    def _room_for(self, tokens: int, most: int) -> float:
        """Return when there is room for so many tokens; a request that is too large goes alone."""
        spent, room = self._tokens, 0.0
        for each in self._sent:
            if spent <= 0 or spent + tokens <= most:
                break
            spent -= each.tokens
            room = each.at + _MINUTE
        return room


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    event.clear()
    try:
        async with asyncio.timeout(None if seconds == math.inf else seconds):
            await event.wait()
    except TimeoutError:
        return


def _refusal(why: str, what: str, pause: float) -> InvokeRateLimitError:
    after = _SOON if pause == math.inf else max(0.1, round(pause, 1))
    limit = f": the provider may be asked {what}" if what else ""
    return InvokeRateLimitError(f"{why}{limit}", retry_after=after, code=OURS)

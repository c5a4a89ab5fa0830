"""What a process tells the others and learns from them, beside its calls: one exchange after the other."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterable
from typing import Final

from modelbay.platform.shared.port import LEASE, Ask, Kind, Ticket
from modelbay.platform.shared.stores import MOST_COOLING, AwayError, News, Store

INTERVAL: Final = 0.4  # seconds between two exchanges, if there is no news
RENEWAL: Final = LEASE / 3
_MOST: Final = 1_000  # pieces of each kind of news in one exchange
_MOST_WAITING: Final = 100_000  # slots to give back that wait for a store that is away
_FIRST_PAUSE: Final = 0.1  # seconds until a store that is away is tried again; each pause is twice the last
_LONGEST_PAUSE: Final = 2.0


class Telling:
    """The news of one process; `failure` is why it cannot be told, as far as is known.

    What was used in place of what was reserved is told once: if nobody knows whether it has arrived, the
    reservation stays, for the rest of its minute. All else may be told again.
    """

    def __init__(self, store: Store, *, interval: float, renewal: float) -> None:
        self.failure = ""
        self.cooling: dict[str, float] = {}
        self._store = store
        self._interval = interval
        self._renewal = renewal
        self._news = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._flushing: list[asyncio.Future[None]] = []
        self._held: dict[Ticket, None] = {}
        self._due: list[Ticket] = []
        self._renewed = time.monotonic()
        self._spent: list[tuple[str, int, int]] = []
        self._freed: list[tuple[str, str]] = []
        self._announced: dict[str, float] = {}

    def begin(self) -> None:
        """Exchange news from now on."""
        if self._keeping is None:
            self._keeping = asyncio.get_running_loop().create_task(self._keep())

    def lost(self, why: str) -> None:
        """Take note that the store is away; it is tried again at once."""
        if not self.failure:
            self.failure = why
            self.begin()
            self._news.set()

    def hold(self, ticket: Ticket) -> None:
        """Renew a ticket's slots until it is settled."""
        if ticket.slots:
            self._held[ticket] = None

    def settle(self, ticket: Ticket, tokens: int | None, asks: Collection[Ask] | None) -> None:
        """Tell that a call has ended, or has ended to need some of what it took."""
        ended = [ask for ask in ticket.asks if asks is None or ask in asks]
        ticket.asks = [ask for ask in ticket.asks if ask not in ended]
        if not ticket.slots:
            self._held.pop(ticket, None)
        for ask in ended:
            if ask.kind is Kind.PARALLEL:
                self._freed.append((ask.name, ticket.id))
            elif ask.kind is Kind.TOKENS and tokens is not None and tokens != ask.amount:
                self._spent.append((ask.name, ticket.second, tokens - ask.amount))
        if ended:
            self._news.set()

    def cool(self, name: str, seconds: float) -> None:
        """Announce that something needs to be left alone."""
        now = time.monotonic()
        until = max(now + seconds, self.cooling.get(name, now)) if seconds > 0 else now
        self._announced[name] = until
        _apply(self.cooling, {name: until}, now)
        self.begin()
        self._news.set()

    async def flush(self) -> None:
        """Wait until all that is known here is told; return at once while it cannot be."""
        if self._keeping is None or self._keeping.done() or self.failure:
            return
        flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushing.append(flushed)
        self._news.set()
        await flushed

    async def close(self) -> None:
        """Tell what there is to tell, then end."""
        await self.flush()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def _keep(self) -> None:
        pause = 0.0
        while True:
            flushing, self._flushing = self._flushing, []
            news = self._next()
            try:
                await self._exchange(news)
            except AwayError as error:
                self.failure = str(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next exchange may succeed
                self.failure = f"{self._store.place} cannot be used: unexpected {type(error).__name__}"
            else:
                self.failure, pause = "", 0.0
                if self._is_more():
                    self._flushing += flushing
                    continue
            for each in flushing:
                if not each.done():
                    each.set_result(None)
            if self.failure:
                self._keep_for_later(news)
                pause = min(_LONGEST_PAUSE, 2 * pause or _FIRST_PAUSE)
                await asyncio.sleep(pause)
            else:
                await self._wait()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._interval):
                await self._news.wait()

    async def _exchange(self, news: News) -> None:
        seen = await self._store.exchange(news)
        now = time.monotonic()
        if seen is not None:
            self.cooling = {name: now + left for name, left in seen.items()}
        _apply(self.cooling, self._announced, now)  # what was announced meanwhile

    def _next(self) -> News:
        """Take what is told with the next exchange out of what waits."""
        self._news.clear()
        now = time.monotonic()
        if now - self._renewed >= self._renewal:
            self._renewed = now
            self._due = [*self._held]
        due, self._due = self._due[:_MOST], self._due[_MOST:]
        news = News(
            spent=self._spent[:_MOST],
            freed=self._freed[:_MOST],
            renewed=[(name, each.id) for each in due if each in self._held for name in each.slots],
            cooled=[(name, max(0.0, until - now)) for name, until in self._announced.items()],
        )
        del self._spent[:_MOST], self._freed[:_MOST]
        self._announced.clear()
        return news

    def _is_more(self) -> bool:
        return bool(self._spent or self._freed or self._due or self._announced or self._flushing)

    def _keep_for_later(self, news: News) -> None:
        """Keep what may be told twice; slots that nobody renews are given back without being told."""
        self._freed[:0] = news.freed
        del self._freed[_MOST_WAITING:]
        self._spent.clear()
        now = time.monotonic()
        self.cooling = _longest(self.cooling, now)
        self._announced = {name: now + left for name, left in news.cooled} | self._announced
        self._announced = _longest(self._announced, now - 1)
        self._renewed = float("-inf")  # a store that comes back empty has to learn what is under way


def _apply(cooling: dict[str, float], announced: dict[str, float], now: float) -> None:
    for name, until in announced.items():
        if until > now:
            cooling[name] = until
        else:
            cooling.pop(name, None)


def _longest(until: dict[str, float], now: float) -> dict[str, float]:
    """Return what is not over, of too much that which lasts longest."""
    left: Iterable[tuple[str, float]] = ((name, at) for name, at in until.items() if at > now)
    if len(until) > MOST_COOLING:
        left = sorted(left, key=lambda each: -each[1])[:MOST_COOLING]
    return dict(left)

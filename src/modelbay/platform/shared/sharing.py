"""What makes a place shared: takes in batches, news told beside the calls, another place behind."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from modelbay.platform.shared.port import Ask, Refused, Shared, Ticket
from modelbay.platform.shared.stores import AwayError, Store, Wanted
from modelbay.platform.shared.telling import INTERVAL, RENEWAL, Telling

_MOST: Final = 200  # takes in one batch

Taken = int | Refused


class _Waiting(NamedTuple):
    wanted: Wanted
    answer: asyncio.Future[Taken]


class Sharing:
    """A `Shared` in a `Store`; while that is away, the one behind it does its work, and `failure` says so."""

    def __init__(
        self,
        store: Store,
        *,
        behind: Shared | None = None,
        interval: float = INTERVAL,
        renewal: float = RENEWAL,
    ) -> None:
        """Share what a store holds.

        Args:
            interval: Seconds between two exchanges if there is no news.
            renewal: Seconds after which slots are renewed.
        """
        self._store = store
        self._behind = behind
        self._telling = Telling(store, interval=interval, renewal=renewal)
        self._waiting: list[_Waiting] = []
        self._taking: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def failure(self) -> str:
        """Why something else does the work; "" if nothing has to."""
        own = self._telling.failure
        theirs = self._behind.failure if self._behind is not None else ""
        return "; ".join(each for each in (own, theirs) if each)

    async def start(self) -> None:
        """Begin to connect, where there is something to connect to."""
        if self._store.remote:
            self._store.open()
            self._telling.begin()

    async def take(self, asks: Sequence[Ask]) -> Ticket | Refused:
        """Take from all limits at once, or from none."""
        if self._is_away():
            return await self._next().take(asks)
        self._telling.begin()
        waiting = self._ask(Wanted(secrets.token_hex(8), asks))
        try:
            await self._patiently(waiting.answer)
        except asyncio.CancelledError:
            self._abandon(waiting)
            raise
        if not waiting.answer.done():
            self._abandon(waiting)
            self._telling.lost(f"{self._store.place} does not answer")
            return await self._next().take(asks)
        try:
            taken = waiting.answer.result()
        except AwayError as error:
            self._telling.lost(str(error))
            return await self._next().take(asks)
        return taken if isinstance(taken, Refused) else self._ticket(waiting.wanted, taken)

    def settle(
        self, ticket: Ticket, tokens: int | None = None, *, asks: Collection[Ask] | None = None
    ) -> None:
        """Say that a call has ended."""
        if ticket.keeper is not self:
            ticket.settle(tokens, asks=asks)
        else:
            self._telling.settle(ticket, tokens, asks)

    def cool(self, name: str, seconds: float) -> None:
        """Announce that something needs to be left alone."""
        self._telling.cool(name, seconds)
        if self._is_away():
            self._next().cool(name, seconds)

    def cooling(self) -> Mapping[str, float]:
        """Return what is to be left alone, from memory, and until when by `time.monotonic`."""
        self._telling.begin()
        own = self._telling.cooling
        return {**self._next().cooling(), **own} if self._is_away() else own

    async def claim(self, name: str, seconds: float) -> bool:
        """Return whether this process has the right to something for so long."""
        if not self._is_away():
            try:
                async with asyncio.timeout(self._store.patience):
                    return await self._store.claim(name, seconds)
            except TimeoutError:
                self._telling.lost(f"{self._store.place} does not answer")
            except AwayError as error:
                self._telling.lost(str(error))
        return await self._next().claim(name, seconds)

    async def flush(self) -> None:
        """Wait until what was settled and announced so far is known, or cannot be told."""
        await self._telling.flush()
        if self._behind is not None:
            await self._behind.flush()

    async def close(self) -> None:
        """Tell what there is to tell, then let go of everything."""
        if self._closed:
            return
        self._closed = True
        if self._taking is not None:
            await asyncio.gather(self._taking, return_exceptions=True)
        await self._telling.close()
        await self._store.close()
        if self._behind is not None:
            await self._behind.close()

    def _is_away(self) -> bool:
        return bool(self._telling.failure) and self._behind is not None

    def _next(self) -> Shared:
        """Return what does the work of a store that is away."""
        if self._behind is None:
            raise AwayError(self._telling.failure)
        return self._behind

    def _ticket(self, wanted: Wanted, second: int) -> Ticket:
        ticket = Ticket(self, wanted.ticket, wanted.asks, second)
        self._telling.hold(ticket)
        return ticket

    # takes: what comes while a batch is under way is the next batch

    def _ask(self, wanted: Wanted) -> _Waiting:
        loop = asyncio.get_running_loop()
        waiting = _Waiting(wanted, loop.create_future())
        self._waiting.append(waiting)
        if self._taking is None or self._taking.done():
            self._taking = loop.create_task(self._take_all())
        return waiting

    async def _patiently(self, answer: asyncio.Future[Taken]) -> None:
        """Wait for an answer as long as a call may wait.

        In two halves: a loop that was busy elsewhere for longer has not waited for the store.
        """
        for _ in range(2):
            if not answer.done():
                await asyncio.wait((answer,), timeout=self._store.patience / 2)

    async def _take_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            try:
                taken = await self._store.take([each.wanted for each in batch])
            except AwayError as error:
                for each in batch:
                    each.answer.set_exception(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, calls go on with what is behind
                away = AwayError(f"{self._store.place} cannot be used: unexpected {type(error).__name__}")
                for each in batch:
                    each.answer.set_exception(away)
            else:
                for each, one in zip(batch, taken, strict=True):
                    each.answer.set_result(one)

    def _abandon(self, waiting: _Waiting) -> None:
        """Give back what is taken for a call that does not wait for it any more."""

        def give_back(answer: asyncio.Future[Taken]) -> None:
            if answer.exception() is None and not isinstance(answer.result(), Refused):
                self._ticket(waiting.wanted, int(answer.result())).settle(0)  # type: ignore[arg-type]

        waiting.answer.add_done_callback(give_back)

"""What calls of this process hold: many at once in one transaction, and given back when a process dies."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from modelbay.errors import InvokeServerUnavailableError, ModelbayError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.fold import FOLDER, fold
from modelbay.platform.limits.holding import (
    Answer,
    Ask,
    Hold,
    Settlement,
    begin_counting,
    hold,
    settle,
)
from modelbay.store import Database, StoreError, spending
from modelbay.store.journal import home_of
from modelbay.store.presence import Presence, is_gone
from modelbay.store.spending import Balance, Place

_FOLDER: Final = "holders"
_MOST: Final = 10_000  # calls that wait for the database
_AT_ONCE: Final = 200  # calls a transaction
_EVERY: Final = 5.0  # seconds between two signs of life
_SILENT: Final = 20.0  # seconds of silence after which a process on another machine is taken for dead
_PAUSE: Final = 1.0  # seconds between two looks for the dead, while calls are refused


class Holds:
    """Takes from limits before calls, and says afterwards what they did spend.

    A process that dies leaves what it held. Others of its machine see that at once, by a lock that it had,
    and first move what it wrote of its calls into the ledger; those of other machines see it by its silence.
    """

    def __init__(
        self,
        database: BackgroundDatabase,
        data_dir: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        silent: float = _SILENT,
    ) -> None:
        self.failure = ""
        self._database = database
        self._data_dir = data_dir
        self._clock = clock
        self._silent = silent
        self._holder = f"holder_{secrets.token_hex(8)}"
        self._home = ""
        self._presence: Presence | None = None
        self._waiting: list[tuple[Hold | Settlement, asyncio.Future[Answer]]] = []
        self._working: asyncio.Task[None] | None = None
        self._living: asyncio.Task[None] | None = None
        self._under_way: set[str] = set()
        self._beats: dict[str, tuple[int, float]] = {}
        self._looked = float("-inf")

    async def hold(self, workspace: str, call: str, asks: Sequence[Ask]) -> Sequence[Balance]:
        """Take from limits what a call may spend, all or nothing; return what they stood at before.

        What the call held before is given back. Cancelled or refused, nothing is held.

        Raises:
            ModelbayError: A limit's refusal; or the database cannot be used.
        """
        self._under_way.add(call)
        try:
            answer = await self._done(Hold(workspace, call, asks))
        except BaseException:
            self.forget(workspace, call)
            raise
        if isinstance(answer, ModelbayError):
            self._under_way.discard(call)
            raise answer
        return answer

    async def settle(self, workspace: str, call: str, spent: Sequence[tuple[Place, Decimal]]) -> None:
        """Give back what a call did not spend: it has ended, and is written down.

        If that fails, the fold gives it back a second later.
        """
        self._under_way.discard(call)
        try:
            await self._done(Settlement(workspace, call, spent))
        except StoreError as error:
            self.failure = f"what calls hold cannot be given back: {error}"

    def forget(self, workspace: str, call: str) -> None:
        """Give back all that a call held, in the background: it was not made."""
        self._under_way.discard(call)
        future = self._queue(Settlement(workspace, call, ()))
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def close(self) -> None:
        """Give back everything; after the last fold."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        while self._working is not None and not self._working.done():
            await asyncio.shield(self._working)
        if self._presence is not None:
            await self._database.run(_release, self._holder)
            self._presence.end()
            self._presence = None

    # the queue

    def _queue(self, work: Hold | Settlement) -> asyncio.Future[Answer]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((work, future))
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return future

    async def _done(self, work: Hold | Settlement) -> Answer:
        if len(self._waiting) >= _MOST:
            raise InvokeServerUnavailableError(
                "too many calls wait for their limits; try again", retry_after=1
            )
        return await self._queue(work)

    async def _work(self) -> None:
        """Serve what waits, as long as something does: whoever comes meanwhile is in the next transaction."""
        while self._waiting:
            batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            try:
                if self._presence is None:
                    self._home, self._presence = await asyncio.to_thread(self._appear)
                    self._living = asyncio.get_running_loop().create_task(self._live())
                look = self._clock() - self._looked > _PAUSE
                answers, looked = await self._database.run(self._serve, [work for work, _ in batch], look)
            except Exception as error:  # noqa: BLE001 - each who waits is told
                _fail(batch, error)
                continue
            if looked:
                self._looked = self._clock()
            self.failure = ""
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    def _appear(self) -> tuple[str, Presence]:
        return home_of(self._data_dir / FOLDER), Presence.show(self._data_dir / _FOLDER, self._holder)

    def _serve(
        self, database: Database, works: Sequence[Hold | Settlement], look: bool
    ) -> tuple[list[Answer], bool]:
        """Serve a batch on the database's thread; look for the dead if one is refused and `look`."""
        answers = self._in_order(database, works)
        refused = [place for place, answer in enumerate(answers) if isinstance(answer, ModelbayError)]
        looked = bool(refused) and look
        if looked and self._bury(database):
            again = self._in_order(database, [works[place] for place in refused])
            for place, answer in zip(refused, again, strict=True):
                answers[place] = answer
        return answers, looked

    def _in_order(self, database: Database, works: Sequence[Hold | Settlement]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        for workspace, places in _by_workspace(works).items():
            holds = {place: each for place in places if isinstance(each := works[place], Hold)}
            ended = [each for place in places if isinstance(each := works[place], Settlement)]
            begin_counting(database, list(holds.values()))
            with database.transaction(f"limits {workspace}"):
                settle(database, ended)
                if holds:
                    found = hold(database, self._holder, self._home, list(holds.values()))
                    answers |= dict(zip(holds, found, strict=True))
        return [answers.get(place, ()) for place in range(len(works))]

    # life and death

    async def _live(self) -> None:
        """Give signs of life, and look for those who give none."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.look()
            except StoreError as error:
                self.failure = f"limits cannot be reached: {error}"

    async def look(self) -> None:
        """Give a sign of life and bury the dead; it is done every five seconds anyway."""
        await self._database.run(self._look)

    def _look(self, database: Database) -> None:
        if self._under_way or spending.is_held(database, self._holder):
            spending.beat(database, self._holder, self._home)
        else:
            _release(database, self._holder)
        self._bury(database)

    def _bury(self, database: Database) -> int:
        """Give back what dead processes held; return how many there were."""
        now, others = self._clock(), spending.holders(database)
        self._beats = {
            name: (beat, self._beats[name][1] if self._beats.get(name, (-1,))[0] == beat else now)
            for name, (_, beat) in others.items()
            if name != self._holder
        }
        here = [
            name
            for name in self._beats
            if others[name][0] == self._home and is_gone(self._data_dir / _FOLDER, name)
        ]
        if here:
            fold(database, self._data_dir)  # what they wrote of their calls, before what they held is let go
        silent = [
            name
            for name, (_, since) in self._beats.items()
            if others[name][0] != self._home and now - since >= self._silent
        ]
        return sum(_release(database, name, others[name][1]) for name in (*here, *silent))


def _release(database: Database, holder: str, seen: int | None = None) -> int:
    with database.transaction("holders"):
        return spending.release(database, holder, seen)


def _by_workspace(works: Sequence[Hold | Settlement]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place, work in enumerate(works):
        found[work.workspace].append(place)
    return found


def _fail(batch: Sequence[tuple[Hold | Settlement, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)

"""What calls of this process hold: many at once in one transaction, and given back when a process dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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
from modelbay.store import Database, StoreError, open_directory, spending
from modelbay.store.database import WAIT
from modelbay.store.journal import home_of
from modelbay.store.presence import Presence, forget_gone, is_gone
from modelbay.store.spending import Balance, Place

_FOLDER: Final = "holders"
_MOST: Final = 10_000  # calls that wait for the database
_AT_ONCE: Final = 200  # calls a transaction
_EVERY: Final = 5.0  # seconds between two signs of life
_SILENT: Final = WAIT + 2 * _EVERY
"""Seconds without a sign of life after which a process on another machine is taken for dead.

Signs have a connection of their own, so that none waits for the locks that calls wait for, however many those
are. What a sign can wait for is its own row, for as long as a transaction may wait that has changed it: two
signs are never further apart than WAIT and _EVERY. The rest is for machines that are slow.
"""
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
        most: int = _MOST,
    ) -> None:
        """Hold for one process.

        Args:
            silent: Seconds without a sign of life after which a process on another machine is taken for dead.
            most: Calls that may wait for the database; more are refused.
        """
        self.failure = ""
        self._database = database
        self._signs = BackgroundDatabase(data_dir)
        self._data_dir = data_dir
        self._clock = clock
        self._silent = silent
        self._most = most
        self._holder = f"holder_{secrets.token_hex(8)}"
        self._home = ""
        self._presence: Presence | None = None
        self._numbers = itertools.count(1)
        self._waiting: list[tuple[Hold | Settlement, asyncio.Future[Answer]]] = []
        self._working: asyncio.Task[None] | None = None
        self._living: list[asyncio.Task[None]] = []
        self._under_way: set[tuple[str, str]] = set()
        self._beats: dict[str, tuple[int, float]] = {}
        self._looked = float("-inf")

    async def hold(self, workspace: str, call: str, asks: Sequence[Ask]) -> Sequence[Balance]:
        """Take from limits what a call may spend, all or nothing; return what they stood at before.

        What the call held before is given back. Cancelled or refused, nothing is held.

        Raises:
            ModelbayError: A limit's refusal; or the database cannot be used.
        """
        known = (workspace, call) in self._under_way
        try:
            if len(self._waiting) >= self._most:
                raise InvokeServerUnavailableError(
                    "too many calls wait for their limits; try again", retry_after=1
                )
            self._under_way.add((workspace, call))
            answer = await self._queue(Hold(workspace, call, asks))
        except BaseException:
            if known or (workspace, call) in self._under_way:
                self.forget(workspace, call)
            raise
        if isinstance(answer, ModelbayError):
            self._under_way.discard((workspace, call))
            raise answer
        return answer

    async def settle(self, workspace: str, call: str, spent: Sequence[tuple[Place, Decimal]]) -> None:
        """Give back what a call did not spend: it has ended, and is written down.

        If that fails, the fold gives it back a second later.
        """
        self._under_way.discard((workspace, call))
        try:
            await self._queue(Settlement(workspace, call, spent))
        except StoreError as error:
            self.failure = f"what calls hold cannot be given back: {error}"

    def forget(self, workspace: str, call: str) -> None:
        """Give back all that a call held, in the background: it was not made.

        If that fails, `look` does it.
        """
        self._under_way.discard((workspace, call))
        future = self._queue(Settlement(workspace, call, ()))
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def close(self) -> None:
        """Give back everything; after the last fold.

        What cannot be given back now is by whoever sees that this process is gone.
        """
        for task in self._living:
            task.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        while self._working is not None and not self._working.done():
            await asyncio.shield(self._working)
        if self._presence is not None:
            with contextlib.suppress(ModelbayError, OSError):
                await self._database.run(self._leave)
            self._presence.end()
            self._presence = None
        await self._signs.close()

    # the queue

    def _queue(self, work: Hold | Settlement) -> asyncio.Future[Answer]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((work, future))
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return future

    async def _work(self) -> None:
        """Serve what waits, as long as something does: whoever comes meanwhile is in the next transaction."""
        while self._waiting:
            taken, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            # A call that was cancelled has given back already what it would hold now.
            batch = [each for each in taken if isinstance(each[0], Settlement) or not each[1].done()]
            try:
                if self._presence is None:
                    self._home, self._presence = await asyncio.to_thread(self._appear)
                    loop = asyncio.get_running_loop()
                    self._living = [loop.create_task(self._live(each)) for each in (self.beat, self.look)]
                self.failure = ""
                answers = await self._database.run(self._serve, [work for work, _ in batch])
            except Exception as error:  # noqa: BLE001 - each who waits is told
                _fail(batch, error)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    def _appear(self) -> tuple[str, Presence]:
        folder = self._data_dir / _FOLDER
        try:
            forget_gone(folder)
            home = home_of(open_directory(self._data_dir) / FOLDER)
            return home, Presence.show(folder, self._holder)
        except OSError as error:
            raise StoreError(f"{folder} cannot be used: {error.strerror}") from None

    def _serve(self, database: Database, works: Sequence[Hold | Settlement]) -> list[Answer]:
        """Serve a batch on the database's thread; where one is refused, look for the dead now and then."""
        answers = self._in_order(database, works)
        refused = [place for place, answer in enumerate(answers) if isinstance(answer, ModelbayError)]
        if refused and self._clock() - self._looked > _PAUSE and self._buried(database):
            again = self._in_order(database, [works[place] for place in refused])
            for place, answer in zip(refused, again, strict=True):
                answers[place] = answer
        return answers

    def _buried(self, database: Database) -> bool:
        """Whether something was given back for the dead; what keeps that from being done concerns no call."""
        self._looked = self._clock()
        try:
            return self._bury(database) > 0
        except Exception as error:  # noqa: BLE001 - such as a journal that is damaged
            self.failure = f"what dead processes hold cannot be given back: {_said(error)}"
            return False

    def _in_order(self, database: Database, works: Sequence[Hold | Settlement]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        for workspace, places in _by_workspace(works).items():
            holds = {place: each for place in places if isinstance(each := works[place], Hold)}
            ended = [each for place in places if isinstance(each := works[place], Settlement)]
            begin_counting(database, list(holds.values()))
            with database.transaction(f"limits {workspace}"):
                spending.claim(database, workspace, [works[place].call for place in places])
                settle(database, ended)
                if holds:
                    spending.beat(database, self._holder, self._home, next(self._numbers))
                    found = hold(database, self._holder, list(holds.values()))
                    answers |= dict(zip(holds, found, strict=True))
        return [answers.get(place, ()) for place in range(len(works))]

    # life and death

    async def _live(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do every now and then what living takes."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await act()
            except Exception as error:  # noqa: BLE001 - whatever it is, this process lives, and says so again
                self.failure = f"limits cannot be looked after: {_said(error)}"
            else:
                self.failure = ""

    async def beat(self) -> None:
        """Give a sign of life, whatever calls wait for; it is done every five seconds anyway."""
        await self._signs.run(spending.beat_again, self._holder, next(self._numbers))

    async def look(self) -> None:
        """Give a sign of life, see to what was left, bury the dead; it is done every five seconds anyway."""
        await self._database.run(self._look)

    def _look(self, database: Database) -> None:
        held = spending.held_by(database, self._holder)
        if held or self._under_way:
            spending.beat(database, self._holder, self._home, next(self._numbers))
        else:
            _release(database, self._holder)
        if left := held - self._under_way:
            self._tidy(database, left)
        self._bury(database)

    def _tidy(self, database: Database, left: set[tuple[str, str]]) -> None:
        """Give back what is held for calls that have ended: those that were made are in journals by now."""
        fold(database, self._data_dir)
        for workspace, calls in sorted(_grouped(left - self._under_way).items()):
            with database.transaction(f"limits {workspace}"):
                spending.claim(database, workspace, calls)
                spending.drop_holds(database, workspace, calls)

    def _leave(self, database: Database) -> None:
        """Give back everything, once what was written of calls is in the ledger."""
        if spending.held_by(database, self._holder):
            fold(database, self._data_dir)
        _release(database, self._holder)

    def _bury(self, database: Database) -> int:
        """Give back what dead processes held; return how many there were."""
        before, others = self._clock(), spending.holders(database)
        seen = (
            self._clock()
        )  # reading may take long: silence lasts from the end of one to the begin of another
        self._beats = {
            name: (beat, self._beats[name][1] if self._beats.get(name, (-1,))[0] == beat else seen)
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
            if others[name][0] != self._home and before - since >= self._silent
        ]
        return sum(_release(database, name, others[name][1]) for name in (*here, *silent))


def _release(database: Database, holder: str, seen: int | None = None) -> int:
    with database.transaction("holders"):
        return spending.release(database, holder, seen)


def _grouped(calls: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for workspace, call in calls:
        found[workspace].append(call)
    return found


def _by_workspace(works: Sequence[Hold | Settlement]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place, work in enumerate(works):
        found[work.workspace].append(place)
    return found


def _said(error: Exception) -> str:
    known = isinstance(error, ModelbayError | OSError)
    return str(error) if known else f"unexpected {type(error).__name__}"


def _fail(batch: Sequence[tuple[Hold | Settlement, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)

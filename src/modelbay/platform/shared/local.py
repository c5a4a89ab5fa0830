"""What the processes of one machine share: a SQLite file beside the database, or one's own memory."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import floor
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from modelbay.platform.shared import window
from modelbay.platform.shared.port import LEASE, Ask, Kind, Refused
from modelbay.platform.shared.stores import MOST_COOLING, AwayError, News, Wanted, hardest
from modelbay.store.directory import create_private

T = TypeVar("T")

FILE: Final = "shared-1.db"  # of this format: another has another name, as nothing in it is worth converting
_SWEEP: Final = 60.0  # seconds between two removals of what is over
_SAME_BOOT: Final = 60.0  # seconds that the estimate of when the machine was started may differ
_PATIENCE: Final = 2.0
_WAIT: Final = 1.0  # seconds for other processes' transactions, which take 0.1 ms
_UNUSABLE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS windows (name TEXT PRIMARY KEY, last INTEGER, buckets TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS slots
    (name TEXT, ticket TEXT, until REAL, PRIMARY KEY (name, ticket)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cooling (name TEXT PRIMARY KEY, until REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (name TEXT PRIMARY KEY, until REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS boot (started REAL);
"""


class LocalStore:
    """A `Store` in a file that is not synced, on a thread of its own.

    Its clock counts from the start of the machine: it is the same in all processes, and nobody sets it.
    """

    remote = False

    def __init__(
        self,
        data_dir: Path | None,
        *,
        patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use a data directory; without one, the memory of this process.

        Args:
            patience: Seconds that a call may wait for it.
        """
        self.patience = patience
        self._path = None if data_dir is None else data_dir / FILE
        self.place = str(self._path or "memory")
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="modelbay-shared")
        self._database: sqlite3.Connection | None = None
        self._version = -1
        self._swept = clock()

    def open(self) -> None:
        """There is nothing that could be wrong."""

    async def take(self, wanted: Sequence[Wanted]) -> Sequence[int | Refused]:
        """Take for each, in order: all it asks for, or nothing."""
        return await self._run(self._take, wanted)

    async def exchange(self, news: News) -> Mapping[str, float] | None:
        """Tell the news; return what is to be left alone, if that has changed."""
        return await self._run(self._exchange, news)

    async def claim(self, name: str, seconds: float) -> bool:
        """Return whether this process has the right to something."""
        return await self._run(self._claim, name, seconds)

    async def close(self) -> None:
        """Let go of the file."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work, args)

    def _do(self, work: Callable[..., T], args: Any) -> T:
        """Do some work in one transaction."""
        try:
            if self._database is None:
                self._database = self._opened()
            with _transaction(self._database):
                return work(self._database, self._clock(), *args)
        except (sqlite3.Error, OSError) as error:
            self._drop()
            if isinstance(error, sqlite3.Error) and error.sqlite_errorcode & 0xFF in _UNUSABLE and self._path:
                self._path.unlink(missing_ok=True)  # a loss of power has left it so; the next begins anew
            raise AwayError(f"{self.place} cannot be used: {error}") from None

    def _opened(self) -> sqlite3.Connection:
        if self._path is not None:
            with contextlib.suppress(FileExistsError):
                create_private(self._path)
        database = sqlite3.connect(
            self._path or ":memory:", timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            for setting in ("journal_mode = WAL", "synchronous = OFF"):
                _patiently(database, f"PRAGMA {setting}")
            with _transaction(database):
                for statement in _TABLES.split(";"):
                    database.execute(statement)
                _forget_other_boots(database, time.time() - time.monotonic())
        except BaseException:
            database.close()
            raise
        self._version = -1
        return database

    def _drop(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    # in a transaction, on the thread

    def _take(
        self, database: sqlite3.Connection, now: float, wanted: Sequence[Wanted]
    ) -> list[int | Refused]:
        self._sweep(database, now)
        return [_take_one(database, now, each) for each in wanted]

    def _exchange(self, database: sqlite3.Connection, now: float, news: News) -> Mapping[str, float] | None:
        _correct(database, now, news)
        database.executemany("DELETE FROM slots WHERE name = ? AND ticket = ?", news.freed)
        _hold(database, news.renewed, now + LEASE)
        if news.cooled:
            _cool(database, now, news.cooled)
        [version] = database.execute("PRAGMA user_version").fetchone()
        if version == self._version:
            return None
        self._version = version
        found = database.execute("SELECT name, until FROM cooling WHERE until > ?", (now,))
        return {name: until - now for name, until in found}

    def _claim(self, database: sqlite3.Connection, now: float, name: str, seconds: float) -> bool:
        statement = (
            "INSERT INTO claims (name, until) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE until <= ?"
        )
        return database.execute(statement, (name, now + seconds, now)).rowcount > 0

    def _sweep(self, database: sqlite3.Connection, now: float) -> None:
        if now - self._swept >= _SWEEP:
            self._swept = now
            database.execute("DELETE FROM windows WHERE last < ?", (floor(now) - window.SPAN,))
            for table in ("slots", "cooling", "claims"):
                database.execute(f"DELETE FROM {table} WHERE until <= ?", (now,))  # noqa: S608 - ours


def _take_one(database: sqlite3.Connection, now: float, wanted: Wanted) -> int | Refused:
    found = {
        ask.name: _buckets(database, ask.name, now) for ask in wanted.asks if ask.kind is not Kind.PARALLEL
    }
    waits = [(ask, _wait(database, ask, found.get(ask.name), now)) for ask in wanted.asks]
    refused = hardest(Refused(ask, wait) for ask, wait in waits if wait != 0)
    if refused is not None:
        return refused
    second = floor(now)
    for ask in wanted.asks:
        if ask.kind is Kind.PARALLEL:
            _hold(database, [(ask.name, wanted.ticket)], now + LEASE)
        else:
            buckets = found[ask.name]
            buckets[second] = buckets.get(second, 0) + ask.amount
            _put(database, ask.name, buckets)
    return second


def _wait(
    database: sqlite3.Connection, ask: Ask, buckets: Mapping[int, int] | None, now: float
) -> float | None:
    if buckets is not None:
        return window.wait_for(buckets, ask.limit, ask.amount, now)
    if ask.amount > ask.limit:
        return None
    statement = "SELECT count(*) FROM slots WHERE name = ? AND until > ?"
    [held] = database.execute(statement, (ask.name, now)).fetchone()
    return 1.0 if held + ask.amount > ask.limit else 0.0


def _correct(database: sqlite3.Connection, now: float, news: News) -> None:
    """Put what was used in the place of what was reserved; what is more than that counts from now."""
    for name, second, more in news.spent:
        buckets = _buckets(database, name, now)
        if more > 0:
            buckets[floor(now)] = buckets.get(floor(now), 0) + more
        elif second in buckets:
            buckets[second] = max(0, buckets[second] + more)
        if buckets:
            _put(database, name, buckets)


def _buckets(database: sqlite3.Connection, name: str, now: float) -> dict[int, int]:
    row = database.execute("SELECT buckets FROM windows WHERE name = ?", (name,)).fetchone()
    return window.live(dict(orjson.loads(row[0])), now) if row else {}


def _put(database: sqlite3.Connection, name: str, buckets: Mapping[int, int]) -> None:
    database.execute(
        "INSERT INTO windows (name, last, buckets) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET last = excluded.last, buckets = excluded.buckets",
        (name, max(buckets), orjson.dumps([*buckets.items()])),
    )


def _hold(database: sqlite3.Connection, slots: Sequence[tuple[str, str]], until: float) -> None:
    statement = "INSERT OR REPLACE INTO slots (name, ticket, until) VALUES (?, ?, ?)"
    database.executemany(statement, [(*slot, until) for slot in slots])


def _cool(database: sqlite3.Connection, now: float, cooled: Sequence[tuple[str, float]]) -> None:
    statement = (
        "INSERT INTO cooling (name, until) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET until = max(until, excluded.until)"
    )
    database.executemany(statement, [(name, now + seconds) for name, seconds in cooled if seconds > 0])
    lifted = [(name,) for name, seconds in cooled if seconds <= 0]
    database.executemany("DELETE FROM cooling WHERE name = ?", lifted)
    database.execute(
        "DELETE FROM cooling WHERE until <= ? OR name IN"
        " (SELECT name FROM cooling ORDER BY until DESC LIMIT -1 OFFSET ?)",
        (now, MOST_COOLING),
    )
    database.execute(f"PRAGMA user_version = {random.getrandbits(31)}")  # not one that some file had before


def _forget_other_boots(database: sqlite3.Connection, started: float) -> None:
    """Forget all that was written before the machine was started: its clock has begun anew."""
    row = database.execute("SELECT started FROM boot").fetchone()
    if row is not None and abs(row[0] - started) < _SAME_BOOT:
        return
    for table in ("windows", "slots", "cooling", "claims", "boot"):
        database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
    database.execute("INSERT INTO boot (started) VALUES (?)", (started,))


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    _patiently(database, "BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _patiently(database: sqlite3.Connection, statement: str) -> None:
    """Run a statement that others may be in the way of: SQLite's own waiting sleeps up to 0.1 s at a time."""
    until = time.monotonic() + _WAIT
    while True:
        try:
            database.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(random.uniform(0.0002, 0.001))  # noqa: S311 - so that two do not meet again

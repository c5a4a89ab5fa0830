"""A provider that lends its credentials, calls that are paid from it, and looking at the books."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from modelbay.entities import Credentials
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.embedded import Embedded
from modelbay.platform.fold import fold
from modelbay.platform.limits.admission import Admission
from modelbay.platform.limits.holding import Ask
from modelbay.platform.limits.holds import Holds
from modelbay.platform.limits.hosted import Hosted, HostedProvider, Kind, QuotaTerms, Unit
from modelbay.platform.limits.quotas import QuotaLimit
from modelbay.runtime.accounts import Caller, CallRecord, LimitReachedError
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using
from modelbay.runtime.worst_case import WorstCase
from modelbay.store import Database
from modelbay.store.database import NOTHING
from modelbay.store.limits import Terms
from modelbay.store.spending import Place

NAME = ModelName("acme", "large")
SECRET = Credentials({"key": "test-key"})
USING = Using(SECRET, "hosted:trial", "hosted", "trial")
NO_TERMS = Terms(grants={}, preferred={})
CASE = WorstCase(None, None, "")
PLACE = Place("default", "quota:acme:trial", 0.0)


def terms(limit: int, **more: Any) -> QuotaTerms:
    """Return a quota that counts calls."""
    return QuotaTerms(kind=Kind.TRIAL, unit=Unit.TIMES, limit=Decimal(limit), **more)


def lending(limit: int) -> Hosted:
    """Return an installation that lends so many calls."""
    return Hosted([HostedProvider("acme", SECRET, {Kind.TRIAL: terms(limit)})])


def times(limit: int, count: int = 1, provider: str = "acme") -> Sequence[Ask]:
    """Return what a call asks for that is paid from a quota of so many calls."""
    return [Ask(QuotaLimit("default", provider, "large", terms(limit), Decimal(limit), 5.0), Decimal(count))]


def a_record(name: str, **facts: Any) -> CallRecord:
    """Return the record of a call that begins now."""
    return CallRecord(
        id=name, at=time.time(), workspace="default", key_id="key_a", surface="openai.chat", **facts
    )


async def call(platform: Embedded, name: str) -> bool:
    """Make a call that is paid from the quota; False if it is refused."""
    admission, record = Admission(platform.holds), a_record(name, provider="acme", model="large")
    assert admission.choose(NO_TERMS, platform.hosted, Caller("key_a", "", "default"), NAME, USING, record.at)
    try:
        await admission.hold(record, CASE)
    except LimitReachedError:
        return False
    record.prompt_tokens = 7
    admission.fill_in(record)
    await platform.accountant.record(record)
    await admission.settle(record)
    return True


async def call_often(data_dir: Path, name: str, limit: int, count: int, at_once: int = 125) -> None:
    """Make calls as a process of a gateway does; write down the names of those that were served."""
    async with Embedded(data_dir, hosted=lending(limit)) as platform:
        numbers = iter(range(count))

        async def client() -> None:
            for number in numbers:
                if await call(platform, f"{name}-{number:06}"):
                    sys.stdout.write(f"{name}-{number:06}\n")
                    sys.stdout.flush()

        await asyncio.gather(*(client() for _ in range(at_once)))


class Holding:
    """Holds on a data directory, as one process of a gateway has them, with a clock that stands still.

    With `slow` so many seconds pass between two looks at it.
    """

    def __init__(self, data_dir: Path, **more: Any) -> None:
        self.now = 1000.0
        self.slow = 0.0
        self.database = BackgroundDatabase(data_dir)
        self.holds = Holds(self.database, data_dir, clock=self._clock, **more)

    async def __aenter__(self) -> Holding:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.holds.close()
        await self.database.close()

    async def takes(self, name: str, asks: Sequence[Ask]) -> bool:
        """Whether a call may be made."""
        try:
            await self.holds.hold("default", name, asks)
        except LimitReachedError:
            return False
        return True

    def _clock(self) -> float:
        self.now += self.slow
        return self.now

    @property
    def name(self) -> str:
        """Its name among those who hold something."""
        return self.holds._holder


class Watched(Database):
    """A database that remembers what it was asked."""

    def __init__(self, database: Database) -> None:
        self.asked: list[str] = []
        self.place = database.place
        self._database = database

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:  # type: ignore[override]
        """Whose words it speaks."""
        return self._database.dialect

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is under way."""
        return self._database.in_transaction

    def rows(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Run a statement and return its rows."""
        self.asked.append(statement)
        return self._database.rows(statement, parameters)

    def change(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> int:
        """Run a statement and return how many rows it changed."""
        self.asked.append(statement)
        return self._database.change(statement, parameters)

    def keep(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows."""
        self.asked.append(f"INSERT INTO {table}")
        self._database.keep(table, columns, rows)

    def transaction(self, lock: str = "") -> AbstractContextManager[None]:
        """Hold a lock."""
        return self._database.transaction(lock)

    def snapshot(self) -> AbstractContextManager[None]:
        """Read from one moment."""
        return self._database.snapshot()

    def close(self) -> None:
        """Leave the closing to whose it is."""


def taken(data_dir: Path, place: Place = PLACE) -> tuple[Any, Any]:
    """Return what the books say was used and is held, as they are now."""
    with Database.open(data_dir) as database:
        found = {"workspace": place.workspace, "name": place.name, "period": place.period}
        where = "workspace = :workspace AND name = :name AND period = :period"
        used = database.rows(f"SELECT used FROM spent WHERE {where}", found)
        held = database.rows(f"SELECT exact_sum(amount) FROM holds WHERE {where}", found)
        return Decimal(used[0][0] if used else 0), Decimal(held[0][0] or 0)


def balanced(data_dir: Path) -> int:
    """Fold; see that the books are the ledger's sums and that nothing is held; return the units used."""
    with Database.open(data_dir) as database:
        fold(database, data_dir)
        [[units]] = database.rows("SELECT exact_sum(units) FROM calls WHERE hosted = 'trial'")
        assert database.rows("SELECT * FROM holds") == []
    used, held = taken(data_dir)
    assert (used, held) == (Decimal(units or 0), 0)
    return int(used)

"""Calls that are kept no longer: gone one by one, while every total of whole days stays what it was."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import pytest
from tests.platform.calls import ROOT, a_call, in_table, program
from tests.platform.people.persons import actions
from tests.platform.prices.priced import ALL, DAY, amounts, written

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.corrections import correct
from modelbay.platform.embedded import Embedded
from modelbay.platform.retention import retain, retained, sweep
from modelbay.platform.usage import DIMENSIONS, Totals, totals_of
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database, calls
from modelbay.store.selection import Selection

pytestmark = pytest.mark.usefixtures("backend")
NOW = 100 * DAY + 5000.0

SWEEPER = """
import sys
from pathlib import Path
from modelbay.platform.retention import sweep
from modelbay.store import Database, calls

with Database.open(Path(sys.argv[1])) as database:
    sweep(database, now=float(sys.argv[2]), rest=lambda: (print("rests", flush=True), sys.stdin.readline()))
"""


def many(count: int) -> list[CallRecord]:
    """Return calls of 100 days that differ in all that totals are made by."""
    return [
        a_call(
            f"{number:05}",
            at=number * 100 * DAY / count,
            key_id=f"key_{number % 3}",
            model=("large", "small", "")[number % 3],
            asked_model=f"asked-{number % 5}",
            status=(200, 200, 503)[number % 3],
            error=("", "", "InvokeServerUnavailableError")[number % 3],
            price=None if number % 7 == 0 else Decimal(number) / 10**9,
            currency=("USD", "CNY")[number % 2],
            quantity=Decimal(number) / 3 if number % 11 == 0 else None,
            prompt_tokens=number,
            completion_tokens=number * 2,
            member=("", "usr_a")[number % 2],
            tag=f"client-{number % 2}",
        )
        for number in range(count)
    ]


def totals(database: Database) -> dict[tuple[str, ...], Totals]:
    """Return totals by every dimension but the hour, for whole days."""
    periods = [ALL, Selection(workspace="default", since=20 * DAY, until=60 * DAY)]
    names = [name for name in DIMENSIONS if name != "hour"]
    groups = [(), *((name,) for name in names), ("day", "model", "key", "currency", "status")]
    return {(*by, str(chosen.since)): totals_of(database, chosen, by) for by in groups for chosen in periods}


def test_totals_of_whole_days_stay(tmp_path: Path) -> None:
    """By any dimension but the hour; what was corrected stays too."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, *many(900))
        correct(database, "00100", Decimal("-0.5"), reason="slow", actor="cli")
        before = totals(database)
        retain(database, 30 * DAY, actor="cli")

        assert sweep(database, now=NOW) == 630

        assert totals(database) == before
        assert database.rows("SELECT min(at) FROM calls")[0][0] >= 70 * DAY
        assert amounts(database) == [("-0.5", "USD")]
        assert sweep(database, now=NOW) == 0


def test_what_limits_count_from_the_ledger_stays(tmp_path: Path) -> None:
    """A budget that is set after a sweep begins with all that was spent in its period."""
    with Database.open(tmp_path) as database:
        hosted = [
            a_call(f"trial {number}", at=number * DAY, hosted="trial", units=Decimal(number) / 2)
            for number in range(10)
        ]
        written(database, tmp_path, *many(90), *hosted)

        def spent() -> tuple[dict[tuple[str, ...], tuple[Decimal, int]], str | None]:
            rows = calls.spent_since(database, "default", 20 * DAY)
            sums: dict[tuple[str, ...], tuple[Decimal, int]] = {
                row[:5]: (Decimal(row.price or 0), row.unpriced) for row in rows
            }
            return sums, calls.units_since(database, "default", "acme", "trial", 2 * DAY)

        before = spent()
        retain(database, 30 * DAY, actor="cli")
        assert sweep(database, now=NOW) > 50

        assert spent() == before


def test_a_later_sweep_adds_to_the_same_days(tmp_path: Path) -> None:
    """A journal of a machine that was away comes late."""
    with Database.open(tmp_path) as database:
        retain(database, 30 * DAY, actor="cli")
        for part in (many(90)[:40], many(90)[40:]):
            written(database, tmp_path, *part)
            sweep(database, now=NOW)
        late = [a_call(f"late {number}", at=5 * DAY, price=Decimal("0.1")) for number in range(3)]
        for each in late:
            written(database, tmp_path, each)
            before = totals(database)
            assert sweep(database, now=NOW) == 1
            assert totals(database) == before
        rows = database.rows(
            "SELECT calls, price FROM call_totals WHERE tag = '' AND at = :at", {"at": 5 * DAY}
        )
        assert [(calls, Decimal(price)) for calls, price in rows] == [(3, Decimal("0.3"))]


def test_a_sweep_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Each part is one transaction: calls go as their day's total comes."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, *many(1500))
        retain(database, 30 * DAY, actor="cli")
        before = totals(database)
        for parts in (1, 2):
            with subprocess.Popen(
                program(SWEEPER, tmp_path, str(NOW)),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                assert process.stdout is not None
                assert process.stdin is not None
                for _ in range(parts):
                    assert process.stdout.readline() == "rests\n"
                    process.stdin.write("\n")
                    process.stdin.flush()
                process.send_signal(signal.SIGKILL)
            assert totals(database) == before
        left = database.rows("SELECT count(*) FROM calls")[0][0]
        assert 450 <= left < 1500
        sweep(database, now=NOW)

        assert totals(database) == before
        assert database.rows("SELECT count(*) FROM calls") == [(450,)]


def test_only_the_workspace_that_said_so_forgets(tmp_path: Path) -> None:
    """And none does that has said nothing."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("one", at=0.0), a_call("two", at=0.0, workspace="other"))
        assert sweep(database, now=NOW) == 0
        assert retained(database, "default") is None
        retain(database, DAY, actor="cli")
        retain(database, 2 * DAY, actor="cli")
        assert retained(database, "default") == 2 * DAY
        assert sweep(database, now=NOW) == 1
        retain(database, None, actor="cli")
        assert retained(database, "default") is None

        assert database.rows("SELECT id FROM calls") == [("two",)]
        assert actions(database) == ["usage.retain"] * 3


@pytest.mark.parametrize("seconds", [0.0, DAY - 1, float("nan"), float("inf"), 1e12])
def test_a_time_that_cannot_be_meant_is_refused(tmp_path: Path, seconds: float) -> None:
    """What is removed does not come back."""
    with Database.open(tmp_path) as database:
        with pytest.raises(InvokeBadRequestError, match=r"^keep: "):
            retain(database, seconds, actor="cli")
        assert retained(database, "default") is None


async def test_a_gateway_sweeps_beside_its_calls(tmp_path: Path) -> None:
    """Nobody has to run a command for it."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("old", at=time.time() - 9 * DAY), a_call("new", at=time.time()))
        retain(database, 2 * DAY, actor="cli")
    async with Embedded(tmp_path) as platform:
        await platform.accountant.record(a_call("newer", at=time.time()))
        async with asyncio.timeout(60):
            while "old" in await asyncio.to_thread(in_table, tmp_path):
                pass

    assert in_table(tmp_path) == ["new", "newer"]

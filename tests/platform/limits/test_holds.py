"""Holding: what a call may spend is taken before it is made, and given back whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.platform.calls import run
from tests.platform.limits.lent import PLACE, Holding, a_record, balanced, taken, times

from modelbay.errors import InvokeServerUnavailableError
from modelbay.platform.fold import FOLDER, fold
from modelbay.platform.ledger import Ledger
from modelbay.store import Database, StoreError
from modelbay.store.database import VARIABLE, WAIT
from modelbay.store.journal import Journal, frame

pytestmark = pytest.mark.usefixtures("backend")

ONE = [(PLACE, Decimal(1))]

HOLDER = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.platform.limits.lent import Holding, times

async def main(data_dir, count):
    holding = Holding(data_dir)
    await asyncio.gather(*(holding.takes(f"dead-{number}", times(10)) for number in range(count)))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


async def write_down(data_dir: Path, *names: str, units: int = 1) -> None:
    """Write calls down as a gateway does, without moving them into the database."""
    ledger = Ledger(data_dir / FOLDER)
    await ledger.start()
    for name in names:
        await ledger.record(
            a_record(name, provider="acme", model="large", hosted="trial", units=Decimal(units))
        )
    await ledger.close()


async def test_of_500_calls_at_once_exactly_as_many_as_the_limit_says_are_served(tmp_path: Path) -> None:
    """However they are spread over transactions."""
    async with Holding(tmp_path) as one, Holding(tmp_path) as two:
        answers = await asyncio.gather(
            *([one, two][number % 2].takes(f"{number}", times(200)) for number in range(500))
        )

        assert sum(answers) == 200
        assert taken(tmp_path) == (0, 200)


async def test_a_call_takes_from_all_of_its_limits_or_from_none(tmp_path: Path) -> None:
    """One that is refused by its last limit must not use up the others."""
    async with Holding(tmp_path) as gateway:
        [wide, narrow] = [*times(10), *times(1, 2, "other")]

        assert not await gateway.takes("refused", [wide, narrow])
        assert taken(tmp_path) == (0, 0)
        assert await gateway.takes("served", [wide])


async def test_what_a_call_did_not_spend_is_free_at_once(tmp_path: Path) -> None:
    """Not a second later, when it is moved into the ledger."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("long", times(10, 10))
        assert not await gateway.takes("next", times(10))
        await gateway.holds.settle("default", "long", [(PLACE, Decimal(3))])

        assert await gateway.takes("next", times(10, 7))
        assert not await gateway.takes("more", times(10))


async def test_a_call_that_did_spend_more_than_it_held_holds_that(tmp_path: Path) -> None:
    """What was spent is the truth, whatever was expected."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("one", times(10, 2))
        await gateway.holds.settle("default", "one", [(PLACE, Decimal(9))])

        assert not await gateway.takes("two", times(10, 2))
        assert await gateway.takes("two", times(10, 1))


async def test_another_attempt_replaces_what_the_one_before_held(tmp_path: Path) -> None:
    """A route that tries three models pays for one."""
    async with Holding(tmp_path) as gateway:
        for amount in (10, 9, 10):
            assert await gateway.takes("one", times(10, amount))
        assert taken(tmp_path) == (0, 10)

        assert not await gateway.takes("one", times(10, 11))
        assert taken(tmp_path) == (0, 0)


async def test_a_call_that_was_not_made_gives_everything_back(tmp_path: Path) -> None:
    """Of those that waited, too: whoever comes next gets all of it."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("one", times(10, 10))
        gateway.holds.forget("default", "one")

        assert await gateway.takes("two", times(10, 10))


@pytest.mark.parametrize("turns", range(4))
async def test_a_call_that_is_cancelled_while_it_waits_leaves_nothing(tmp_path: Path, turns: int) -> None:
    """Before it is looked at, while the database works, or when the answer is on its way."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("first", times(10))
        waiting = asyncio.ensure_future(gateway.takes("gone", times(10, 9)))
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

        assert await gateway.takes("next", times(10, 9))
    assert taken(tmp_path) == (0, 0)


@pytest.fixture
def busy() -> Iterator[threading.Event]:
    """Let go of a database thread, whatever becomes of the test."""
    event = threading.Event()
    yield event
    event.set()


async def test_a_call_that_is_cancelled_behind_others_leaves_nothing(
    tmp_path: Path, busy: threading.Event
) -> None:
    """It waits in the queue, and what would give its hold back waits there with it."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("first", times(10))
        blocked = asyncio.ensure_future(gateway.database.run(lambda _: busy.wait()))
        others = [asyncio.ensure_future(gateway.takes(f"o{number}", times(10))) for number in range(2)]
        await asyncio.sleep(0)
        gone = [asyncio.ensure_future(gateway.takes(f"g{number}", times(10, 3))) for number in range(2)]
        await asyncio.sleep(0)
        for each in gone:
            each.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        busy.set()
        await asyncio.gather(blocked, *others)

        assert await gateway.takes("next", times(10, 7))
        assert taken(tmp_path) == (0, 10)


async def test_not_more_calls_wait_than_can_be_answered(tmp_path: Path, busy: threading.Event) -> None:
    """A database that hangs must not fill the memory; those that have ended are always heard."""
    async with Holding(tmp_path, most=3) as gateway:
        assert await gateway.takes("made", times(10))
        blocked = asyncio.ensure_future(gateway.database.run(lambda _: busy.wait()))
        waiting = [asyncio.ensure_future(gateway.takes("w", times(10)))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting += [asyncio.ensure_future(gateway.takes(f"w{number}", times(10))) for number in range(3)]
        await asyncio.sleep(0)
        for _ in range(5):
            with pytest.raises(InvokeServerUnavailableError, match="too many calls wait") as caught:
                await gateway.takes("refused", times(10))
            assert caught.value.retry_after == 1
        assert len(gateway.holds._waiting) == 3
        ended = asyncio.ensure_future(gateway.holds.settle("default", "made", ONE))
        busy.set()

        assert await asyncio.gather(*waiting) == [True] * 4
        await asyncio.gather(blocked, ended)
        assert taken(tmp_path) == (0, 5)


async def test_while_the_database_is_away_each_call_is_told_and_the_next_works(
    tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None waits for ever, and nothing stays held for those that were not made."""
    folder = tmp_path / "data"
    if backend == "sqlite":
        folder.write_text("in the way")
    else:
        url = os.environ[VARIABLE]
        monkeypatch.setenv(VARIABLE, "postgresql://nobody@127.0.0.1:1/none")
    async with Holding(folder) as gateway:
        told = await asyncio.gather(
            *(gateway.takes(f"{number}", times(10)) for number in range(5)), return_exceptions=True
        )
        assert [type(error) for error in told] == [StoreError] * 5
        await gateway.holds.settle("default", "ended", ONE)
        assert gateway.holds.failure
        if backend == "sqlite":
            folder.unlink()
        else:
            monkeypatch.setenv(VARIABLE, url)

        assert await gateway.takes("next", times(10, 10))
        assert gateway.holds.failure == ""


# the dead


async def test_what_a_killed_process_held_is_given_back_to_who_is_refused(tmp_path: Path) -> None:
    """At once: nobody has to wait for a time to pass."""
    async with Holding(tmp_path) as gateway:
        with pytest.raises(AssertionError):
            await asyncio.to_thread(run, HOLDER, tmp_path, "10")
        assert taken(tmp_path) == (0, 10)

        assert await gateway.takes("one", times(10, 10))
        assert taken(tmp_path) == (0, 10)


async def test_calls_that_a_killed_process_has_written_down_stay_spent(tmp_path: Path) -> None:
    """They are in its journal only: that is read before what they held is let go."""
    async with Holding(tmp_path) as gateway:
        with pytest.raises(AssertionError):
            await asyncio.to_thread(run, HOLDER, tmp_path, "10")
        await write_down(tmp_path, "dead-0", "dead-1", "dead-2")

        assert not await gateway.takes("one", times(10, 8))
        assert await gateway.takes("one", times(10, 7))
        assert taken(tmp_path) == (3, 7)
    assert balanced(tmp_path) == 3


async def test_a_living_process_keeps_what_it_holds(tmp_path: Path) -> None:
    """However long it says nothing: a long answer is no death."""
    async with Holding(tmp_path) as one, Holding(tmp_path) as two:
        assert await one.takes("long", times(10, 10))
        for _ in range(5):
            two.now += 100
            assert not await two.takes("next", times(10))
            await two.holds.look()
        assert taken(tmp_path) == (0, 10)


async def test_a_process_elsewhere_that_falls_silent_is_taken_for_dead(tmp_path: Path) -> None:
    """After 40 seconds, on the clock of who looks; no sooner."""
    async with Holding(tmp_path) as gateway, Holding(tmp_path) as elsewhere:
        assert await gateway.takes("own", times(10))
        assert await elsewhere.takes("theirs", times(10, 9))
        with Database.open(tmp_path) as database:
            database.change("UPDATE holders SET home = 'elsewhere' WHERE id = :id", {"id": elsewhere.name})
        await gateway.holds.look()
        gateway.now += 38.9
        assert not await gateway.takes("more", times(10))
        gateway.now += 1.2

        assert await gateway.takes("more", times(10, 9))


async def test_a_process_that_waits_for_locks_is_alive(tmp_path: Path, busy: threading.Event) -> None:
    """For one after the other, each for as long as the database has patience: its call is under way."""
    async with Holding(tmp_path) as gateway, Holding(tmp_path) as elsewhere:
        assert await gateway.takes("own", times(10))
        assert await elsewhere.takes("theirs", times(10, 9))
        with Database.open(tmp_path) as database:
            database.change("UPDATE holders SET home = 'elsewhere' WHERE id = :id", {"id": elsewhere.name})
        waiting = asyncio.ensure_future(elsewhere.database.run(lambda _: busy.wait()))
        for _ in range(4):
            await gateway.holds.look()
            gateway.now += WAIT + 5  # as late as a sign can be
            assert not await gateway.takes("more", times(10))
            await elsewhere.holds.beat()
        busy.set()
        await waiting

        assert taken(tmp_path) == (0, 10)


async def test_time_in_which_the_database_does_not_answer_is_no_silence(tmp_path: Path) -> None:
    """Who looks has waited himself; what others said meanwhile he could not hear."""
    async with Holding(tmp_path) as gateway, Holding(tmp_path) as elsewhere:
        assert await gateway.takes("own", times(10))
        assert await elsewhere.takes("theirs", times(10, 9))
        with Database.open(tmp_path) as database:
            database.change("UPDATE holders SET home = 'elsewhere' WHERE id = :id", {"id": elsewhere.name})
        gateway.slow = 39.0
        await gateway.holds.look()
        gateway.slow = 0.0
        gateway.now += 39.0

        assert not await gateway.takes("more", times(10))
        assert taken(tmp_path) == (0, 10)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_process_elsewhere_that_calls_now_and_then_is_alive(tmp_path: Path) -> None:
    """Between two looks of ours it may have forgotten all and begun anew: it never says the same again."""
    async with Holding(tmp_path / "one") as gateway, Holding(tmp_path / "two") as other:
        assert await gateway.takes("own", times(10))
        for number in range(8):
            assert await other.takes(f"{number}", times(10, 9))
            await gateway.holds.look()
            gateway.now += 5
            if number < 7:
                await other.holds.settle("default", f"{number}", [])
                await other.holds.look()
        await gateway.holds.look()

        assert taken(tmp_path) == (0, 10)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_process_that_comes_back_goes_on(tmp_path: Path) -> None:
    """It was suspended, and taken for dead: what it spends is counted, and it can hold again."""
    async with Holding(tmp_path / "one") as gateway, Holding(tmp_path / "two") as other:
        assert await other.takes("long", times(10, 10))
        assert not await gateway.takes("x", times(10))
        gateway.now += 45
        await gateway.holds.look()
        assert taken(tmp_path) == (0, 0)
        await write_down(tmp_path / "two", "long")
        await other.holds.settle("default", "long", ONE)
        await other.holds.look()

        assert await other.takes("again", times(10, 9))
        assert await gateway.takes("x", times(10, 1)) is (taken(tmp_path)[0] == 0)
    balanced(tmp_path / "two")


async def test_a_damaged_journal_keeps_nobody_from_calling(tmp_path: Path) -> None:
    """What a dead process held is not given back then; those that live are served and refused as ever."""
    async with Holding(tmp_path) as gateway:
        with pytest.raises(AssertionError):
            await asyncio.to_thread(run, HOLDER, tmp_path, "9")
        journal = Journal.create(tmp_path / FOLDER, b"[]")
        journal.append(frame(b"no JSON"))
        journal.close()

        answers = await asyncio.gather(*(gateway.takes(name, times(10)) for name in "ab"))
        assert answers == [True, False]
        assert "dead processes" in gateway.holds.failure
        journal.path.unlink()
        gateway.now += 10
        assert await gateway.takes("c", times(10, 9))


async def test_what_could_not_be_given_back_is_given_back_later(tmp_path: Path) -> None:
    """The database was away in that moment; the call was never made, so no fold will do it."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("lost", times(10, 4))
        assert await gateway.takes("written", times(10, 4))
        gateway.holds._under_way.clear()
        await write_down(tmp_path, "written", units=2)
        await gateway.holds.look()

        assert taken(tmp_path) == (2, 0)
        assert await gateway.takes("next", times(10, 8))


async def test_a_process_that_ends_leaves_nothing(tmp_path: Path) -> None:
    """No row, no file: neither of its own nor of one that was killed before."""
    with pytest.raises(AssertionError):
        await asyncio.to_thread(run, HOLDER, tmp_path, "3")
    assert len(list((tmp_path / "holders").iterdir())) == 1
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("one", times(10))
        assert await gateway.takes("two", times(10))
        await gateway.holds.look()
        assert taken(tmp_path) == (0, 2)

    assert taken(tmp_path) == (0, 0)
    assert list((tmp_path / "holders").iterdir()) == []
    with Database.open(tmp_path) as database:
        assert database.rows("SELECT * FROM holders") == []


async def test_a_process_that_has_nothing_to_hold_is_not_known(tmp_path: Path) -> None:
    """Nobody has to look after those that are idle."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("one", times(10))
        await gateway.holds.settle("default", "one", [])
        await gateway.holds.look()

        with Database.open(tmp_path) as database:
            assert database.rows("SELECT * FROM holders") == []
        assert await gateway.takes("two", times(10))


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_settling_and_folding_the_same_calls_at_once_wait_for_nobody(tmp_path: Path) -> None:
    """PostgreSQL would end one of two that wait for each other's rows: a call refused for nothing."""
    names = [f"{number:04}" for number in range(400)]
    async with Holding(tmp_path) as gateway:
        assert all(await asyncio.gather(*(gateway.takes(name, times(1000)) for name in names)))
        await write_down(tmp_path, *names)
        with Database.open(tmp_path) as database:
            folding = asyncio.create_task(asyncio.to_thread(fold, database, tmp_path))
            await asyncio.gather(*(gateway.holds.settle("default", name, ONE) for name in reversed(names)))
            await folding
        assert gateway.holds.failure == ""
    assert balanced(tmp_path) == 400

"""The ledger's back: every acknowledged call is in the table exactly once, whatever dies when."""

from __future__ import annotations

import random
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from tests.platform.calls import ROOT, a_call, in_table, program, run

from modelbay.platform.fold import FOLDER, fold
from modelbay.platform.ledger import Ledger
from modelbay.platform.records import HEADER, to_line
from modelbay.store import Database
from modelbay.store.journal import Journal, frame, journals

pytestmark = pytest.mark.usefixtures("backend")

WRITER = """
import asyncio, sys
from pathlib import Path
from tests.platform.calls import a_call
from modelbay.platform.embedded import Embedded

async def main(data_dir, name, count):
    async with Embedded(Path(data_dir)) as platform:
        numbers = iter(range(int(count)))
        async def client():
            for number in numbers:
                await platform.accountant.record(a_call(f"{name}-{number:06}"))
                print(f"{name}-{number:06}", flush=True)
        await asyncio.gather(*(client() for _ in range(16)))

asyncio.run(main(*sys.argv[1:]))
"""

FOLDER_OF_ONE = """
import sys
from pathlib import Path
from modelbay.platform.fold import fold
from modelbay.store import Database

with Database.open(Path(sys.argv[1])) as database:
    fold(database, Path(sys.argv[1]), rest=lambda: print("rests", flush=True))
"""


def write(data_dir: Path, *lines: bytes, header: bytes = HEADER, torn: bytes = b"") -> Journal:
    """Return a journal with lines, as a process leaves it."""
    data_dir.mkdir(mode=0o700, exist_ok=True)
    journal = Journal.create(data_dir / FOLDER, header)
    journal.append(b"".join(map(frame, lines)) + torn)
    return journal


@pytest.mark.parametrize("seed", range(4))
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, seed: int) -> None:
    """The process is killed after some number of acknowledgements, in the middle of writing or of folding."""
    enough = random.Random(seed).randrange(1, 20_000)
    command = program(WRITER, tmp_path, "w", "1000000")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(enough)]
        process.kill()
        acknowledged += process.stdout.read().split("\n")[:-1]
    found = in_table(tmp_path)

    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert journals(tmp_path / FOLDER) == []


@pytest.mark.parametrize("rests", [1, 45, 110])
def test_a_process_that_is_killed_while_it_folds_loses_and_doubles_nothing(
    tmp_path: Path, rests: int
) -> None:
    """Within the first transaction, or a later one: what it has not committed is folded by the next."""
    names = [f"{number:04}" for number in range(4000)]
    write(tmp_path, *(to_line(a_call(name)) for name in names)).close()
    with subprocess.Popen(program(FOLDER_OF_ONE, tmp_path), cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(rests):
            assert process.stdout.readline() == b"rests\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL

    assert in_table(tmp_path) == names
    with Database.open(tmp_path) as database:
        assert database.rows("SELECT exact_sum(price) FROM calls") == [(str(4000 * Decimal("0.0003125")),)]
        assert database.rows("SELECT * FROM journals") == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_who_asks_a_database_elsewhere_needs_no_data_directory(tmp_path: Path) -> None:
    """An administrator's commands leave nothing behind where they run."""
    assert in_table(tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_replicas_that_share_a_database_know_their_journals_apart(tmp_path: Path) -> None:
    """Each folds its own; a name that another's directory holds is not forgotten, nor taken for its own."""
    one = write(tmp_path / "one", to_line(a_call("one")))
    two = write(tmp_path / "two", to_line(a_call("two")))
    two.path = two.path.rename(two.path.with_name(one.path.name))
    with Database.open(tmp_path) as database:
        folded = [fold(database, tmp_path / name) for name in ("one", "two", "one", "two")]
        assert database.rows("SELECT id FROM calls ORDER BY id") == [("one",), ("two",)]
        assert len(database.rows("SELECT * FROM journals")) == 2
    assert folded == [1, 1, 0, 0]
    one.close()
    two.close()


def test_several_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    """The workers of a gateway share a data directory; each folds, also what the others have left."""
    with ThreadPoolExecutor(3) as pool:
        printed = list(pool.map(lambda name: run(WRITER, tmp_path, name, "3000"), "abc"))
    acknowledged = sorted(name for lines in printed for name in lines.split())

    assert len(acknowledged) == 9_000
    assert in_table(tmp_path) == acknowledged
    with Database.open(tmp_path) as database:
        assert database.rows("SELECT exact_sum(price) FROM calls") == [(str(9_000 * Decimal("0.0003125")),)]


def test_a_call_that_is_written_twice_is_counted_once(tmp_path: Path) -> None:
    """Whoever is not sure whether it was written may write it again."""
    write(tmp_path, to_line(a_call("one")), to_line(a_call("one"))).close()
    assert in_table(tmp_path) == ["one"]
    write(tmp_path, to_line(a_call("one", price=Decimal(9)))).close()

    assert in_table(tmp_path) == ["one"]
    with Database.open(tmp_path) as database:
        assert database.rows("SELECT price FROM calls") == [("0.0003125",)]


def test_the_same_id_in_two_workspaces_is_two_calls(tmp_path: Path) -> None:
    """No workspace can make another's calls vanish."""
    write(tmp_path, to_line(a_call("one")), to_line(a_call("one", workspace="other"))).close()

    assert in_table(tmp_path) == ["one", "one"]


def test_a_journal_that_is_still_written_is_folded_and_kept(tmp_path: Path) -> None:
    """What somebody asks for must not wait for the gateway to end."""
    journal = write(tmp_path, to_line(a_call("one")))
    assert in_table(tmp_path) == ["one"]
    journal.append(frame(to_line(a_call("two"))))

    assert in_table(tmp_path) == ["one", "two"]
    assert journals(tmp_path / FOLDER) == [journal.path]
    journal.close()
    assert in_table(tmp_path) == ["one", "two"]
    assert journals(tmp_path / FOLDER) == []


def test_a_journal_that_grows_meanwhile_is_not_chased(tmp_path: Path) -> None:
    """Under traffic each look would find a call more, and cost a transaction: the processor of a gateway."""
    journal = write(tmp_path, to_line(a_call("0000")))
    rests = 0

    def rest() -> None:
        nonlocal rests
        rests += 1
        journal.append(frame(to_line(a_call(f"{rests:04}"))))

    with Database.open(tmp_path) as database:
        assert [fold(database, tmp_path, rest=rest) for _ in range(3)] == [1, 1, 1]
    journal.close()
    assert in_table(tmp_path) == ["0000", "0001", "0002", "0003"]


def test_folding_rests_after_every_few_calls(tmp_path: Path) -> None:
    """An event loop with one processor would stand still for as long as it does not."""
    write(tmp_path, *(to_line(a_call(f"{number:03}")) for number in range(250))).close()
    rests: list[None] = []

    with Database.open(tmp_path) as database:
        assert fold(database, tmp_path, rest=lambda: rests.append(None)) == 250
    assert len(rests) >= 10


def test_half_a_frame_is_read_once_it_is_whole(tmp_path: Path) -> None:
    """Another process may look between two parts of a write."""
    second = frame(to_line(a_call("two")))
    journal = write(tmp_path, to_line(a_call("one")), torn=second[:20])
    assert in_table(tmp_path) == ["one"]
    journal.append(second[20:])

    assert in_table(tmp_path) == ["one", "two"]
    journal.close()


def test_a_torn_end_is_cut(tmp_path: Path) -> None:
    """It was never acknowledged."""
    write(tmp_path, to_line(a_call("one")), torn=frame(to_line(a_call("two")))[:-1]).close()

    assert in_table(tmp_path) == ["one"]
    assert journals(tmp_path / FOLDER) == []


def test_a_journal_of_another_release_is_read(tmp_path: Path) -> None:
    """After an update the calls of the crashed predecessor are still owed."""
    names = ["at", "id", "workspace", "key_id", "colour", "price"]
    line = orjson.dumps([5.0, "one", "default", "key_a", "red", "1.50"])
    write(tmp_path, line, header=orjson.dumps(names)).close()
    assert in_table(tmp_path) == ["one"]

    with Database.open(tmp_path) as database:
        assert database.rows("SELECT at, price, status, tag FROM calls") == [(5.0, "1.50", 200, "")]


def test_more_than_one_transaction_can_hold(tmp_path: Path) -> None:
    """A gateway that crashed while the disk was full leaves much."""
    lines = [to_line(a_call(f"{number:06}")) for number in range(12_000)]
    write(tmp_path, *lines).close()

    assert len(in_table(tmp_path)) == 12_000
    with Database.open(tmp_path) as database:
        assert fold(database, tmp_path) == 0
        assert database.rows("SELECT * FROM journals") == []


async def test_a_crash_between_insertion_and_removal_repeats_nothing(tmp_path: Path) -> None:
    """The place is written with the calls, so the file may come back."""
    journal = write(tmp_path, to_line(a_call("one")))
    content = journal.path.read_bytes()
    journal.close()
    in_table(tmp_path)
    journal.path.write_bytes(content)

    assert in_table(tmp_path) == ["one"]


async def test_the_time_of_a_keys_last_use_is_kept(tmp_path: Path) -> None:
    """Keys that nobody uses can be found and revoked."""
    with Database.open(tmp_path) as database:
        database.change(
            "INSERT INTO keys (workspace, id, name, hint, hash, models, created)"
            " VALUES ('default', 'key_a', '', '', :hash, '[]', 0)",
            {"hash": b"0"},
        )
        ledger = Ledger(tmp_path / FOLDER)
        await ledger.start()
        for at in (70.0, 90.0, 80.0):
            await ledger.record(a_call(f"at {at}", at=at))
        await ledger.close()
        fold(database, tmp_path)

        assert database.rows("SELECT last_used FROM keys") == [(90.0,)]

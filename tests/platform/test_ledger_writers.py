"""The two writers of the ledger: which is taken, and what both keep when processes, disks and loops end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.platform.calls import ROOT, a_call, in_journals, in_table, program, run
from tests.platform.disks import WRITERS, Disk, need

from modelbay.platform.fold import FOLDER
from modelbay.platform.ledger import Ledger
from modelbay.platform.writer import MOST_WAITING
from modelbay.store.journal import journals
from modelbay.store.kernel_sync import KernelSync


@pytest.fixture(params=WRITERS)
def writer(request: pytest.FixtureRequest) -> str:
    """Each of the two writers."""
    need(request.param)
    return str(request.param)


def has_thread() -> bool:
    """Return whether a ledger's thread runs."""
    return any(thread.name == "modelbay-ledger" for thread in threading.enumerate())


def descriptors() -> int:
    """Return how many descriptors are open, where the system tells."""
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208


@contextlib.asynccontextmanager
async def _running(ledger: Ledger):  # type: ignore[no-untyped-def]
    await ledger.start()
    yield ledger
    await ledger.close()


async def test_a_kernel_that_can_sync_needs_no_thread(tmp_path: Path) -> None:
    """The hand-over between threads costs more than all else of a record."""
    need("kernel")
    async with _running(Ledger(tmp_path / FOLDER)) as ledger:
        await ledger.record(a_call("one"))
        assert not has_thread()

    assert in_table(tmp_path) == ["one"]


def _no_kernel() -> KernelSync:
    raise OSError(errno.EPERM, "a sandbox")


class _Unsupporting(KernelSync):
    def sync(self, descriptor: int) -> None:
        raise OSError(errno.EINVAL, "no such thing on this file system")


@pytest.mark.parametrize("kernel", [_no_kernel, _Unsupporting.open])
async def test_without_the_kernels_sync_a_thread_writes(
    tmp_path: Path, kernel: Callable[[], KernelSync]
) -> None:
    """A sandbox may forbid the call, and a file system may not have it: that shows when one is tried."""
    async with _running(Ledger(tmp_path / FOLDER, kernel=kernel)) as ledger:
        await ledger.record(a_call("one"))
        assert has_thread()
        assert len(journals(tmp_path / FOLDER)) == 1

    assert in_table(tmp_path) == ["one"]


async def test_a_disk_that_fails_at_the_start_does_not_cost_the_kernels_sync(tmp_path: Path) -> None:
    """It is full for a while; the ledger would be slow for ever."""
    need("kernel")
    disk = Disk("kernel")
    disk.error = errno.ENOSPC
    async with _running(disk.ledger(tmp_path / FOLDER)) as ledger:
        assert ledger.failure
        disk.error = 0
        await ledger.record(a_call("one"))
        assert not has_thread()


async def test_what_comes_while_a_sync_flies_is_not_lost_with_it(tmp_path: Path, writer: str) -> None:
    """Those in the failed write are refused; those that came later go into the next journal."""
    disk = Disk(writer)
    async with _running(disk.ledger(tmp_path / FOLDER)) as ledger:
        await ledger.record(a_call("before"))
        disk.stall()
        flying = asyncio.ensure_future(ledger.record(a_call("flying")))
        await disk.reached.wait()
        later = asyncio.gather(*(ledger.record(a_call(f"later {number}")) for number in range(3)))
        disk.next_error = errno.EIO
        disk.go_on()
        with pytest.raises(OSError, match="the ledger cannot be written: Input/output error"):
            await flying
        await later
        assert len(journals(tmp_path / FOLDER)) == 2

    assert {"before", "later 0", "later 1", "later 2"} <= set(in_table(tmp_path))


async def test_closing_waits_for_the_sync_that_flies(tmp_path: Path, writer: str) -> None:
    """Who waits is told the truth, and the journal stays open, hence locked, until then."""
    disk = Disk(writer)
    ledger = disk.ledger(tmp_path / FOLDER)
    await ledger.start()
    disk.stall()
    flying = asyncio.ensure_future(ledger.record(a_call("flying")))
    await disk.reached.wait()
    gathered = asyncio.ensure_future(ledger.record(a_call("gathered")))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(ledger.close())
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="the ledger is closed"):
        await ledger.record(a_call("late"))

    assert not (flying.done() or gathered.done() or closing.done())
    assert len(journals(tmp_path / FOLDER)) == 1
    in_table(tmp_path)
    assert len(journals(tmp_path / FOLDER)) == 1, "it was taken for one that is left"
    disk.go_on()
    await asyncio.gather(flying, gathered, closing)
    assert in_table(tmp_path) == ["flying", "gathered"]


async def test_only_so_many_wait(tmp_path: Path, writer: str) -> None:
    """Behind a disk that hangs, memory must not grow without end."""
    disk = Disk(writer)
    async with _running(disk.ledger(tmp_path / FOLDER)) as ledger:
        disk.stall()
        flying = asyncio.ensure_future(ledger.record(a_call("flying")))
        await disk.reached.wait()
        call = a_call("waiting")
        waiting = [asyncio.ensure_future(ledger.record(call)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(OSError, match="the ledger is behind"):
            await ledger.record(call)
        disk.go_on()
        await asyncio.gather(flying, *waiting)


@given(st.lists(st.one_of(st.integers(0, 40), st.sampled_from(["fail", "work"])), max_size=12))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("name", WRITERS)
def test_acknowledged_is_in_a_journal_whatever_fails_when(name: str, steps: list[int | str]) -> None:
    """Calls alone and in crowds, on a disk that fails and recovers."""
    need(name)

    async def act(data_dir: Path) -> list[str]:
        disk, acknowledged = Disk(name), []
        async with _running(disk.ledger(data_dir / FOLDER, rotate=3_000)) as ledger:
            for place, step in enumerate(steps):
                if isinstance(step, str):
                    disk.error = errno.EIO if step == "fail" else 0
                    continue
                calls = [f"{place}-{number}" for number in range(step)]
                told = await asyncio.gather(
                    *(ledger.record(a_call(call)) for call in calls), return_exceptions=True
                )
                assert all((answer is None) == (disk.error == 0) for answer in told)
                acknowledged += [call for call, answer in zip(calls, told, strict=True) if answer is None]
        return acknowledged

    with tempfile.TemporaryDirectory() as folder:
        acknowledged = asyncio.run(act(Path(folder)))
        assert set(acknowledged) <= set(in_table(Path(folder)))


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.platform.calls import a_call
from tests.platform.disks import Disk

async def main(data_dir, writer):
    ledger = Disk(writer).ledger(Path(data_dir) / "journal", rotate=100_000)
    await ledger.start()
    async def client(name):
        for number in range(1_000_000):
            await ledger.record(a_call(f"{name}-{number:06}"))
            print(f"{name}-{number:06}", flush=True)
    await asyncio.gather(*(client(name) for name in range(16)))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("enough", [1, 777, 9_000])
def test_kill_9_costs_no_acknowledged_call(tmp_path: Path, writer: str, enough: int) -> None:
    """At any moment: while one sync flies, or between two journals."""
    command = program(KILLED, tmp_path, writer)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(enough)]
        process.kill()
        acknowledged += process.stdout.read().split("\n")[:-1]

    assert set(acknowledged) <= set(in_table(tmp_path))


@pytest.mark.parametrize("run_loop", [asyncio.run, uvloop.run])
def test_loop_after_loop_leaves_nothing_open(
    tmp_path: Path, writer: str, run_loop: Callable[..., object]
) -> None:
    """A ledger belongs to the loop that started it; a program may have many, one after another."""

    async def one(name: str) -> None:
        async with _running(Disk(writer).ledger(tmp_path / FOLDER)) as ledger:
            await asyncio.gather(*(ledger.record(a_call(f"{name}-{number}")) for number in range(20)))

    run_loop(one("0"))
    before = descriptors()
    for number in range(1, 4):
        run_loop(one(str(number)))

    assert descriptors() == before
    assert not has_thread()
    assert len(in_table(tmp_path)) == 80


def test_loops_side_by_side_do_not_disturb_each_other(tmp_path: Path, writer: str) -> None:
    """Each has its own journal, and hears of its own syncs only."""

    async def one(name: int) -> None:
        async with _running(Disk(writer).ledger(tmp_path / FOLDER)) as ledger:
            for number in range(100):
                await ledger.record(a_call(f"{name}-{number:03}"))

    threads = [threading.Thread(target=lambda name=name: asyncio.run(one(name))) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(in_journals(tmp_path)) == 400
    assert len(in_table(tmp_path)) == 400


def test_a_ledger_works_on_both_sides_of_a_fork(tmp_path: Path, writer: str) -> None:
    """What a program has made before its workers are forked is not opened before they start it."""
    code = """
import asyncio, os, sys
from pathlib import Path
from tests.platform.calls import a_call
from tests.platform.disks import Disk

async def main(name):
    ledger = Disk(sys.argv[2]).ledger(Path(sys.argv[1]) / "journal")
    await ledger.start()
    await asyncio.gather(*(ledger.record(a_call(f"{name}-{number}")) for number in range(10)))
    await ledger.close()

asyncio.run(main("before"))
child = os.fork()
asyncio.run(main("parent" if child else "child"))
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    run(code, tmp_path, writer)

    assert len(in_table(tmp_path)) == 30

"""The ledger's front: acknowledged is durable, many at once cost one write, and a bad disk is said."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import orjson
import pytest
from tests.platform.calls import a_call, in_journals, in_table, run
from tests.platform.disks import WRITERS, Disk, need

from modelbay.platform.fold import FOLDER
from modelbay.platform.ledger import Ledger
from modelbay.store.calls import COLUMNS
from modelbay.store.journal import journals


@pytest.fixture(params=WRITERS)
async def disk(request: pytest.FixtureRequest) -> Disk:
    """A disk that can be watched, under each of the two writers."""
    need(request.param)
    return Disk(request.param)


@pytest.fixture
async def ledger(tmp_path: Path, disk: Disk):  # type: ignore[no-untyped-def]
    """A ledger that runs."""
    ledger = disk.ledger(tmp_path / FOLDER)
    await ledger.start()
    yield ledger
    await ledger.close()


async def test_an_acknowledged_call_is_in_a_journal_and_synced(
    ledger: Ledger, disk: Disk, tmp_path: Path
) -> None:
    """Power may be lost the moment after."""
    before = disk.syncs
    await ledger.record(a_call("one", latency=0.5, error="é"))
    [line] = in_journals(tmp_path)
    named = dict(zip(COLUMNS, orjson.loads(line), strict=True))

    assert disk.syncs == before + 1
    assert (named["id"], named["price"], named["latency"], named["error"]) == ("one", "0.0003125", 0.5, "é")


async def test_calls_that_wait_together_are_synced_together(
    ledger: Ledger, disk: Disk, tmp_path: Path
) -> None:
    """One sync a call would bind a gateway to the disk's speed."""
    before = disk.syncs
    await asyncio.gather(*(ledger.record(a_call(f"{number:03}")) for number in range(500)))

    assert len(in_journals(tmp_path)) == 500
    assert before < disk.syncs < before + 100


async def test_a_disk_that_fails_refuses_the_call_and_is_used_again_when_it_works(
    ledger: Ledger, disk: Disk, tmp_path: Path
) -> None:
    """A full disk must not end the gateway, and a call that was refused is not half written."""
    await ledger.record(a_call("before"))
    disk.error = errno.ENOSPC
    with pytest.raises(OSError, match="the ledger cannot be written: No space left"):
        await ledger.record(a_call("refused"))
    assert ledger.failure == "the ledger cannot be written: No space left on device"

    disk.error = 0
    await ledger.record(a_call("after"))

    assert ledger.failure == ""
    assert {"before", "after"} <= set(in_table(tmp_path))


async def test_nothing_is_appended_to_a_journal_after_a_failed_write(
    ledger: Ledger, disk: Disk, tmp_path: Path
) -> None:
    """What a failed write left in it is not known: a frame after a torn one would never be found."""
    await ledger.record(a_call("before"))
    [first] = journals(tmp_path / FOLDER)
    disk.error = errno.ENOSPC
    with pytest.raises(OSError, match="ledger"):
        await ledger.record(a_call("refused"))
    size = first.stat().st_size
    disk.error = 0
    await ledger.record(a_call("after"))

    assert len(journals(tmp_path / FOLDER)) == 2
    assert first.stat().st_size == size


async def test_a_disk_is_tried_again_without_a_call(tmp_path: Path, disk: Disk) -> None:
    """A gateway that is not ready gets no calls by which it could find out."""
    loop, works = asyncio.get_running_loop(), asyncio.Event()

    def written(count: int) -> None:
        loop.call_soon_threadsafe(works.set)

    ledger = disk.ledger(tmp_path, on_written=written)
    disk.error = errno.ENOSPC
    await ledger.start()
    assert ledger.failure
    disk.error = 0

    await works.wait()

    assert not ledger.failure
    await ledger.close()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_survived(tmp_path: Path, writer: str) -> None:
    """The system's own limit on files stands for the disk: writes are cut in the middle, then refused."""
    need(writer)
    code = """
import asyncio, resource, sys
from pathlib import Path
from tests.platform.calls import a_call
from tests.platform.disks import Disk

async def main():
    ledger = Disk(sys.argv[2]).ledger(Path(sys.argv[1]) / "journal")
    await ledger.start()
    acknowledged = []
    async def write(start):
        for number in range(start, start + 100):
            try:
                await ledger.record(a_call(f"{number:04}"))
                acknowledged.append(f"{number:04}")
            except OSError:
                return
    await write(0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    await write(1000)
    assert ledger.failure, "the disk was not full"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await write(2000)
    assert not ledger.failure
    await ledger.close()
    print(*acknowledged)

asyncio.run(main())
"""
    acknowledged = run(code, tmp_path, writer).split()

    assert len([name for name in acknowledged if name < "1"]) == 100
    assert len([name for name in acknowledged if name > "2"]) == 100
    assert set(acknowledged) <= set(in_table(tmp_path))


async def test_a_full_journal_is_followed_by_another(tmp_path: Path, disk: Disk) -> None:
    """The finished one can be folded and removed."""
    ledger = disk.ledger(tmp_path / FOLDER, rotate=2_000)
    await ledger.start()
    for number in range(50):
        await ledger.record(a_call(f"{number:02}"))

    assert len(journals(tmp_path / FOLDER)) > 3
    await ledger.close()
    assert in_table(tmp_path) == [f"{number:02}" for number in range(50)]


async def test_whoever_is_cancelled_is_still_written_down(ledger: Ledger, tmp_path: Path) -> None:
    """The client went away; the upstream has been paid all the same."""
    waiting = asyncio.ensure_future(ledger.record(a_call("gone")))
    await asyncio.sleep(0)
    waiting.cancel()
    await ledger.record(a_call("next"))

    assert in_table(tmp_path) == ["gone", "next"]


@pytest.mark.parametrize("text", ["\ud800 half a character", "long " * 100_000, "\x00"])
async def test_a_client_cannot_spoil_a_record(ledger: Ledger, tmp_path: Path, text: str) -> None:
    """What a client calls itself or a model is anything that a header or a body can hold."""
    await ledger.record(a_call("one", tag=text, asked_model=text))

    assert in_table(tmp_path) == ["one"]
    assert all(len(line) < 10_000 for line in in_journals(tmp_path))


async def test_a_closed_ledger_refuses(tmp_path: Path, disk: Disk) -> None:
    """An answer must not be completed that nobody writes down."""
    ledger = disk.ledger(tmp_path / FOLDER)
    await ledger.start()
    await ledger.record(a_call("one"))
    await ledger.close()

    with pytest.raises(OSError, match="the ledger is closed"):
        await ledger.record(a_call("two"))
    assert in_table(tmp_path) == ["one"]


async def test_a_ledger_that_cannot_begin_says_so(tmp_path: Path, disk: Disk) -> None:
    """The gateway starts, is not ready, and tells why."""
    (tmp_path / FOLDER).touch()
    ledger = disk.ledger(tmp_path / FOLDER)
    await ledger.start()

    assert ledger.failure.startswith("the ledger cannot be written: ")
    with pytest.raises(OSError, match="ledger"):
        await ledger.record(a_call("one"))
    (tmp_path / FOLDER).unlink()
    await ledger.record(a_call("two"))
    await ledger.close()
    assert in_table(tmp_path) == ["two"]

"""Journals: what was made durable is read back, whatever a crash has left behind it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.store.journal import UNLOCKED, Journal, frame, frames, home_of, journals, remove_if_left

CONTENTS = st.lists(st.binary(max_size=60), max_size=12)


def contents(data: bytes, start: int = 0) -> list[bytes]:
    """Return the whole contents from a place on."""
    return [content for content, _ in frames(data, start)]


@given(CONTENTS)
def test_what_was_written_is_read(written: list[bytes]) -> None:
    """There and back is the identity."""
    assert contents(b"".join(map(frame, written))) == written


@given(CONTENTS, st.data())
def test_a_cut_anywhere_costs_only_what_it_cuts(written: list[bytes], data: st.DataObject) -> None:
    """A crash in the middle of a write leaves part of a frame."""
    whole = b"".join(map(frame, written))
    cut = data.draw(st.integers(0, len(whole)))
    read = contents(whole[:cut])
    ends = [end for _, end in frames(whole)]

    assert read == written[: len(read)]
    assert len(read) == sum(end <= cut for end in ends)


@given(CONTENTS.filter(bool), st.data())
def test_a_damaged_frame_is_never_read(written: list[bytes], data: st.DataObject) -> None:
    """A disk that lost power may have kept a length, and other bytes than were written after it."""
    whole = bytearray(b"".join(map(frame, written)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    untouched = sum(end <= place for _, end in frames(b"".join(map(frame, written))))

    assert contents(bytes(whole)) == written[:untouched]


@given(CONTENTS)
def test_reading_goes_on_where_it_stopped(written: list[bytes]) -> None:
    """The place after each frame is where the next begins."""
    whole = b"".join(map(frame, written))

    for number, (_, end) in enumerate(frames(whole), 1):
        assert contents(whole, end) == written[number:]


def test_every_append_is_synced_before_it_returns(tmp_path: Path) -> None:
    """Durable means on the disk, not in a cache."""
    events: list[int] = []
    journal = Journal.create(
        tmp_path, b"head", sync=lambda descriptor: events.append(os.fstat(descriptor).st_size)
    )
    journal.append(frame(b"one") + frame(b"two"))
    journal.close()

    assert events == [len(frame(b"head")), journal.path.stat().st_size]
    assert contents(journal.path.read_bytes()) == [b"head", b"one", b"two"]


def test_a_journal_is_not_removed_while_its_writer_lives(tmp_path: Path) -> None:
    """It might be about to write the next call."""
    journal = Journal.create(tmp_path, b"head")

    assert not remove_if_left(journal.path, lambda: True)
    journal.close()
    assert not remove_if_left(journal.path, lambda: False)
    assert remove_if_left(journal.path, lambda: True)
    assert journals(tmp_path) == []


def test_the_journal_of_a_killed_process_can_be_removed(tmp_path: Path) -> None:
    """The lock ends with the process, however that ended; a process id would be given to another one day."""
    code = (
        "import os; from pathlib import Path; from modelbay.store.journal import Journal\n"
        f"Journal.create(Path({str(tmp_path)!r}), b'head'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)

    assert [remove_if_left(path, lambda: True) for path in journals(tmp_path)] == [True]


def test_a_journal_that_could_not_begin_leaves_no_file(tmp_path: Path) -> None:
    """On a full disk one is tried every second."""

    def refuse(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    with pytest.raises(OSError, match="No space"):
        Journal.create(tmp_path, b"head", sync=refuse)
    assert list(tmp_path.iterdir()) == []


def test_what_died_before_it_had_a_name_is_swept_later(tmp_path: Path) -> None:
    """A young one may be just about to get its name."""
    old, young = tmp_path / f"1-a{UNLOCKED}", tmp_path / f"1-b{UNLOCKED}"
    for path in (old, young):
        path.touch()
    os.utime(old, (time.time() - 7200,) * 2)

    assert journals(tmp_path) == []
    assert list(tmp_path.iterdir()) == [young]


def test_a_directory_of_journals_has_one_name_for_all_who_ask(tmp_path: Path) -> None:
    """By it a database that several machines share knows whose journal is folded how far."""
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: home_of(tmp_path / "journal"), range(8)))

    assert len(names) == 1
    assert home_of(tmp_path / "journal") in names
    assert home_of(tmp_path / "other") not in names
    assert [path.name for path in (tmp_path / "journal").iterdir()] == ["home"]

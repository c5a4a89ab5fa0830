"""A database away from the event loop: in order on one thread, or several at once, each on its connection."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from modelbay.platform.background import BackgroundDatabase
from modelbay.store import Database

pytestmark = pytest.mark.usefixtures("backend")


async def test_one_thread_works_in_order(tmp_path: Path) -> None:
    """Who relies on what was asked for before need not wait for it."""
    database = BackgroundDatabase(tmp_path)
    seen: list[int] = []

    def note(_: Database, number: int) -> None:
        seen.append(number)

    await asyncio.gather(*(database.run(note, number) for number in range(50)))
    await database.close()

    assert seen == list(range(50))


async def test_several_threads_work_at_once_on_connections_of_their_own(tmp_path: Path) -> None:
    """One slow answer of a server must not hold up the others."""
    database = BackgroundDatabase(tmp_path, threads=3)
    meeting = threading.Barrier(3)

    def meet(own: Database) -> int:
        meeting.wait(timeout=60)  # all three are here at once, or this fails
        assert len(own.rows("SELECT id FROM workspaces")) == 1
        return id(own)

    used = await asyncio.gather(*(database.run(meet) for _ in range(3)))
    await database.close()

    assert len(set(used)) == 3


async def test_what_was_asked_for_is_done_before_the_end(tmp_path: Path) -> None:
    """An answer that a client was promised to be stored is."""
    database = BackgroundDatabase(tmp_path, threads=2)

    def keep(own: Database, number: int) -> int:
        return own.change("INSERT INTO marks VALUES (:name, 1)", {"name": str(number)})

    asked = [asyncio.ensure_future(database.run(keep, number)) for number in range(20)]
    await asyncio.sleep(0)
    await database.close()

    assert await asyncio.gather(*asked) == [1] * 20


async def test_an_error_of_a_function_leaves_the_database_open(tmp_path: Path) -> None:
    """The next caller is not to blame."""
    database = BackgroundDatabase(tmp_path)

    def fail(_: Database) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await database.run(fail)
    assert await database.run(lambda own: len(own.rows("SELECT id FROM workspaces"))) == 1
    await database.close()

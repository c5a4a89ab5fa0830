"""What becomes of calls while the database cannot take them: told at each, without a look at the disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.platform.calls import a_call, in_table

from modelbay.errors import InvokeServerUnavailableError
from modelbay.platform.away import WhenAway
from modelbay.platform.embedded import Embedded
from modelbay.platform.keys import create_key
from modelbay.store import Database

pytestmark = pytest.mark.usefixtures("backend")


async def refused(platform: Embedded, key: str) -> str:
    """Return why a key is not let in; "" if it is."""
    if platform.authoriser.known(key) is not None:
        return ""
    try:
        await platform.authoriser.authorise(key)
    except InvokeServerUnavailableError as error:
        return error.description
    return ""


async def until(platform: Embedded, key: str, reason: str) -> None:
    """Wait until a key is let in, or is not, for a reason."""
    async with asyncio.timeout(60):
        while await refused(platform, key) != reason:
            await platform.accountant.record(a_call(f"{asyncio.get_running_loop().time()}"))


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (WhenAway("refuse"), "the database is away; try again"),
        (WhenAway("spool", 30_000), "too many calls wait for the database; try again"),
    ],
)
async def test_nobody_is_let_in_until_the_database_takes_calls_again(
    tmp_path: Path, when: WhenAway, reason: str
) -> None:
    """What was taken before is kept, and in the table when it is back."""
    with Database.open(tmp_path) as database:
        key = create_key(database).secret
        async with Embedded(tmp_path, when_away=when) as platform:
            await until(platform, key, "")
            await platform.accountant.record(a_call("before"))
            database.change("ALTER TABLE journals RENAME TO hidden")
            await until(platform, key, reason)
            await platform.accountant.record(a_call("meanwhile"))
            assert "calls cannot be moved into the database" in platform.ready()[0]
            assert platform.degraded() == []
            database.change("ALTER TABLE hidden RENAME TO journals")
            await until(platform, key, "")

    found = in_table(tmp_path)
    assert {"before", "meanwhile"} <= set(found)
    assert len(found) == len(set(found))


async def test_a_database_that_fails_for_a_moment_refuses_nobody(tmp_path: Path) -> None:
    """Calls are spooled; a gibibyte of them waits at most."""
    with Database.open(tmp_path) as database:
        key = create_key(database).secret
        async with Embedded(tmp_path) as platform:
            database.change("ALTER TABLE journals RENAME TO hidden")
            async with asyncio.timeout(60):
                while not platform.degraded():
                    await platform.accountant.record(a_call(f"{asyncio.get_running_loop().time()}"))
            assert await refused(platform, key) == ""
            assert "calls cannot be moved into the database" in platform.degraded()[0]
            assert platform.ready() == []
            database.change("ALTER TABLE hidden RENAME TO journals")

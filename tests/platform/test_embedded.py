"""The platform of one machine: opened, used and closed as a gateway does; and the key of a fresh set-up."""

from __future__ import annotations

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.platform.calls import a_call, in_table

from modelbay.platform.embedded import Embedded
from modelbay.platform.fold import FOLDER
from modelbay.platform.keys import create_key, list_keys, revoke_key
from modelbay.platform.local import FILE, first_key
from modelbay.platform.secrets import is_plausible
from modelbay.platform.shared import VARIABLE
from modelbay.runtime.accounts import Accountant, Authoriser, ResponseStore
from modelbay.store import Database, StoreError
from modelbay.store.journal import journals

on_both = pytest.mark.usefixtures("backend")


@on_both
async def test_a_fresh_directory_serves_a_call(tmp_path: Path) -> None:
    """From nothing: the key that is shown opens it, the call is written down, the answer kept."""
    data_dir = tmp_path / "data"
    secret = first_key(data_dir)
    assert secret is not None
    async with Embedded(data_dir) as platform:
        ports: tuple[Authoriser, Accountant, ResponseStore] = (
            platform.authoriser,
            platform.accountant,
            platform.responses,
        )
        caller = await ports[0].authorise(secret)
        await ports[1].record(a_call("one", key_id=caller.key_id, workspace=caller.workspace))
        await ports[2].put(caller.workspace, "resp_1", {"id": "resp_1"}, [])
        assert platform.ready() == []

    with Database.open(data_dir) as database:
        assert database.rows("SELECT id FROM calls") == [("one",)]
        assert database.rows("SELECT id FROM responses") == [("resp_1",)]
    assert journals(data_dir / FOLDER) == []


async def test_it_is_not_ready_before_it_is_started(tmp_path: Path) -> None:
    """No call may be taken that could not be written down."""
    platform = Embedded(tmp_path)

    assert platform.ready() == ["the platform has not been started"]
    await platform.close()


@on_both
async def test_a_ledger_that_cannot_be_written_is_a_reason(tmp_path: Path) -> None:
    """A load balancer sends the calls elsewhere."""
    (tmp_path / FOLDER).touch()
    async with Embedded(tmp_path) as platform:
        [reason] = [
            reason for reason in platform.ready() if reason.startswith("the ledger cannot be written")
        ]

    assert reason


async def test_limits_that_are_not_shared_are_told_and_keep_no_calls_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every replica would go away together with Redis."""
    async with Embedded(tmp_path) as platform:
        assert platform.degraded() == []
    monkeypatch.setenv(VARIABLE, "redis://127.0.0.1:1/0")
    async with Embedded(tmp_path) as platform, asyncio.timeout(30):
        while not platform.degraded():  # noqa: ASYNC110 - nobody tells when it has been tried
            await asyncio.sleep(0.005)
        [degraded] = platform.degraded()
        assert platform.ready() == []

    assert degraded.startswith("Redis at 127.0.0.1:1 cannot be used: ")


async def test_a_redis_that_is_no_address_is_said_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was opened before is closed."""
    monkeypatch.setenv(VARIABLE, "localhost:6379")
    platform = Embedded(tmp_path)
    with pytest.raises(StoreError, match="MODELBAY_REDIS_URL"):
        await platform.start()
    await platform.close()


async def test_a_directory_that_cannot_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    """Not at the first call."""
    (tmp_path / "file").touch()
    platform = Embedded(tmp_path / "file")

    with pytest.raises(StoreError, match="cannot be used as data directory"):
        await platform.start()
    await platform.close()


@on_both
async def test_what_a_crash_left_is_folded_by_the_next_start(tmp_path: Path) -> None:
    """Nobody has to do anything after a crash."""
    crashed = Embedded(tmp_path)
    await crashed.accountant.start()
    await crashed.accountant.record(a_call("one"))
    await crashed.accountant.close()
    await crashed.close()
    assert len(journals(tmp_path / FOLDER)) == 1
    async with Embedded(tmp_path):
        pass

    with Database.open(tmp_path) as database:
        assert database.rows("SELECT id FROM calls") == [("one",)]
    assert in_table(tmp_path) == ["one"]


@on_both
def test_the_first_key_is_made_once_and_shown_again(tmp_path: Path) -> None:
    """`make run` shows the same key every time, to its owner only."""
    secret = first_key(tmp_path)

    assert secret is not None
    assert is_plausible(secret)
    assert first_key(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    with Database.open(tmp_path) as database:
        assert [row.name for row in list_keys(database)] == ["local"]


@on_both
def test_two_that_start_at_once_show_the_same_first_key(tmp_path: Path) -> None:
    """The workers of a gateway start together."""
    with ThreadPoolExecutor(8) as pool:
        shown = set(pool.map(lambda _: first_key(tmp_path / "new"), range(8)))

    assert len(shown) == 1


def test_no_first_key_where_keys_are_in_other_hands(tmp_path: Path) -> None:
    """An administrator who has made keys, or revoked the first, wants no other door."""
    with Database.open(tmp_path / "own") as database:
        create_key(database)
    assert first_key(tmp_path / "own") is None

    first_key(tmp_path / "revoked")
    with Database.open(tmp_path / "revoked") as database:
        revoke_key(database, list_keys(database)[0].id)
    assert first_key(tmp_path / "revoked") is None


def test_a_key_of_a_database_that_is_no_more_is_replaced(tmp_path: Path) -> None:
    """Whoever deletes the database begins again; the old key would open nothing."""
    old = first_key(tmp_path)
    for path in tmp_path.glob("modelbay.db*"):
        path.unlink()
    new = first_key(tmp_path)

    assert new not in (None, old)
    assert first_key(tmp_path) == new


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("backend")
async def test_replicas_with_one_database_are_one_gateway(tmp_path: Path) -> None:
    """A key of one opens the other, an answer of one is there for the other, their calls are one ledger."""
    async with Embedded(tmp_path / "one") as one, Embedded(tmp_path / "two") as two:
        with Database.open(tmp_path) as database:
            secret = create_key(database).secret
        caller = await two.authoriser.authorise(secret)
        await one.responses.put(caller.workspace, "resp_1", {"id": "resp_1"}, [])
        assert await two.responses.get(caller.workspace, "resp_1") is not None
        await one.accountant.record(a_call("one"))
        await two.accountant.record(a_call("two"))

    with Database.open(tmp_path) as database:
        assert database.rows("SELECT id FROM calls ORDER BY id") == [("one",), ("two",)]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("backend")
def test_only_one_replica_shows_a_first_key(tmp_path: Path) -> None:
    """Two that start at once on an empty database make one key between them, not two doors."""
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(lambda name: first_key(tmp_path / name), "abcd"))

    assert sum(secret is not None for secret in shown) == 1

"""Whose a key is: from memory, and a change by anybody is seen within a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.platform.databases import OwnServer

from modelbay.platform import authoriser
from modelbay.platform.authoriser import StoredKeys
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.keys import NewKey, create_key, revoke_key
from modelbay.platform.secrets import digest_of, new_secret
from modelbay.runtime.accounts import KeyRefusedError
from modelbay.store import Database, StoreError


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Gate:
    """An authoriser over a real database, which another connection changes."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.wall = Clock()
        self.other = Database.open(directory)
        self.database = BackgroundDatabase(directory)
        self.keys = StoredKeys(self.database, clock=self.clock, now=self.wall)

    def new(self, **facts: object) -> NewKey:
        """Make a key as another process does."""
        return create_key(self.other, **facts)  # type: ignore[arg-type]

    async def refuses(self, key: str) -> bool:
        """Whether a key opens nothing."""
        if self.keys.known(key) is not None:
            return False
        with pytest.raises(KeyRefusedError, match=r"^The key is not valid\.$"):
            await self.keys.authorise(key)
        return True


@pytest.fixture
async def gate(tmp_path: Path, backend: str) -> AsyncIterator[Gate]:
    """An authoriser of an empty data directory."""
    gate = Gate(tmp_path)
    yield gate
    await gate.keys.close()
    await gate.database.close()
    gate.other.close()


async def test_a_key_is_looked_up_once_and_known_from_then(gate: Gate) -> None:
    """The path of a call makes no round trip to a database."""
    new = gate.new(name="ann", models=("openai/*",))
    assert gate.keys.known(new.secret) is None
    caller = await gate.keys.authorise(new.secret)

    assert (caller.key_id, caller.key_name, caller.models) == (new.row.id, "ann", ("openai/*",))
    assert gate.keys.known(new.secret) is caller


@pytest.mark.parametrize("key", ["", "mb-", "sk-1234", "\ud800", "mb-" + "ä" * 49, new_secret() + "x"])
async def test_what_is_no_key_opens_nothing(gate: Gate, key: str) -> None:
    """The message never says which part was wrong."""
    assert await gate.refuses(key)


async def test_a_revoked_key_is_refused_within_a_second(gate: Gate) -> None:
    """Also one that is used all the time, and was revoked by another process."""
    new = gate.new()
    await gate.keys.authorise(new.secret)
    revoke_key(gate.other, new.row.id)

    gate.clock.now += 1.0

    assert await gate.refuses(new.secret)


async def test_under_traffic_a_change_is_seen_without_making_a_call_wait(gate: Gate) -> None:
    """The comparison runs beside the calls, which are answered from memory meanwhile."""
    new = gate.new()
    await gate.keys.authorise(new.secret)
    revoke_key(gate.other, new.row.id)
    gate.clock.now += 0.5

    assert gate.keys.known(new.secret) is not None
    await gate.keys.close()
    assert await gate.refuses(new.secret)


async def test_a_new_key_is_taken_though_it_was_refused_before(gate: Gate, tmp_path: Path) -> None:
    """What was refused is remembered too, but no longer than a second."""
    secret = new_secret()
    assert await gate.refuses(secret)
    new = gate.new()
    gate.other.change("UPDATE keys SET hash = :hash", {"hash": digest_of(secret)})
    gate.clock.now += 1.0

    assert (await gate.keys.authorise(secret)).key_id == new.row.id


async def test_a_key_expires_while_it_is_known(gate: Gate) -> None:
    """No change of the database says so."""
    gate.wall.now = 0.0
    new = gate.new(lifetime=60.0)
    assert new.row.expires is not None
    gate.wall.now = new.row.expires - 1
    await gate.keys.authorise(new.secret)
    gate.wall.now = new.row.expires

    assert await gate.refuses(new.secret)


async def test_what_is_remembered_is_bounded(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of invented keys must not fill the memory."""
    monkeypatch.setattr(authoriser, "_MOST", 3)
    kept = [gate.new().secret for _ in range(5)]
    for secret in kept:
        await gate.keys.authorise(secret)
        assert await gate.refuses(new_secret())

    assert [gate.keys.known(secret) is not None for secret in kept] == [False, False, True, True, True]


async def test_nobody_is_let_in_while_keys_cannot_be_read(gate: Gate, tmp_path: Path) -> None:
    """And as soon as they can be again, that is seen without a call."""
    new = gate.new()
    await gate.keys.authorise(new.secret)
    gate.other.change("ALTER TABLE marks RENAME TO hidden")
    gate.clock.now += 1.0
    assert gate.keys.known(new.secret) is None
    with pytest.raises(Exception, match=r"no such table|does not exist"):
        await gate.keys.authorise(new.secret)
    assert gate.keys.failure.startswith("keys cannot be read: ")

    gate.other.change("ALTER TABLE hidden RENAME TO marks")
    gate.keys.retry()
    await gate.keys.close()

    assert gate.keys.failure == ""
    assert gate.keys.known(new.secret) is not None


async def test_a_database_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    """In words for whoever runs the gateway, not as a refused key."""
    (tmp_path / "modelbay.db").write_bytes(b"no database" * 1000)
    database = BackgroundDatabase(tmp_path)

    with pytest.raises(StoreError, match="it is not a database of Modelbay"):
        await StoredKeys(database).authorise(new_secret())
    await database.close()


async def test_a_key_in_memory_opens_while_the_server_is_away(tmp_path: Path, own_server: OwnServer) -> None:
    """Where calls are spooled, nothing else would be; nobody can revoke a key on a server that is away."""
    clock, background = Clock(), BackgroundDatabase(tmp_path)
    with Database.open(tmp_path) as database:
        known, other = create_key(database), create_key(database)
    keys = StoredKeys(background, clock=clock, keeps_known=True)
    strict = StoredKeys(background, clock=clock)
    for each in (keys, strict):
        await each.authorise(known.secret)
    await asyncio.to_thread(own_server.pause)
    for _ in range(3):
        clock.now += 10.0
        assert (await keys.authorise(known.secret)).key_id == known.row.id
        assert keys.known(known.secret) is not None
        for closed in (keys.authorise(other.secret), strict.authorise(known.secret)):
            with pytest.raises(StoreError):
                await closed
    await asyncio.to_thread(own_server.resume)
    with Database.open(tmp_path) as database:
        revoke_key(database, known.row.id)
    clock.now += 1.0
    assert keys.known(known.secret) is None
    with pytest.raises(KeyRefusedError):
        await keys.authorise(known.secret)
    await background.close()

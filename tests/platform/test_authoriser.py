"""Whose a key is: from memory, and a change by anybody is seen within a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.platform.databases import OwnServer
from tests.platform.people.persons import add_member

from modelbay.platform import authoriser
from modelbay.platform.authoriser import StoredKeys
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.key_scopes import Scopes
from modelbay.platform.keys import NewKey, create_key, edit_key, narrower_key, revoke_key
from modelbay.platform.lineages import DEEPEST
from modelbay.platform.people.members import remove_member
from modelbay.platform.people.permissions import Role
from modelbay.platform.secrets import digest_of, new_secret
from modelbay.runtime.accounts import KeyRefusedError
from modelbay.runtime.scopes import Scope
from modelbay.store import Database, StoreError
from modelbay.store.database import NOTHING


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

    def narrower(self, parent: NewKey, wish: Scopes | None = None, **facts: object) -> NewKey:
        """Make a narrower key as another process does."""
        return narrower_key(self.other, parent.row.id, wish or Scopes(), actor="cli", **facts)  # type: ignore[arg-type]

    async def refuses(self, key: str) -> bool:
        """Whether a key opens nothing."""
        if self.keys.known(key) is not None:
            return False
        with pytest.raises(KeyRefusedError, match=r"^The key is not valid\.$"):
            await self.keys.authorise(key)
        return True


class Counted:
    """A database that keeps the statements which it is asked."""

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        self._database = database

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function with this in place of the database."""
        return function(self, *arguments)

    def rows(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Ask the database."""
        self.statements.append(statement)
        return self._database.rows(statement, parameters)


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

    assert (caller.key_id, caller.key_name, caller.scopes) == (new.row.id, "ann", (Scope(("openai/*",)),))
    assert gate.keys.known(new.secret) is caller


async def test_a_key_comes_with_all_that_it_is_narrower_than(gate: Gate) -> None:
    """It opens what all of them open, and its spending counts against all of them."""
    root = gate.new(models=("openai/*",))
    middle = gate.narrower(root, Scopes(networks=["10.0.0.0/8"]))
    leaf = gate.narrower(middle, Scopes(models=["openai/gpt-4*"]))
    caller = await gate.keys.authorise(leaf.secret)

    assert caller.lineage == (leaf.row.id, middle.row.id, root.row.id)
    assert caller.scopes == (
        Scope(("openai/gpt-4*",), networks=("10.0.0.0/8",)),
        Scope(("openai/*",), networks=("10.0.0.0/8",)),
        Scope(("openai/*",)),
    )
    assert (await gate.keys.authorise(gate.new().secret)).scopes == ()


async def test_a_lineage_is_read_in_one_query(tmp_path: Path, backend: str) -> None:
    """However deep it is; the second tells whether anything was changed meanwhile."""
    with Database.open(tmp_path) as database:
        counted = Counted(database)
        keys = StoredKeys(counted)  # type: ignore[arg-type]
        key = create_key(database)
        for _ in range(DEEPEST - 1):
            key = narrower_key(database, key.row.id, actor="cli")
        with pytest.raises(KeyRefusedError):  # the first look asks for the number of changes before
            await keys.authorise(new_secret())
        counted.statements.clear()
        caller = await keys.authorise(key.secret)

        assert len(caller.lineage) == DEEPEST
        assert [
            statement for statement in counted.statements if "FROM keys" in statement
        ] == counted.statements[1:]
        assert len(counted.statements) == 2
        assert keys.known(key.secret) is caller
        assert len(counted.statements) == 2


async def test_a_key_ends_with_one_that_it_is_narrower_than(gate: Gate) -> None:
    """Also one that is known: whoever closes a key closes all that was made with it."""
    root = gate.new()
    leaf = gate.narrower(gate.narrower(root))
    await gate.keys.authorise(leaf.secret)
    revoke_key(gate.other, root.row.id)
    gate.clock.now += 1.0

    assert await gate.refuses(leaf.secret)


async def test_a_key_expires_with_one_that_it_is_narrower_than(gate: Gate) -> None:
    """An end that was set later than the key was made counts, and while the key is known."""
    root = gate.new()
    leaf = gate.narrower(root)
    end = gate.wall.now = root.row.created + 60
    edit_key(gate.other, root.row.id, expires=end + 10, actor="cli")
    await gate.keys.authorise(leaf.secret)
    gate.wall.now = end + 10

    assert await gate.refuses(leaf.secret)


async def test_a_change_of_a_key_is_seen_within_a_second(gate: Gate) -> None:
    """By keys below it too."""
    root = gate.new()
    leaf = gate.narrower(root)
    await gate.keys.authorise(leaf.secret)
    edit_key(gate.other, root.row.id, Scopes(types=["tts"]), actor="cli")
    gate.clock.now += 1.0

    assert (await gate.keys.authorise(leaf.secret)).scopes == (Scope(types=("tts",)),)


async def test_a_key_of_a_member_ends_with_the_membership(gate: Gate) -> None:
    """The removal says itself that keys have changed."""
    add_member(gate.other, "owner@acme.example", Role.OWNER)
    ann = add_member(gate.other, "ann@acme.example", Role.MEMBER)
    new = gate.new(member=ann)
    assert (await gate.keys.authorise(new.secret)).member == ann
    remove_member(gate.other, "default", ann, actor="cli", authority=Role.OWNER)
    gate.clock.now += 1.0

    assert await gate.refuses(new.secret)


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
    gate.keys.look()
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

"""Which credentials a call uses: from memory, and a change by anybody is seen within a second."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.platform.credentials.conftest import Bay

from modelbay.entities import ModelType
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials import resolve
from modelbay.platform.credentials.models import enable_model
from modelbay.platform.credentials.named import delete, switch
from modelbay.platform.credentials.resolve import CredentialSources, WorkspaceCredentials
from modelbay.platform.environment import LocalCredentials

NEVER = 1e9  # seconds between two looks, where the test looks itself


class Counting(BackgroundDatabase):
    """A database that counts what it is asked."""

    asked = 0

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.answered = asyncio.Event()

    async def run(self, *args: Any, **more: Any) -> Any:
        """Count, and ask."""
        self.asked += 1
        try:
            return await super().run(*args, **more)
        finally:
            self.answered.set()


class Resolving:
    """The sources of a process of its own, beside the one that changes things."""

    def __init__(self, bay: Bay, interval: float = NEVER, **more: Any) -> None:
        self.bay = bay
        self.database = Counting(bay.data_dir)
        self.sources = CredentialSources(
            self.database, bay.vault, behind=LocalCredentials(), interval=interval, **more
        )

    async def key(self, model: str | None = "chat", workspace: str = "default") -> str | None:
        """Return the key that a call would use."""
        source = await self.sources.of(workspace)
        kind = ModelType.LLM if model else None
        found = source.credentials(self.bay.target().provider, model, kind)
        return str(found["api_key"]) if found else None

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what comes after one of the next looks."""
        async with asyncio.timeout(30):
            while not condition():
                self.database.answered.clear()
                await self.database.answered.wait()

    async def close(self) -> None:
        """End the process."""
        await self.sources.close()
        await self.database.close()


@pytest.fixture
async def resolving(bay: Bay) -> AsyncIterator[Resolving]:
    """Sources that look when they are told."""
    resolving = Resolving(bay)
    yield resolving
    await resolving.close()


async def test_a_warm_credential_costs_no_round_trip(bay: Bay, resolving: Resolving) -> None:
    """However many calls there are, of whichever of its models."""
    await bay.create("good-key")
    assert await resolving.key() == "good-key"
    asked = resolving.database.asked

    for _ in range(1000):
        assert await resolving.key() == "good-key"
        assert await resolving.key("vectors") == "good-key"
    assert (asked, resolving.database.asked) == (1, 1)
    assert isinstance(resolving.sources.known("default"), WorkspaceCredentials)


async def test_a_workspace_that_many_ask_for_at_once_is_read_once(bay: Bay, resolving: Resolving) -> None:
    """A gateway that has just been started gets all its calls together."""
    await bay.create("good-key")

    assert await asyncio.gather(*(resolving.key() for _ in range(50))) == ["good-key"] * 50
    assert resolving.database.asked == 1


async def test_every_kind_of_change_by_another_process_is_seen_at_the_next_look(
    bay: Bay, resolving: Resolving
) -> None:
    """Created, edited, switched, deleted, switched off."""
    look, target = resolving.sources.look, bay.target()
    assert await resolving.key() is None
    first, second = await bay.create("good-1"), await bay.create("good-2")
    await look()
    assert await resolving.key() == "good-1"
    await bay.edit(first.id, {"api_key": "good-edited"})
    await look()
    assert await resolving.key() == "good-edited"
    switch(bay.now, bay.vault, target, second.id, actor="cli")
    await look()
    assert await resolving.key() == "good-2"
    enable_model(bay.now, bay.target(model="chat"), False, actor="cli")
    await look()
    with pytest.raises(InvokeBadRequestError, match=r"^acme/chat: the model is switched off"):
        await resolving.key()
    assert await resolving.key("vectors") == "good-2"
    delete(bay.now, target, second.id, actor="cli")
    await look()
    with pytest.raises(InvokeAuthorizationError, match=r"^acme/vectors: the active credentials were deleted"):
        await resolving.key("vectors")


async def test_a_change_is_seen_without_anybody_asking_for_it(bay: Bay) -> None:
    """The look goes on beside the calls, which never wait for it."""
    resolving = Resolving(bay, interval=0.01)
    assert await resolving.key() is None
    await bay.create("good-key")
    source = await resolving.sources.of("default")
    await resolving.until(lambda: bool(source.snapshot.active))
    assert await resolving.key() == "good-key"
    await resolving.close()


async def test_a_call_looks_itself_where_the_last_look_is_too_long_ago(bay: Bay) -> None:
    """However busy the process is, no call uses what was switched off more than a second before."""
    now = [100.0]
    resolving = Resolving(bay, stale=0.9, clock=lambda: now[0])
    assert await resolving.key() is None
    await bay.create("good-key")
    assert resolving.sources.known("default") is not None
    assert await resolving.key() is None

    now[0] += 1.0
    asked = resolving.database.asked
    assert resolving.sources.known("default") is None
    assert await asyncio.gather(*(resolving.key() for _ in range(20))) == ["good-key"] * 20
    assert resolving.database.asked == asked + 1
    await resolving.close()


async def test_a_call_does_not_wait_for_long_where_the_database_hangs(bay: Bay) -> None:
    """It goes on with what is known, as while the database is away."""
    now, answers = [100.0], threading.Event()
    resolving = Resolving(bay, stale=0.9, clock=lambda: now[0], patience=0.05)
    assert await resolving.key() is None
    hanging = asyncio.ensure_future(resolving.database.run(lambda _: answers.wait(30)))
    now[0] += 1.0
    assert await resolving.key() is None

    answers.set()
    await hanging
    await resolving.close()


async def test_a_change_elsewhere_has_nothing_read_again(bay: Bay, resolving: Resolving) -> None:
    """With ten thousand workspaces somebody changes something all the time."""
    await bay.create("good-key")
    source = await resolving.sources.of("default")
    before = source.snapshot
    await bay.create(target=bay.target(workspace="ws_b"))
    await resolving.sources.look()

    assert source.snapshot is before


async def test_workspaces_never_see_each_others_credentials(bay: Bay, resolving: Resolving) -> None:
    """Nor the environment's, which are the first workspace's."""
    await bay.create("good-of-b", bay.target(workspace="ws_b"))

    assert await resolving.key(workspace="ws_b") == "good-of-b"
    assert await resolving.key() is None
    assert await resolving.key(workspace="ws_c") is None


async def test_stored_credentials_come_before_the_environments(
    bay: Bay, resolving: Resolving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was deleted is not replaced by them behind one's back."""
    monkeypatch.setenv("ACME_KEY", "good-env")
    assert await resolving.key() == "good-env"
    assert await resolving.key(workspace="ws_b") is None
    first, _ = await bay.create("good-1"), await bay.create("good-2")
    await resolving.sources.look()
    assert await resolving.key() == "good-1"
    delete(bay.now, bay.target(), first.id, actor="cli")
    await resolving.sources.look()

    with pytest.raises(InvokeAuthorizationError) as refused:
        await resolving.key()
    assert refused.value.code == "credential_removed"
    assert await resolving.key(None) is None


async def test_what_cannot_be_opened_is_never_passed_on_and_is_tried_again(
    bay: Bay, resolving: Resolving
) -> None:
    """A restored master key or table is taken without a restart."""
    await bay.create("good-key")
    [[sealed]] = bay.now.rows("SELECT sealed FROM credential_secrets")
    bay.now.change("UPDATE credential_secrets SET sealed = 'x'")
    with pytest.raises(InvokeAuthorizationError, match="'API key 1' cannot be opened: api_key: ") as refused:
        await resolving.key()
    assert refused.value.code == "credential_unreadable"

    bay.now.change("UPDATE credential_secrets SET sealed = :sealed", {"sealed": sealed})
    await resolving.sources.look()
    assert await resolving.key() == "good-key"


async def test_what_is_remembered_is_bounded(
    bay: Bay, resolving: Resolving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace that was asked for longest ago goes first."""
    monkeypatch.setattr(resolve, "_MOST", 2)
    for name in ("a", "b", "a", "c"):
        await resolving.sources.of(name)

    assert [resolving.sources.known(name) is not None for name in "abc"] == [True, False, True]


async def test_calls_go_on_while_the_database_is_away(bay: Bay) -> None:
    """With what was known; whoever runs the gateway is told, until it is back."""
    await bay.create("good-key")
    resolving = Resolving(bay, interval=0.01)
    assert await resolving.key() == "good-key"
    bay.now.change("ALTER TABLE marks RENAME TO hidden")
    await resolving.until(lambda: resolving.sources.failure != "")
    assert resolving.sources.failure.startswith("credentials cannot be read: ")
    assert await resolving.key() == "good-key"

    bay.now.change("ALTER TABLE hidden RENAME TO marks")
    await resolving.until(lambda: resolving.sources.failure == "")
    await resolving.close()


async def test_a_source_shows_no_secret(bay: Bay, resolving: Resolving) -> None:
    """It is printed by whoever debugs the gateway."""
    await bay.create("good-key-1234567")
    source = await resolving.sources.of("default")

    assert (
        "good-key"
        not in f"{source!r} {source.snapshot!r} {source.choice(bay.target().provider, None, None)!r}"
    )


def test_resolving_loads_neither_database_tools_nor_ciphers(tmp_path: Path) -> None:
    """They take longer to load than all the rest of a gateway."""
    code = (
        "import sys; import modelbay.platform.credentials.resolve, modelbay.platform.credentials.named\n"
        "sys.exit(', '.join({'sqlalchemy', 'alembic', 'cryptography', 'psycopg'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")

"""`modelbay.platform` is enough: programs that embed the platform import nothing from inside."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelbay import platform
from modelbay.entities import ModelType
from modelbay.platform import BackgroundDatabase, Database, Embedded, MasterKey, Role, Vault

PASSWORD = "three words apart"


@dataclass
class Program:
    """A program with a platform of its own."""

    embedded: Embedded
    database: Database
    vault: Vault

    @property
    def background(self) -> BackgroundDatabase:
        """The database for coroutines."""
        return self.embedded.management


@pytest.fixture
async def program(tmp_path: Path, backend: str) -> AsyncIterator[Program]:
    """A platform without anything in it."""
    async with Embedded(tmp_path) as embedded:
        with Database.open(tmp_path) as database:
            yield Program(embedded, database, embedded.vault)


async def test_a_program_lets_people_sign_in(program: Program) -> None:
    """With pages of its own: from the first owner to the end of the session, without our HTTP."""
    passwords = platform.Passwords(time_cost=1, memory_cost=64, parallelism=1)
    sign_in = platform.SignIn(program.background, passwords)
    browser = platform.Browser("192.0.2.7", "Browser")
    link = platform.create_setup_link(program.database)
    assert link is not None
    await sign_in.complete_setup(
        link, email="ann@example.com", name="Ann", password=PASSWORD, browser=browser
    )
    with pytest.raises(platform.SignInRefusedError):
        await sign_in.sign_in("ann@example.com", "another one", browser)
    session = await sign_in.sign_in("ann@example.com", PASSWORD, browser)
    current = platform.read_session(program.database, session.token, now=time.time())
    [membership] = platform.list_memberships(program.database, current.user.id)
    open_sessions = platform.list_sessions(program.database, current.user.id, now=time.time())
    platform.sign_out(program.database, session.token)
    passwords.close()

    assert (current.user.email, membership.role) == ("ann@example.com", Role.OWNER)
    assert platform.may(membership.role, "vault.export")
    assert not platform.may(Role.MEMBER, "vault.export")
    assert session.row.id in [row.id for row in open_sessions]
    with pytest.raises(platform.SignInRefusedError):
        platform.read_session(program.database, session.token, now=time.time())


async def test_a_program_keeps_the_vault(program: Program) -> None:
    """Looks whether all opens, rotates keys, and reads in the audit log who did."""
    database, vault = program.database, program.vault
    openai = platform.Catalog().provider("openai").provider
    platform.change_network(
        database,
        vault,
        openai,
        "default",
        {"headers": {"x-team": "header-value"}},
        actor="program",
        may_allow_private=False,
    )
    number, done = platform.rotate_keys(database, vault, "default", actor="program")
    again, resumed = platform.rotate_keys(database, vault, "default", resume=True, actor="program")
    rotated = platform.rotate_master_key(database, vault, actor="program")
    held = platform.check_secrets(database, vault, "default")
    newest, *_ = platform.list_audit(database, "default")
    older = platform.list_audit(database, "default", before=(newest.at, newest.id), limit=1)

    assert (number, done.changed, again, resumed.changed) == (2, 1, 2, 0)
    assert rotated.pairs == 2
    assert (dict(held.by_pair), dict(held.unreadable)) == ({2: 1}, {})
    assert platform.check_vault(database, vault).ok
    assert [newest.action, *(row.action for row in older)] == ["vault.rotate-master", "vault.rotate"]
    with pytest.raises(platform.MasterKeyError):
        platform.rotate_keys(database, Vault(platform.MasterKeys(Path("/nowhere"))), "default", actor="x")
    assert not platform.check_vault(database, Vault(platform.MasterKeys(Path("/nowhere")))).ok
    assert MasterKey.new().id != MasterKey.new().id


async def test_a_program_asks_for_the_default_model(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the credentials of its environment behind those that are stored."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    catalog = platform.Catalog()
    openai = catalog.provider("openai").provider
    snapshot = platform.read_snapshot(program.database, program.vault, "default")
    rows = platform.list_models(catalog, snapshot, behind=platform.LocalCredentials())
    nothing = platform.read_default(snapshot, rows, ModelType.LLM)

    found = platform.environment_credentials(openai)
    assert found is not None
    assert (nothing.model, nothing.usable) == (None, False)
    assert nothing.suggested
    assert platform.list_removed_models(program.database, "default") == []
    assert platform.list_balances(program.database, "default") == []
    assert platform.sweep_calls(program.database) == 0

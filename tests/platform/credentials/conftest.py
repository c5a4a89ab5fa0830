"""A workspace's credentials over a real database, vault and engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.platform.credentials.acme import write_providers
from tests.platform.databases import backend, postgres

from modelbay.catalog import Catalog
from modelbay.entities import ModelType
from modelbay.hosts import InProcessHost
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials import named
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.credentials.snapshot import Snapshot, read_snapshot
from modelbay.platform.credentials.statuses import ModelStatus, model_list
from modelbay.platform.credentials.stored import NamedCredentials, of_environment, of_workspace
from modelbay.platform.credentials.target import Target
from modelbay.platform.environment import LocalCredentials
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.runtime import Engine
from modelbay.store import Database, audit, credentials, open_directory
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

__all__ = ["backend", "postgres"]


class Bay:
    """What the tests talk to."""

    def __init__(self, folder: Path, transport: Transport) -> None:
        self.folder = folder
        self.data_dir = open_directory(folder / "data")
        self.catalog = Catalog(folders=write_providers(folder), builtin=False)
        host = InProcessHost(transport)
        self.engine = Engine(catalog=self.catalog, host=host, credentials=LocalCredentials(environment=False))
        self.vault = Vault(MasterKeys(self.data_dir, {}))
        self.proving = Proving(self.engine.validate_credentials, a_minute=1000)
        self.database = BackgroundDatabase(self.data_dir, threads=4)
        self.now = Database.open(self.data_dir)  # another process, as far as `database` can tell

    def target(self, provider: str = "acme", model: str = "", *, workspace: str = "default") -> Target:
        """Return a provider, or one of its language models."""
        kind = ModelType.LLM if model else None
        return Target(workspace, self.catalog.provider(provider).provider, model, kind)

    async def create(
        self, key: str = "good-key-1234", target: Target | None = None, **more: Any
    ) -> NamedCredentials:
        """Create credentials with a key; `name` and the other fields of the form as named."""
        name = more.pop("name", "")
        given = {"api_key": key, **more}
        return await named.create(
            self.database, self.vault, self.proving, target or self.target(), given, name=name, actor="cli"
        )

    async def edit(
        self, credential: str, given: dict[str, Any] | None = None, **more: Any
    ) -> NamedCredentials:
        """Edit a provider's credentials."""
        return await named.edit(
            *(self.database, self.vault, self.proving, self.target(), credential),
            given=given,
            actor="cli",
            **more,
        )

    def listed(self, target: Target | None = None) -> list[NamedCredentials]:
        """Return the credentials of a provider or model, the oldest first, then the environment's."""
        target = target or self.target()
        found = of_workspace(self.now, self.vault, target.workspace, provider=target.place.provider)
        own = [each for each in found if (each.model, each.model_type) == target.place[2:]]
        unused = target.place not in credentials.active(self.now, target.workspace)
        there = None if target.model else of_environment(target.provider, target.workspace, active=unused)
        return [*own, there] if there else own

    def active(self, target: Target | None = None) -> str | None:
        """Return the name of the active ones."""
        return next((each.name for each in self.listed(target) if each.active), None)

    def used(self, workspace: str = "default") -> dict[str, Any]:
        """Return what a call of the provider would use."""
        found = self.snapshot(workspace).choice(self.target().provider).credentials
        return found.reveal() if found else {}

    def snapshot(self, workspace: str = "default") -> Snapshot:
        """Return the workspace as it is now."""
        return read_snapshot(self.now, self.vault, workspace)

    def statuses(self, **more: Any) -> dict[str, ModelStatus]:
        """Return the models of the workspace by name."""
        rows = model_list(self.catalog, self.snapshot(), behind=LocalCredentials(), **more)
        return {f"{row.provider}/{row.model}": row for row in rows}

    def actions(self) -> list[str]:
        """Return what the audit log says was done, in order."""
        return [row.action for row in reversed(audit.listed(self.now, "default"))]


@pytest.fixture
async def bay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str) -> AsyncIterator[Bay]:
    """A data directory without credentials, and three providers."""
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("ACME_KEY", "ACME_OLD_KEY", "ACME_REGION"):
        monkeypatch.delenv(name, raising=False)
    async with Transport(TransportSettings(trust_env=False, retries=0)) as transport:
        bay = Bay(tmp_path, transport)
        yield bay
        await bay.database.close()
        bay.now.close()

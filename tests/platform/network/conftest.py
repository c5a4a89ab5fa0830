"""A workspace's network settings over a real database and vault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.platform.databases import backend, postgres

from modelbay.catalog import Catalog
from modelbay.platform.network import settings
from modelbay.platform.network.stored import NetworkSettings, networks_of
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.store import Database, audit, open_directory
from modelbay.wires.network import Network

__all__ = ["backend", "postgres"]


class Desk:
    """Where network settings are changed, as the owner of the installation or as an admin."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = open_directory(folder / "data")
        self.database = Database.open(self.data_dir)
        self.vault = Vault(MasterKeys(self.data_dir, {}))
        self.catalog = Catalog()

    def change(
        self, given: dict[str, Any], *, provider: str = "openai", workspace: str = "default", **more: Any
    ) -> NetworkSettings:
        """Change the settings of a provider."""
        return settings.change(
            *(self.database, self.vault, self.catalog.declared(provider), workspace, given),
            **{"actor": "cli", "may_allow_private": True, **more},
        )

    def read(self, *, provider: str = "openai", workspace: str = "default") -> NetworkSettings:
        """Return the settings as people see them."""
        return settings.read(self.database, self.vault, workspace, provider)

    def called(self, workspace: str = "default") -> dict[str, Network]:
        """Return the settings as calls use them."""
        return networks_of(self.database, self.vault, workspace)

    def audited(self, workspace: str = "default") -> list[tuple[str, Any]]:
        """Return what the audit log says was done, in order."""
        return [(row.action, row.detail) for row in reversed(audit.listed(self.database, workspace))]


@pytest.fixture
def desk(tmp_path: Path, backend: str) -> Iterator[Desk]:
    """A data directory without network settings."""
    desk = Desk(tmp_path)
    yield desk
    desk.database.close()

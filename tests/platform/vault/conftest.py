"""A vault over a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.platform.vault.held import Notes, vault_in

from modelbay.platform.vault import Vault
from modelbay.store import Database


@pytest.fixture
def database(tmp_path: Path, backend: str) -> Iterator[Database]:
    """An empty database: the test runs on SQLite and on PostgreSQL."""
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault that keeps its master key in the data directory."""
    return vault_in(tmp_path)


@pytest.fixture
def notes(database: Database) -> Notes:
    """Somebody who stores secrets."""
    return Notes(database)

"""A vault over a real database, and what a full workspace is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelbay.platform.vault import MasterKeys, Vault
from modelbay.store import Database


@pytest.fixture
def database(tmp_path: Path, backend: str) -> Iterator[Database]:
    """An empty database: the test runs on SQLite and on PostgreSQL."""
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault that keeps its master key in the data directory."""
    return Vault(MasterKeys(tmp_path, {}))

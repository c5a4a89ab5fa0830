"""An installation of Dify, and an empty one of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.platform.databases import backend, postgres
from tests.platform.from_dify.dify import Dify

from modelbay.catalog import Catalog
from modelbay.platform.credentials.snapshot import Snapshot, read_snapshot
from modelbay.platform.from_dify.importing import import_dify
from modelbay.platform.from_dify.lines import Line
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.store import Database, open_directory

__all__ = ["backend", "postgres"]

CATALOG = Catalog()
DEFAULTS = ("api_protocol", "enable_request_metadata")  # of the form of openai


@pytest.fixture
def dify(tmp_path: Path, backend: str, request: pytest.FixtureRequest) -> Iterator[Dify]:
    """Dify's database, of the same kind as ours."""
    storage = tmp_path / "storage"
    storage.mkdir()
    if backend == "sqlite":
        yield Dify(str(tmp_path / "dify.db"), storage)
        return
    server = request.getfixturevalue("postgres")
    url = server.create(prepared=False)
    yield Dify(url, storage)
    server.drop(url)


class Here:
    """Where the import goes."""

    def __init__(self, folder: Path, dify: Dify) -> None:
        self.folder = open_directory(folder)
        self.dify = dify
        self.database = Database.open(folder)
        self.vault = Vault(MasterKeys(folder, {}))

    def run(self, **more: Any) -> Sequence[Line]:
        """Import all."""
        return import_dify(
            self.database, self.vault, CATALOG, self.dify.place, self.dify.storage, actor="cli", **more
        )

    def snapshot(self, workspace: str) -> Snapshot:
        """Return a workspace as calls see it."""
        return read_snapshot(self.database, self.vault, workspace)

    def used(
        self, workspace: str, provider: str, model: str | None = None, kind: Any = None
    ) -> dict[str, Any]:
        """Return what a call of a provider, or of a model, would use, without the form's own defaults."""
        found = self.snapshot(workspace).choice(CATALOG.provider(provider).provider, model, kind)
        values = found.credentials.reveal() if found.credentials else {}
        return {name: value for name, value in values.items() if name not in DEFAULTS}

    def everything(self) -> dict[str, list[Any]]:
        """Return all rows of all tables."""
        names = {
            "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        }
        tables = sorted(row[0] for row in self.database.rows(names[self.database.dialect]))
        return {table: sorted(map(repr, self.database.rows(f"SELECT * FROM {table}"))) for table in tables}


@pytest.fixture
def here(tmp_path: Path, dify: Dify) -> Iterator[Here]:
    """An installation of ours with nothing in it."""
    here = Here(tmp_path / "data", dify)
    yield here
    here.database.close()


def said(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """Return lines without where."""
    return [(line.state, line.what, line.name, line.why) for line in lines]

"""An engine over the built-in providers and one plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.plugins import write_plugin

from modelbay.catalog import Catalog
from modelbay.entities import Credentials
from modelbay.hosts import InProcessHost
from modelbay.runtime import Engine
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

MakeEngine = Callable[..., Engine]


class Given:
    """Credentials by provider."""

    def __init__(self, given: dict[str, dict[str, Any]]) -> None:
        self._given = given

    def credentials(self, provider: Any, model: str | None, model_type: Any) -> Credentials | None:
        found = self._given.get(provider.provider)
        return None if found is None else Credentials(found)


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeEngine]:
    """Make an engine that knows these credentials."""
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(tmp_path / "cache"))
    async with Transport(TransportSettings(trust_env=False, retries=0)) as transport:

        def make(**credentials: dict[str, Any]) -> Engine:
            catalog = Catalog(folders=[write_plugin(tmp_path)])
            host = InProcessHost(transport)
            return Engine(catalog=catalog, host=host, credentials=Given(credentials))

        yield make

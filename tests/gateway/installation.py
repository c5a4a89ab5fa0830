"""What a test that talks to a gateway needs of it, whether one process serves or two servers do."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.gateway.client import Answer, fetch

from modelbay.catalog import Catalog
from modelbay.gateway.settings import GatewaySettings
from modelbay.platform.fold import fold
from modelbay.platform.limits.hosted import Hosted
from modelbay.platform.limits.lending import read_hosted
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.sdk.testing import FakeUpstream
from modelbay.store import Database
from modelbay.store.calls import COLUMNS


@dataclass(kw_only=True)
class Installation:
    """A running gateway, its key, and the fakes behind it, by family.

    Attributes:
        settings: Those of its first server.
    """

    settings: GatewaySettings
    key: str
    upstreams: dict[str, FakeUpstream] = field(default_factory=dict)

    @property
    @abstractmethod
    def place(self) -> tuple[str, int]:
        """Where it listens."""

    @abstractmethod
    async def look(self) -> None:
        """Have all that serves see what has been changed, which it does within a second anyway."""

    @abstractmethod
    async def tell(self) -> None:
        """Have all that serves know what each has counted and found failing, as it does within a second."""

    @abstractmethod
    async def reckon(self) -> None:
        """Wait until the figures of the ledger are read that calls have asked for."""

    @property
    def folders(self) -> Sequence[Path]:
        """The data directories of its servers."""
        return [self.folder]

    @property
    def folder(self) -> Path:
        """A data directory, which leads to its database."""
        return Path(self.settings.data_dir)

    def database(self) -> Database:
        """Open its database, as another process does."""
        return Database.open(self.folder)

    @cached_property
    def catalog(self) -> Catalog:
        """The providers that it has."""
        return Catalog(folders=self.settings.plugins)

    @cached_property
    def vault(self) -> Vault:
        """Its vault, as another process has it."""
        return Vault(MasterKeys(self.folder))

    @property
    def hosted(self) -> Hosted:
        """What it lends."""
        return read_hosted(self.folder, self.catalog)

    @property
    def url(self) -> str:
        """Its address."""
        return "http://{}:{}".format(*self.place)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str | None = "",
    ) -> Answer:
        """Send one request on a connection of its own and return the whole answer."""
        given = {} if key is None else {"authorization": f"Bearer {key or self.key}"}
        return await fetch(self.place, method, path, body, {**given, **(headers or {})})

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Post JSON with the key."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.call("POST", path, body, named)

    async def records(self) -> list[dict[str, Any]]:
        """Move what is in journals into the ledger; return that, oldest call first."""
        return await asyncio.to_thread(recorded, *self.folders)


def recorded(*folders: Path) -> list[dict[str, Any]]:
    """Return the calls in the ledger of data directories, oldest first; those in journals included."""
    with Database.open(folders[0]) as database:
        for folder in folders:
            fold(database, folder)
        found = database.rows(f"SELECT {', '.join(COLUMNS)} FROM calls ORDER BY at")
        return [dict(zip(COLUMNS, row, strict=True)) for row in found]

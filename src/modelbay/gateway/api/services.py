"""What operations ask of: the platform, the catalog, providers. One for each process, made at first need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modelbay.gateway.keys import key_of
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.environment import LocalCredentials
from modelbay.platform.people.passwords import Passwords
from modelbay.platform.people.signing_in import SignIn
from modelbay.runtime import Engine

if TYPE_CHECKING:
    from modelbay.gateway.api.table import Table
    from modelbay.gateway.app import Gateway
    from modelbay.gateway.http.exchange import Exchange
    from modelbay.platform.credentials.resolve import WorkspaceCredentials
    from modelbay.runtime.accounts import Caller


class Services:
    """The gateway's parts that operations use."""

    def __init__(self, gateway: Gateway, table: Table) -> None:
        self.gateway = gateway
        self.table = table
        self.platform = gateway.platform
        self.database = gateway.platform.management
        self.vault = gateway.platform.vault
        self.catalog = gateway.catalog
        self.data_dir = Path(gateway.platform.data_dir)
        self.tls = gateway.settings.tls
        self.passwords = Passwords()
        self.sign_in = SignIn(self.database, self.passwords)
        nobody = LocalCredentials(environment=False)  # what is proved is given with each question
        self._asking = Engine(catalog=gateway.catalog, host=gateway.host, credentials=nobody)
        self.proving = Proving(self._asking.validate_credentials)

    def has_key(self, exchange: Exchange) -> bool:
        """Whether a request came with a key."""
        return bool(key_of(exchange))

    async def caller(self, exchange: Exchange) -> Caller:
        """Return whose key a request came with; KeyRefusedError if it opens nothing."""
        return await self.gateway.caller(exchange)

    async def credentials(self, workspace: str) -> WorkspaceCredentials:
        """Return what a workspace's calls use, with what has just been changed."""
        sources = self.platform.credentials
        if sources.known(workspace) is not None:
            await sources.look()
        return await sources.of(workspace)

    async def engine(self, workspace: str) -> Engine:
        """Return the way to a workspace's models."""
        return self.gateway.bays.of(await self.credentials(workspace)).engine

    def close(self) -> None:
        """Let go of threads and engines."""
        self.passwords.close()
        self._asking.close()

"""What operations ask of: the platform, the catalog, providers. One for each process, made at first need."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modelbay.gateway.keys import key_of
from modelbay.platform.credentials.proving import Prove, Proving
from modelbay.platform.credentials.statuses import ModelStatus, model_list
from modelbay.platform.key_scopes import API
from modelbay.platform.limits.lending import Lent
from modelbay.platform.people.oidc.provider import Provider
from modelbay.platform.people.oidc.settings import OidcSettings
from modelbay.platform.people.oidc.signing_in import OidcSignIn
from modelbay.platform.people.passwords import Passwords
from modelbay.platform.people.signing_in import SignIn
from modelbay.store import StoreError

if TYPE_CHECKING:
    from modelbay.gateway.api.table import Table
    from modelbay.gateway.app import Gateway
    from modelbay.gateway.http.exchange import Exchange
    from modelbay.platform.credentials.resolve import WorkspaceCredentials
    from modelbay.platform.credentials.snapshot import Snapshot
    from modelbay.runtime import Engine
    from modelbay.runtime.accounts import Caller

_MOST: Final = 64  # workspaces whose lists of models are kept, a megabyte each


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
        self.oidc = self._oidc()
        self._models: dict[str, tuple[Snapshot, Sequence[ModelStatus]]] = {}
        self.proving = Proving(within=self._prover, shared=self.platform.shared)

    def _oidc(self) -> OidcSignIn | None:
        """Return single sign-on, if it is set up."""
        given = self.gateway.settings.oidc
        if given is None:
            return None
        provider = Provider(OidcSettings.model_validate(given))
        return OidcSignIn(self.database, self.vault, provider)

    def has_key(self, exchange: Exchange) -> bool:
        """Whether a request came with a key."""
        return bool(key_of(exchange))

    async def caller(self, exchange: Exchange) -> Caller:
        """Return whose key a request came with; KeyRefusedError if it opens nothing."""
        return await self.gateway.caller(exchange, API)

    async def credentials(self, workspace: str) -> WorkspaceCredentials:
        """Return what a workspace's calls use, with what has just been changed."""
        sources = self.platform.credentials
        if sources.known(workspace) is not None:
            await sources.look()
        return await sources.of(workspace)

    async def look(self, workspace: str) -> None:
        """Have calls of a workspace see what has just been changed."""
        sources = self.platform.credentials
        with contextlib.suppress(StoreError):  # they see it later, as other processes do
            if sources.known(workspace) is not None:
                await sources.look()
            await self.platform.rates.look()

    async def models(self, workspace: str) -> Sequence[ModelStatus]:
        """Return the models of a workspace with their statuses; made again when something has changed."""
        source = await self.credentials(workspace)
        hosted = self.platform.hosted
        if hosted:  # what is left of a quota changes with every call
            lent = await self.database.run(Lent, hosted, workspace)
            return await asyncio.to_thread(
                model_list, self.catalog, source.snapshot, behind=source.behind, hosted=lent
            )
        known = self._models.get(workspace)
        if known is None or known[0] is not source.snapshot:
            rows = await asyncio.to_thread(model_list, self.catalog, source.snapshot, behind=source.behind)
            known = self._models[workspace] = (source.snapshot, rows)
            if len(self._models) > _MOST:
                del self._models[next(iter(self._models))]
        return known[1]

    async def _prover(self, workspace: str) -> Prove:
        """Return what asks providers as a workspace's calls do, through its network settings."""
        return (await self.engine(workspace)).validate_credentials

    async def engine(self, workspace: str) -> Engine:
        """Return the way to a workspace's models."""
        return self.gateway.bays.of(await self.credentials(workspace)).engine

    def close(self) -> None:
        """Let go of threads and engines."""
        self.passwords.close()

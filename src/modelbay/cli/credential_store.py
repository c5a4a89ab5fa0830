"""What the commands about credentials need: whose they are, what is stored, a provider to ask."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from modelbay.cli.data_directory import catalog_of, opened

if TYPE_CHECKING:
    from modelbay.catalog import Catalog
    from modelbay.platform.background import BackgroundDatabase
    from modelbay.platform.credentials.proving import Proving
    from modelbay.platform.credentials.stored import NamedCredentials
    from modelbay.platform.credentials.target import Target
    from modelbay.platform.shared import Shared
    from modelbay.platform.vault import Vault
    from modelbay.runtime import Engine
    from modelbay.store import Database
    from modelbay.store.credentials import CredentialRow

T = TypeVar("T")

_PATIENCE = 2.0  # seconds: no call waits behind us, and Redis is connected to only now


def proved(
    folder: Path, workspace: str, work: Callable[[BackgroundDatabase, Vault, Proving], Coroutine[Any, Any, T]]
) -> T:
    """Do what needs a provider to be asked."""
    import asyncio

    with opened(folder, workspace) as (_, vault):
        return asyncio.run(_proved(folder, workspace, vault, work))


async def _proved(
    folder: Path,
    workspace: str,
    vault: Vault,
    work: Callable[[BackgroundDatabase, Vault, Proving], Coroutine[Any, Any, T]],
) -> T:
    from modelbay.platform.background import BackgroundDatabase
    from modelbay.platform.credentials.proving import Proving

    database = BackgroundDatabase(folder)
    try:
        async with (
            engines(folder, database, vault, catalog_of(folder)) as engine_of,
            sharing(folder) as shared,
        ):
            engine = await engine_of(workspace)
            return await work(database, vault, Proving(engine.validate_credentials, shared=shared))
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def sharing(folder: Path) -> AsyncIterator[Shared]:
    """Return what the gateways of a data directory share: who asks providers counts with them."""
    from modelbay.platform.shared import shared_in

    shared = shared_in(folder, patience=_PATIENCE)
    try:
        await shared.start()
        yield shared
    finally:
        await shared.close()


@contextlib.asynccontextmanager
async def engines(
    folder: Path, database: BackgroundDatabase, vault: Vault, catalog: Catalog
) -> AsyncIterator[Callable[[str], Awaitable[Engine]]]:
    """Return what makes engines that reach providers as the gateway's calls of a workspace do."""
    from modelbay.gateway.settings import GatewaySettings
    from modelbay.hosts import InProcessHost
    from modelbay.platform.environment import LocalCredentials
    from modelbay.platform.network.stored import networks_of
    from modelbay.platform.network.ways import Networks, Ways
    from modelbay.runtime import Engine
    from modelbay.wires.transport import Transport

    async with Transport() as transport:
        ways = Ways(transport, GatewaySettings.read(folder).policy)

        async def engine_of(workspace: str) -> Engine:
            networks = await database.run(networks_of, vault, workspace)
            return Engine(
                catalog=catalog,
                host=InProcessHost(transport).through(ways.of(workspace, networks)),
                credentials=LocalCredentials(environment=False),
                network=Networks(networks),
            )

        try:
            yield engine_of
        finally:
            await ways.aclose()


def target_of(catalog: Catalog, workspace: str, provider: str, model: str | None, kind: str) -> Target:
    """Return what the arguments name: a provider, or one of its models.

    Raises:
        InvokeBadRequestError: There is no such provider or type.
    """
    from modelbay.cli.completion import TYPES
    from modelbay.cli.errors import Mistake
    from modelbay.entities import ModelType
    from modelbay.platform.credentials.target import Target

    if kind not in TYPES:
        raise Mistake(f"--type: there is no type {kind!r}; the types are {', '.join(TYPES)}")
    declared = catalog.provider(provider).provider
    name = model.removeprefix(f"{provider}/") if model else ""
    return Target(workspace, declared, name, ModelType(kind) if name else None)


def stored(database: Database, workspace: str, credential: str) -> CredentialRow:
    """Return credentials by their id.

    Raises:
        InvokeBadRequestError: There are none.
    """
    from modelbay.errors import InvokeBadRequestError
    from modelbay.store import credentials as queries

    row = queries.one(database, workspace, credential)
    if row is None:
        raise InvokeBadRequestError(
            f"ID: there are no credentials {credential[:40]!r} that are stored; see modelbay credential list"
        )
    return row


def whose(catalog: Catalog, row: CredentialRow, *, gone: bool = False) -> Target:
    """Return whose credentials are; `gone` lets the provider's plugin be gone."""
    from modelbay.errors import ModelbayError

    try:
        return target_of(catalog, row.workspace, row.provider, row.model, row.model_type or "llm")
    except ModelbayError:
        if not gone:
            raise
    from modelbay.platform.credentials.target import without_plugin

    return without_plugin(row)


def kept(database: Database, row: CredentialRow) -> dict[str, Any]:
    """Return the form of stored credentials, their secrets marked to be kept."""
    from modelbay.platform.credentials.forms import HIDDEN
    from modelbay.store import credentials as queries

    secrets = queries.SECRETS.of(database, row.workspace, row.id)
    return {**row.plain, **{each.field: HIDDEN for each in secrets}}


def listed(
    catalog: Catalog, database: Database, vault: Vault, workspace: str, provider: str | None = None
) -> list[NamedCredentials]:
    """Return the credentials of a workspace, of one provider if given, those of the environment behind."""
    from modelbay.platform.credentials.stored import of_environment, of_workspace
    from modelbay.platform.people.permissions import FIRST_WORKSPACE
    from modelbay.store import credentials as queries
    from modelbay.store.credentials import Place

    found = of_workspace(database, vault, workspace, provider=provider)
    if provider is not None:
        catalog.declared(provider)  # an unknown name is said
    elif workspace != FIRST_WORKSPACE:
        return found
    active = queries.active(database, workspace)
    for name in [provider] if provider else [row.provider for row in catalog.providers()]:
        used = Place(workspace, name) not in active
        own = of_environment(catalog.declared(name), workspace, active=used)
        found += [own] if own else []
    return found

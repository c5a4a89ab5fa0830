"""Network settings: how the calls of a workspace reach a provider. Secrets go in and never out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from modelbay.entities import ModelProviderConfiguration
from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, moment_or_none
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.targets import declared_of
from modelbay.platform.network import settings as rules
from modelbay.platform.network.stored import NetworkSettings
from modelbay.platform.people.members import role_of
from modelbay.platform.people.permissions import judged_in, may
from modelbay.platform.vault import Vault
from modelbay.store import Database

_ALLOW: Final = "network.allow-private"
Seconds = Annotated[float, Field(ge=0.1, le=3600)]
Header = Annotated[str, Field(max_length=8192)]
Headers = Annotated[dict[Annotated[str, Field(max_length=128)], Header], Field(max_length=32)]
Host = Annotated[str, Field(max_length=300)]
_BASE_URL: Final = "Where the provider is, if its credentials do not say it."
_CA_BUNDLE: Final = "PEM, trusted instead of the system's certificates."
_PRIVATE: Final = "What may be at a private address: hosts, host:port, addresses or networks."
_FIRST: Final = "Seconds until a streamed answer begins."
_IDLE: Final = "Seconds between two pieces of an answer."
_TOTAL: Final = "Seconds for a whole call."
_RPM: Final = "Requests a minute; more wait their turn."
_TPM: Final = "Tokens a minute; more wait their turn."
_PARALLELISM: Final = "Requests at once; more wait their turn."
_BATCH: Final = "Texts in one request for vectors."


class NetworkChange(Body):
    """Settings: what is left out stays, null clears one."""

    base_url: str | None = Field(None, max_length=2048, description=_BASE_URL)
    proxy: str | None = Field(
        None,
        max_length=2048,
        description="`http://user:password@host:port`; sent back as it is shown, it keeps its password.",
    )
    ca_bundle: str | None = Field(None, max_length=200_000, description=_CA_BUNDLE)
    headers: Headers | None = Field(
        None,
        description="All headers to be sent along; `[__HIDDEN__]`, or what is shown of one, keeps it.",
    )
    private_hosts: list[Host] | None = Field(
        None, max_length=64, description=f"{_PRIVATE} Only an owner of the first workspace may change them."
    )
    first_token_timeout: Seconds | None = Field(None, description=_FIRST)
    idle_timeout: Seconds | None = Field(None, description=_IDLE)
    total_timeout: Seconds | None = Field(None, description=_TOTAL)
    rpm: int | None = Field(None, ge=1, le=1_000_000, description=_RPM)
    tpm: int | None = Field(None, ge=1, le=10**9, description=_TPM)
    parallelism: int | None = Field(None, ge=1, le=10_000, description=_PARALLELISM)
    batch_size: int | None = Field(None, ge=1, le=10_000, description=_BATCH)


class NetworkValues(Answer):
    """Settings; null for what is not set."""

    base_url: str | None = Field(None, description=_BASE_URL)
    proxy: str | None = Field(None, description="Its password is masked.")
    ca_bundle: str | None = Field(None, description=_CA_BUNDLE)
    headers: dict[str, str] | None = Field(
        None, description="What is sent along, by name; the values are masked."
    )
    private_hosts: list[str] | None = Field(None, description=_PRIVATE)
    first_token_timeout: float | None = Field(None, description=_FIRST)
    idle_timeout: float | None = Field(None, description=_IDLE)
    total_timeout: float | None = Field(None, description=_TOTAL)
    rpm: int | None = Field(None, description=_RPM)
    tpm: int | None = Field(None, description=_TPM)
    parallelism: int | None = Field(None, description=_PARALLELISM)
    batch_size: int | None = Field(None, description=_BATCH)


class NetworkAnswer(Answer):
    """How calls reach a provider."""

    provider: str = Field(description="The provider's name.")
    values: NetworkValues = Field(description="The settings.")
    unreadable: dict[str, str] = Field(description="Why secrets cannot be opened and what to do, by field.")
    updated: datetime | None = Field(description="When they were changed last; null if nothing is set.")
    version: int = Field(description="It rises with every change; 0 if nothing is set.")


class NetworkPage(Page[NetworkAnswer]):
    """A page of network settings, by provider."""


class ChangedNetwork(Body):
    """What becomes of settings."""

    values: NetworkChange = Field(description="Those that are to change.")
    version: int | None = Field(
        None, ge=0, description="The version that was seen, 0 for none; else `If-Match`."
    )


async def list_settings(request: Request[None, PageQuery]) -> Reply:
    """List network settings."""
    rows = await request.run(rules.listed, request.services.vault, request.workspace)
    kept, following = cut_list(request, rows, lambda row: row.provider)
    return Reply(NetworkPage(items=[_answer(row) for row in kept], next=following))


async def read(request: Request[None, None]) -> Reply:
    """Return the settings of a provider."""
    declared = await declared_of(request.services, request.params["provider"])
    row = await request.run(rules.read, request.services.vault, request.workspace, declared.provider)
    return _told(row)


async def change(request: Request[ChangedNetwork, None]) -> Reply:
    """Change the settings of a provider."""
    row = await request.run(
        _change,
        request.services.vault,
        await declared_of(request.services, request.params["provider"]),
        request.workspace,
        request.body.values.model_dump(exclude_unset=True),
        version=request.version,
        actor=request.actor,
    )
    return _told(row)


async def clear(request: Request[None, None]) -> Reply:
    """Forget the settings of a provider."""
    provider = request.params["provider"]
    await request.run(rules.clear, request.workspace, provider, version=request.version, actor=request.actor)
    return Reply()


def _change(
    database: Database,
    vault: Vault,
    provider: ModelProviderConfiguration,
    workspace: str,
    given: Mapping[str, Any],
    *,
    version: int | None,
    actor: str,
) -> NetworkSettings:
    """Change settings; whether somebody may allow private hosts is asked only if it counts."""
    allows = "private_hosts" in given and may(role_of(database, judged_in(_ALLOW, workspace), actor), _ALLOW)
    return rules.change(
        database, vault, provider, workspace, given, version=version, actor=actor, may_allow_private=allows
    )


def _told(row: NetworkSettings) -> Reply:
    return Reply(_answer(row), version=row.version)


def _answer(row: NetworkSettings) -> NetworkAnswer:
    return NetworkAnswer(
        provider=row.provider,
        values=NetworkValues(**row.values),
        unreadable=dict(row.unreadable),
        updated=moment_or_none(row.updated),
        version=row.version,
    )


_ALL: Final = "/api/workspaces/{workspace}/network"
_ONE: Final = "/api/workspaces/{workspace}/network/{provider}"

OPERATIONS: Final = [
    Operation(
        id="listNetworkSettings",
        method="GET",
        path=_ALL,
        action="network.read",
        summary="List how the calls of a workspace reach providers, where it is said.",
        serve=list_settings,
        query=PageQuery,
        answer=NetworkPage,
    ),
    Operation(
        id="getNetworkSettings",
        method="GET",
        path=_ONE,
        action="network.read",
        summary="Return how calls reach a provider; of a secret only its mask.",
        serve=read,
        answer=NetworkAnswer,
        versioned=True,
    ),
    Operation(
        id="changeNetworkSettings",
        method="PATCH",
        path=_ONE,
        action="network.set",
        summary="Change how calls reach a provider; running gateways follow within a second.",
        serve=change,
        body=ChangedNetwork,
        answer=NetworkAnswer,
        versioned=True,
    ),
    Operation(
        id="clearNetworkSettings",
        method="DELETE",
        path=_ONE,
        action="network.clear",
        summary="Forget the settings of a provider: it is called as before there were any.",
        serve=clear,
        status=204,
        versioned=True,
    ),
]

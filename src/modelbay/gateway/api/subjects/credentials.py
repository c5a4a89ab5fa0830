"""Credentials of providers and models: many for each, of which one is active. Secrets go in and never out."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from modelbay.errors import CredentialsValidateFailedError
from modelbay.gateway.api.fields import PageQuery
from modelbay.gateway.api.forms.credentials import (
    CredentialAnswer,
    CredentialChange,
    CredentialList,
    CredentialQuery,
    EnvironmentCredentials,
    NewCredentials,
    Proof,
    Switch,
    Validation,
    answer_of,
    environment_answer_of,
)
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut, cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.targets import target_of, target_of_credentials
from modelbay.platform.credentials import named, stored
from modelbay.platform.credentials.forms import check
from modelbay.platform.credentials.stored import NamedCredentials
from modelbay.platform.credentials.target import check_target
from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.store import Database
from modelbay.store import credentials as queries
from modelbay.store.credentials import Place


async def list_stored(request: Request[None, CredentialQuery]) -> Reply:
    """List stored credentials."""
    rows = await request.run(
        stored.page_of_credentials,
        request.services.vault,
        request.workspace,
        provider=request.query.provider,
        after=begin(request, str, str, str, str),
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, rows, lambda row: (row.provider, row.model, row.model_type, row.name))
    return Reply(CredentialList(items=[answer_of(row) for row in kept], next=following))


async def list_environment(request: Request[None, PageQuery]) -> Reply:
    """List the credentials that the environment of the gateway holds."""
    active = await request.run(_places, request.workspace)
    rows = await asyncio.to_thread(_of_environment, request, active)
    kept, following = cut_list(request, rows, lambda row: row.provider)
    items = [environment_answer_of(row) for row in kept]
    return Reply(EnvironmentCredentials(items=items, next=following))


def _places(database: Database, workspace: str) -> set[Place]:
    return set(queries.active(database, workspace))


def _of_environment(request: Request[Any, Any], active: set[Place]) -> list[NamedCredentials]:
    catalog, workspace = request.services.catalog, request.workspace
    if workspace != FIRST_WORKSPACE:
        return []
    names = [row.provider for row in catalog.providers()]
    found = (
        stored.of_environment(catalog.declared(name), workspace, active=Place(workspace, name) not in active)
        for name in names
    )
    return [each for each in found if each is not None]


async def create(request: Request[NewCredentials, None]) -> Reply:
    """Save credentials that the provider accepts."""
    body, services = request.body, request.services
    target = await target_of(request, body.provider, body.model, body.type)
    made = await named.create(
        services.database,
        services.vault,
        services.proving,
        target,
        body.values,
        name=body.name,
        actor=request.actor,
    )
    return _reply(made)


async def read(request: Request[None, None]) -> Reply:
    """Return stored credentials, their secrets masked."""
    found = await request.run(
        stored.get_credentials, request.services.vault, request.workspace, request.params["credential"]
    )
    return _reply(found)


async def edit(request: Request[CredentialChange, None]) -> Reply:
    """Change credentials."""
    body, services = request.body, request.services
    changed = await named.edit(
        services.database,
        services.vault,
        services.proving,
        await target_of_credentials(request),
        request.params["credential"],
        given=body.values,
        name=body.name,
        version=request.version,
        actor=request.actor,
    )
    return _reply(changed)


async def delete(request: Request[None, None]) -> Reply:
    """Delete credentials."""
    await request.run(
        named.delete,
        await target_of_credentials(request, gone=True),
        request.params["credential"],
        version=request.version,
        actor=request.actor,
    )
    return Reply()


async def switch(request: Request[Switch, None]) -> Reply:
    """Make credentials the active ones."""
    body = request.body
    target = await target_of(request, body.provider, body.model, body.type)
    await request.run(named.switch, request.services.vault, target, body.credential, actor=request.actor)
    return Reply()


async def validate(request: Request[Proof, None]) -> Reply:
    """Ask a provider whether credentials work, and save nothing."""
    body = request.body
    target = await target_of(request, body.provider, body.model, body.type)
    check_target(target)
    values = check(target.fields, body.values, target.model_type)
    return await _proved(request.services.proving(target, values))


async def validate_stored(request: Request[None, None]) -> Reply:
    """Ask a provider whether stored credentials work."""
    services = request.services
    target = await target_of_credentials(request)
    credential = request.params["credential"]
    return await _proved(named.prove(services.database, services.vault, services.proving, target, credential))


async def _proved(asking: Any) -> Reply:
    try:
        await asking
    except CredentialsValidateFailedError as error:
        return Reply(Validation(valid=False, detail=error.description))
    return Reply(Validation(valid=True, detail=""))


def _reply(row: NamedCredentials) -> Reply:
    return Reply(answer_of(row), version=row.version)


_ALL: Final = "/api/workspaces/{workspace}/credentials"
_ONE: Final = "/api/workspaces/{workspace}/credentials/{credential}"
_ASKED: Final = "The provider is asked, for at most 30 seconds, and ten times a minute for a workspace."

OPERATIONS: Final = [
    Operation(
        id="listCredentials",
        method="GET",
        path=_ALL,
        action="credential.read",
        summary="List the stored credentials of a workspace, by provider, model and name.",
        serve=list_stored,
        query=CredentialQuery,
        answer=CredentialList,
    ),
    Operation(
        id="listEnvironmentCredentials",
        method="GET",
        path="/api/workspaces/{workspace}/environment-credentials",
        action="credential.read",
        summary="List the credentials that the gateway's environment holds: they are the first workspace's.",
        serve=list_environment,
        query=PageQuery,
        answer=EnvironmentCredentials,
    ),
    Operation(
        id="createCredentials",
        method="POST",
        path=_ALL,
        action="credential.create",
        summary="Save credentials that the provider accepts; the first ones are the active ones.",
        description=_ASKED,
        serve=create,
        body=NewCredentials,
        answer=CredentialAnswer,
        status=201,
        versioned=True,
        errors=(429, 502),
    ),
    Operation(
        id="getCredentials",
        method="GET",
        path=_ONE,
        action="credential.read",
        summary="Return credentials; of a secret only its mask.",
        serve=read,
        answer=CredentialAnswer,
        versioned=True,
    ),
    Operation(
        id="editCredentials",
        method="PATCH",
        path=_ONE,
        action="credential.edit",
        summary="Change credentials, if the provider accepts what they are then.",
        description=f"`[__HIDDEN__]`, or what is shown of a secret, keeps it. {_ASKED}",
        serve=edit,
        body=CredentialChange,
        answer=CredentialAnswer,
        versioned=True,
        errors=(429, 502),
    ),
    Operation(
        id="deleteCredentials",
        method="DELETE",
        path=_ONE,
        action="credential.delete",
        summary="Delete credentials; no others take their place.",
        serve=delete,
        status=204,
        versioned=True,
    ),
    Operation(
        id="switchCredentials",
        method="POST",
        path=f"{_ALL}/switch",
        action="credential.switch",
        summary="Make credentials the active ones of a provider or a model.",
        serve=switch,
        body=Switch,
        status=204,
    ),
    Operation(
        id="validateCredentials",
        method="POST",
        path=f"{_ALL}/validate",
        action="credential.validate",
        summary="Ask a provider whether credentials work, and save nothing.",
        description=_ASKED,
        serve=validate,
        body=Proof,
        answer=Validation,
        errors=(429, 502),
    ),
    Operation(
        id="validateStoredCredentials",
        method="POST",
        path=f"{_ONE}/validate",
        action="credential.validate",
        summary="Ask a provider whether stored credentials work.",
        description=_ASKED,
        serve=validate_stored,
        answer=Validation,
        errors=(429, 502),
    ),
]

"""The models of a workspace: which there are, whether they can be called, those added, those switched off."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from modelbay.entities import ModelType
from modelbay.errors import InvokeConnectionError
from modelbay.gateway.api.fields import PageQuery
from modelbay.gateway.api.forms.models import (
    Declaration,
    FetchedPage,
    FetchQuery,
    ModelAnswer,
    ModelPage,
    ModelPlaceAnswer,
    ModelQuery,
    NewModel,
    Place,
    PlaceQuery,
    RemovedModels,
    answer_of,
    declaration_of,
    fetched_of,
)
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.targets import target_of
from modelbay.platform.credentials import models
from modelbay.platform.credentials.statuses import ModelStatus
from modelbay.platform.people.refusals import not_found
from modelbay.runtime.choices import opens

_PATIENCE: Final = 30.0  # seconds for a provider to list its models


async def list_models(request: Request[None, ModelQuery]) -> Reply:
    """List models with their statuses; a key sees those that it opens."""
    query, rows = request.query, await request.services.models(request.workspace)
    shown = [
        row
        for row in rows
        if query.provider in (None, row.provider)
        and query.type in (None, row.model_type)
        and query.status in (None, row.status)
        and (request.key is None or opens(request.key, f"{row.provider}/{row.model}"))
    ]
    kept, following = cut_list(request, shown, lambda row: f"{row.provider}/{row.model_type}/{row.model}")
    return Reply(ModelPage(items=[_answer(request, row) for row in kept], next=following))


def _answer(request: Request[Any, Any], row: ModelStatus) -> ModelAnswer:
    declared = request.services.catalog.find_model(row.model, row.model_type.value)
    return answer_of(row, next((each for each in declared if each.provider == row.provider), None))


async def describe(request: Request[None, PlaceQuery]) -> Reply:
    """Return all that is declared of a model, asking its plugin if it was added."""
    query = request.query
    engine = await request.services.engine(request.workspace)
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await engine.schema(f"{query.provider}/{query.model}", query.type)
    except TimeoutError:
        raise InvokeConnectionError(f"the plugin has not answered within {_PATIENCE:g} s") from None
    if found is None:
        raise not_found("model", "nothing is declared of a model of that name and type")
    place = {"provider": query.provider, "model": query.model, "type": query.type}
    return Reply(Declaration(**place, declaration=declaration_of(found)))


async def list_removed(request: Request[None, PageQuery]) -> Reply:
    """List models that were deleted and still have credentials."""
    rows = await request.run(models.removed_models, request.workspace)
    kept, following = cut_list(request, rows, lambda row: f"{row.provider}/{row.model_type}/{row.model}")
    items = [
        ModelPlaceAnswer(provider=row.provider, model=row.model, type=ModelType(row.model_type))
        for row in kept
    ]
    return Reply(RemovedModels(items=items, next=following))


async def fetch(request: Request[None, FetchQuery]) -> Reply:
    """Ask a provider which models it has."""
    target = await target_of(request, request.query.provider, None, None)
    engine = await request.services.engine(request.workspace)
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await engine.fetch_models(target.provider.provider)
    except TimeoutError:
        raise InvokeConnectionError(f"{target} has not answered within {_PATIENCE:g} s") from None
    kept, following = cut_list(request, found, lambda model: f"{model.model_type}/{model.model}")
    failure = found.failure.description if found.failure else None
    return Reply(FetchedPage(items=[fetched_of(each) for each in kept], next=following, failure=failure))


async def add(request: Request[NewModel, None]) -> Reply:
    """Add a model to a provider."""
    body = request.body
    target = await target_of(request, body.provider, body.model, body.type)
    await request.run(models.add_model, target, credential=body.credential, actor=request.actor)
    rows = await request.services.models(request.workspace)
    wanted = (body.provider, target.model, body.type)
    row = next((row for row in rows if (row.provider, row.model, row.model_type) == wanted), None)
    if row is None:
        raise not_found("model", "somebody has deleted it meanwhile")
    return Reply(_answer(request, row))


async def delete(request: Request[None, PlaceQuery]) -> Reply:
    """Delete a model that was added."""
    query = request.query
    target = await target_of(request, query.provider, query.model, query.type)
    await request.run(models.delete_model, target, actor=request.actor)
    return Reply()


async def enable(request: Request[Place, None]) -> Reply:
    """Switch a model on."""
    return await _switch(request, enabled=True)


async def disable(request: Request[Place, None]) -> Reply:
    """Switch a model off."""
    return await _switch(request, enabled=False)


async def _switch(request: Request[Place, None], *, enabled: bool) -> Reply:
    body = request.body
    target = await target_of(request, body.provider, body.model, body.type)
    await request.run(models.enable_model, target, enabled, actor=request.actor)
    return Reply()


_ALL: Final = "/api/workspaces/{workspace}/models"

OPERATIONS: Final = [
    Operation(
        id="listModels",
        method="GET",
        path=_ALL,
        action="model.read",
        summary="List the models of a workspace, with why one cannot be called.",
        description="A key sees the models that it opens.",
        serve=list_models,
        query=ModelQuery,
        answer=ModelPage,
        by_key=True,
    ),
    Operation(
        id="describeModel",
        method="GET",
        path=f"{_ALL}/declaration",
        action="model.read",
        summary="Return the parameters, properties, features and prices of a model.",
        serve=describe,
        query=PlaceQuery,
        answer=Declaration,
        errors=(409, 429, 502),
    ),
    Operation(
        id="listRemovedModels",
        method="GET",
        path=f"{_ALL}/removed",
        action="model.read",
        summary="List the models that were deleted and still have credentials.",
        serve=list_removed,
        query=PageQuery,
        answer=RemovedModels,
    ),
    Operation(
        id="fetchModels",
        method="GET",
        path=f"{_ALL}/fetched",
        action="model.fetch",
        summary="Ask a provider which models it has, with the credentials of the workspace.",
        serve=fetch,
        query=FetchQuery,
        answer=FetchedPage,
        errors=(409, 429, 502),
    ),
    Operation(
        id="addModel",
        method="POST",
        path=_ALL,
        action="model.create",
        summary="Add a model to a provider.",
        description="`createCredentials` adds one together with credentials of its own.",
        serve=add,
        body=NewModel,
        answer=ModelAnswer,
        status=201,
    ),
    Operation(
        id="deleteModel",
        method="DELETE",
        path=_ALL,
        action="model.delete",
        summary="Delete a model that was added; its credentials stay.",
        serve=delete,
        query=PlaceQuery,
        status=204,
    ),
    Operation(
        id="enableModel",
        method="POST",
        path=f"{_ALL}/enable",
        action="model.enable",
        summary="Switch a model on.",
        serve=enable,
        body=Place,
        status=204,
    ),
    Operation(
        id="disableModel",
        method="POST",
        path=f"{_ALL}/disable",
        action="model.disable",
        summary="Switch a model off: every call of it is refused.",
        serve=disable,
        body=Place,
        status=204,
    ),
]

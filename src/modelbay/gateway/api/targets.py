"""What requests name of the catalog: providers and their models, as the platform's functions take them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from modelbay.entities import ModelProviderConfiguration, ModelType
from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.platform.credentials.stored import get_row
from modelbay.platform.credentials.target import Target, without_plugin
from modelbay.platform.people.refusals import invalid
from modelbay.store.credentials import Place

if TYPE_CHECKING:
    from modelbay.catalog.plugin import Plugin
    from modelbay.gateway.api.request import Request
    from modelbay.gateway.api.services import Services


async def plugin_of(services: Services, provider: str) -> Plugin:
    """Return a provider's plugin, read beside the event loop.

    Raises:
        InvokeBadRequestError: There is no provider of that name.
    """
    try:
        return await asyncio.to_thread(services.catalog.provider, provider)
    except InvokeBadRequestError:
        raise invalid(
            "provider", f"there is no provider {provider[:60]!r}; GET /api/providers lists them"
        ) from None


async def target_of(
    request: Request[Any, Any], provider: str, model: str | None, model_type: ModelType | None
) -> Target:
    """Return what a request names: a provider, or one of its models.

    Raises:
        InvokeBadRequestError: There is no such provider, or only one of model and type is given.
    """
    name = _model_name(provider, model, model_type)
    plugin = await plugin_of(request.services, provider)
    return Target(request.workspace, plugin.provider, name, model_type)


def place_of(
    request: Request[Any, Any], provider: str, model: str | None, model_type: ModelType | None
) -> Place:
    """Return where what a request names is stored, whether or not there is a plugin for it.

    Raises:
        InvokeBadRequestError: Only one of model and type is given.
    """
    name = _model_name(provider, model, model_type)
    return Place(request.workspace, provider, name, model_type.value if model_type else "")


def _model_name(provider: str, model: str | None, model_type: ModelType | None) -> str:
    if (model is None) != (model_type is None):
        raise invalid("type", "a model and its type are named together")
    name = model.removeprefix(f"{provider}/") if model else ""
    if model is not None and not name:
        raise invalid("model", "name a model behind the provider, or leave it out")
    return name


async def target_of_credentials(request: Request[Any, Any], *, gone: bool = False) -> Target:
    """Return whose the credentials are that the path names; `gone` lets the provider's plugin be gone.

    Raises:
        InvokeBadRequestError: There are no such credentials.
    """
    row = await request.run(get_row, request.workspace, request.params["credential"])
    try:
        declared = await declared_of(request.services, row.provider)
    except ModelbayError:
        if not gone:
            raise
        return without_plugin(row)
    return Target(row.workspace, declared, row.model, ModelType(row.model_type) if row.model else None)


async def declared_of(services: Services, provider: str) -> ModelProviderConfiguration:
    """Return what a provider declares, with its models."""
    return (await plugin_of(services, provider)).provider

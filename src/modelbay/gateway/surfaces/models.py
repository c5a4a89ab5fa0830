"""The list of models that a key may use."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from typing import Any

from modelbay.entities import ModelType
from modelbay.gateway.call import JSON, Call
from modelbay.runtime.choices import UnknownModelError, opens
from modelbay.wires.anthropic.serving import models as anthropic
from modelbay.wires.openai.serving.models import model_body, model_list, route_body


async def list_models(call: Call, rest: str) -> None:
    """Serve `GET /v1/models`: routes first, then the models of every provider that has credentials."""
    found = await asyncio.to_thread(_bodies, call)
    if "anthropic-version" in call.exchange.headers:
        await _tell(call, anthropic.model_list(found))
    else:
        await _tell(call, model_list(found))


async def one_model(call: Call, name: str) -> None:
    """Serve `GET /v1/models/{name}`."""
    found = await asyncio.to_thread(_bodies, call)
    matching = [body for body in found if body["id"] == name]
    if not matching:
        bare = [body for body in found if body["id"].partition("/")[2] == name]
        if len(bare) != 1:
            raise UnknownModelError(f"model: there is no model {name!r} that this key opens")
        matching = bare
    body = matching[0]
    await _tell(call, anthropic.model_body(body) if "anthropic-version" in call.exchange.headers else body)


async def _tell(call: Call, body: dict[str, Any]) -> None:
    """Answer without a line in the ledger: nothing was called."""
    call.settled, call.status = True, 200
    await call.answer(body, JSON)


def _bodies(call: Call) -> list[dict[str, Any]]:
    gateway = call.gateway
    choices = call.bay.choices
    types = _types(call)
    usable = {row.provider for row in gateway.catalog.providers() if choices.has_credentials(row.provider)}
    bodies = [route_body(name) for name in choices.routes(call.caller, types)]
    bodies.extend(
        model_body(row)
        for row in gateway.catalog.models()
        if row.provider in usable
        and (types is None or row.type in types)
        and opens(call.caller, f"{row.provider}/{row.model}")
        and choices.has_credentials(row.provider, row.model, ModelType(row.type))
    )
    return bodies


def _types(call: Call) -> Set[ModelType] | None:
    """Return the types of models that a key opens, and that are served where it opens; None for all."""
    scopes = call.caller.scopes
    if not any(scope.types or scope.surfaces for scope in scopes):
        return None
    return {
        route.model_type
        for route in call.gateway.router.routes
        if route.model_type is not None
        and all(scope.opens_surface(route.surface) and scope.opens_type(route.model_type) for scope in scopes)
    }

"""Which generation a server is of: later ones list their models, those up to 0.5 have no such list."""

from __future__ import annotations

from typing import Any

from modelbay.entities import AIModelEntity, ModelPropertyKey
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.remembered import facts_of
from modelbay.wires.family import Endpoint
from modelbay.wires.openai.models import Models
from modelbay.wires.transport import Transport

_NOT_THERE = (404, 405)
_SECONDS = 600.0


async def listed(endpoint: Endpoint, transport: Transport) -> list[AIModelEntity] | None:
    """Return the models that a server lists, remembered for ten minutes; None: it is an old one."""

    async def ask() -> list[AIModelEntity] | None:
        try:
            return Models().to_models(await transport.json(Models().to_request(endpoint)))
        except InvokeBadRequestError as error:
            if error.status in _NOT_THERE:
                return None
            raise

    key = (endpoint.base_url, hash(frozenset(endpoint.headers.items())))
    known: list[AIModelEntity] | None = await facts_of(transport, "openllm.models", _SECONDS).get(key, ask)
    return known


async def of_its_generation(
    declared: AIModelEntity, credentials: dict[str, Any], endpoint: Endpoint, transport: Transport
) -> AIModelEntity:
    """Return the declaration with the dialect of its server, which is asked unless the credentials say it."""
    if credentials.get("generation") in ("current", "legacy"):
        return declared
    models = await listed(endpoint, transport)
    if models is None:
        return declared.model_copy(update={"wire": {**declared.wire, "family": "openllm"}})
    told = next((model for model in models if model.model == declared.model), None)
    size = told.property_of(ModelPropertyKey.CONTEXT_SIZE) if told else None
    if size is None or credentials.get("context_size"):
        return declared
    properties = {**declared.model_properties, ModelPropertyKey.CONTEXT_SIZE: size}
    return declared.model_copy(update={"model_properties": properties})

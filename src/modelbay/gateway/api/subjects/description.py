"""The description of the API itself."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson

from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request


async def describe(request: Request[None, None]) -> Reply:
    """Return the description; the first time takes a moment, in which calls go on."""
    return Reply(content=await asyncio.to_thread(_written, request))


def _written(request: Request[Any, Any]) -> bytes:
    from modelbay.gateway.api.openapi import description  # noqa: PLC0415 - memory: few ever ask

    return orjson.dumps(description(request.services.table.operations))


OPERATIONS: Final = [
    Operation(
        id="getDescription",
        method="GET",
        path="/api/openapi.json",
        action="description.read",
        summary="Describe this API, as OpenAPI 3.1.",
        serve=describe,
    ),
]

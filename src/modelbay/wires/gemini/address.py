"""Where requests go."""

from __future__ import annotations

from typing import Any

from modelbay.wires.family import Endpoint, Options
from modelbay.wires.gemini.errors import to_error
from modelbay.wires.paths import in_path
from modelbay.wires.request import Request

_KINDS = ("models/", "tunedModels/")


def resource(model: str) -> str:
    """Return a model's full name: `models/…`, unless it says that it is of another kind."""
    return model if model.startswith(_KINDS) else f"models/{model}"


def post(
    endpoint: Endpoint, model: str, options: Options, verb: str, body: dict[str, Any], **fields: Any
) -> Request:
    """Return a request to do something with a model."""
    path = options.get("path") or in_path(resource(model))
    return endpoint.request("POST", endpoint.url(f"{path}:{verb}"), json=body, to_error=to_error, **fields)

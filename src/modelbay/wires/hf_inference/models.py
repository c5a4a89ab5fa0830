"""The models of the router to inference providers, with what those who serve one tell of it.

Source: `GET https://router.huggingface.co/v1/models` as its clients read it (2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import AIModelEntity
from modelbay.wires.family import Endpoint
from modelbay.wires.openai.models import Models
from modelbay.wires.request import Request

_ABLE = {"supports_tools": "tools", "supports_structured_output": "structured_outputs"}


class RouterModels:
    """Reads OpenAI's list, whose entries have `providers`: several may serve one model, each in its way."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request."""
        return endpoint.request("GET", endpoint.url("v1/models"), idempotent=True)

    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the models with what any of their providers can do. Each has its price, so none is told."""
        if isinstance(body, Mapping) and isinstance(body.get("data"), list):
            body = {**body, "data": [_told(entry) for entry in body["data"] if isinstance(entry, Mapping)]}
        return Models().to_models(body)


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    rows = entry.get("providers")
    live = [row for row in rows if _is_live(row)] if isinstance(rows, list) else []
    sizes = [size for row in live if isinstance(size := row.get("context_length"), int)]
    able = [word for name, word in _ABLE.items() if any(row.get(name) for row in live)]
    told = {"supported_parameters": able} if able else {}
    return {**entry, **told, **({"context_length": max(sizes)} if sizes else {})}


def _is_live(row: Any) -> bool:
    return isinstance(row, Mapping) and row.get("status", "live") == "live"

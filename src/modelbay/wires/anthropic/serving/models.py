"""Lists of models as Anthropic clients read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_UNKNOWN = "1970-01-01T00:00:00Z"  # as the API says where a release date is not known


def model_body(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model, given as OpenAI clients read it; what is beyond both APIs is kept."""
    more = {name: value for name, value in model.items() if name not in ("object", "created", "owned_by")}
    lifecycle = "deprecated" if model.get("deprecated") else "active"
    return {
        "display_name": model["id"],
        "created_at": _UNKNOWN,
        "lifecycle": lifecycle,
        **more,
        "type": "model",
    }


def model_list(models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the list of models, as its one page."""
    data = [model_body(model) for model in models]
    return {
        "data": data,
        "has_more": False,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }

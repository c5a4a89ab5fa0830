"""Google's embedding models, where the account's models are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.providers.vertex_ai.places import located, with_host
from modelbay.sdk.wired import WiredTextEmbeddingModel


class VertexTextEmbeddingModel(WiredTextEmbeddingModel):
    """Calls a model at the account's location."""

    def wire_options(self, model: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the dialect must know, with the address of the model's location."""
        return with_host(super().wire_options(model, located(model, credentials)), credentials)

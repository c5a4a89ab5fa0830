"""MiniMax embeddings: how many texts a request may hold is a setting of the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.wired import WiredTextEmbeddingModel


class MiniMaxTextEmbeddingModel(WiredTextEmbeddingModel):
    """Embeds as many texts at once as the credential `batch_size` says, else as the model declares."""

    def _get_max_chunks(self, model: str, credentials: Mapping[str, Any]) -> int:
        size = str(credentials.get("batch_size") or "").strip()
        if not size:
            return super()._get_max_chunks(model, credentials)
        if not size.isdecimal() or int(size) < 1:
            raise InvokeBadRequestError(
                f"credential 'batch_size' is {size!r}, but must be a number from 1 on"
            )
        return int(size)

"""Sandbox embeddings: hashed words and character n-grams."""

from __future__ import annotations

from typing import Any

from modelbay.entities import EmbeddingInputType, TextEmbeddingResult
from modelbay.providers.sandbox.engines.embed import embed
from modelbay.providers.sandbox.provider.sandbox import seed_of
from modelbay.sdk import TextEmbeddingModel
from modelbay.sdk.tokens import count_text
from modelbay.wires.usage import embedding_usage


class SandboxTextEmbeddingModel(TextEmbeddingModel):
    """Texts that are spelt alike get vectors that are alike."""

    def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        texts: list[str],
        user: str | None = None,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
    ) -> TextEmbeddingResult:
        seed = seed_of(credentials)
        tokens = sum(count_text(text, model).tokens for text in texts)
        return TextEmbeddingResult(
            model=model,
            embeddings=[embed(text, seed=seed) for text in texts],
            usage=embedding_usage(tokens, estimated=True),
        )

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Nothing can be wrong but the seed."""
        seed_of(credentials)

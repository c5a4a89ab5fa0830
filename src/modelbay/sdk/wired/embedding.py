"""Embedding models on a known wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    ModelFeature,
    MultiModalContent,
    MultiModalEmbeddingResult,
    TextEmbeddingResult,
)
from modelbay.sdk.embedding import TextEmbeddingModel
from modelbay.sdk.wired.base import ToldModel
from modelbay.sdk.wired.content import inputs_with_bytes, kinds_as_bytes
from modelbay.wires.family import EmbeddingCall, EmbeddingDialect


class WiredTextEmbeddingModel(ToldModel, TextEmbeddingModel):
    """Speaks the dialect that the provider declares; needs no code of the provider."""

    async def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        texts: list[str],
        user: str | None = None,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
    ) -> TextEmbeddingResult:
        return await self._embed(model, credentials, texts, user, input_type)

    async def _invoke_multimodal(
        self,
        model: str,
        credentials: dict[str, Any],
        documents: list[MultiModalContent],
        user: str | None = None,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
    ) -> MultiModalEmbeddingResult:
        schema = self.get_model_schema(model, credentials)
        if schema is None or ModelFeature.VISION not in (schema.features or []):
            raise NotImplementedError(f"{model} embeds text only")
        result = await self._embed(model, credentials, documents, user, input_type)
        return MultiModalEmbeddingResult.model_construct(**dict(result))

    async def _embed(
        self,
        model: str,
        credentials: dict[str, Any],
        inputs: Sequence[str | MultiModalContent],
        user: str | None,
        input_type: EmbeddingInputType,
    ) -> TextEmbeddingResult:
        options = self.wire_options(model, credentials)
        dialect = self._told(options)
        inputs = await inputs_with_bytes(inputs, kinds_as_bytes(dialect, options), self.transport)
        call = EmbeddingCall(
            model=self.upstream_name(model, credentials),
            inputs=inputs,
            input_type=input_type,
            user=user,
            parameters=self.extras,
            options=options,
        )
        body = await self.transport.json(dialect.to_request(call, self.endpoint(credentials, options)))
        return dialect.to_result(call, body)

    def _told(self, options: Mapping[str, Any]) -> EmbeddingDialect:
        return self._dialect(self.speaking(options).embedding)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by embedding one word."""
        await self._embed(model, credentials, ["ping"], None, EmbeddingInputType.DOCUMENT)

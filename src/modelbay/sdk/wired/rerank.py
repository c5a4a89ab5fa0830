"""Rerank models on a known wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import MultiModalContent, MultiModalRerankResult, RerankResult
from modelbay.sdk.rerank import RerankModel
from modelbay.sdk.wired.base import ToldModel
from modelbay.wires.family import RerankCall, RerankDialect


class WiredRerankModel(ToldModel, RerankModel):
    """Speaks the dialect that the provider declares; needs no code of the provider."""

    async def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        query: str,
        docs: list[str],
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
    ) -> RerankResult:
        return await self._rank(model, credentials, query, docs, top_n, user)

    async def _invoke_multimodal(
        self,
        model: str,
        credentials: dict[str, Any],
        query: MultiModalContent,
        docs: list[MultiModalContent],
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
    ) -> MultiModalRerankResult:
        result = await self._rank(model, credentials, query, docs, top_n, user)
        return MultiModalRerankResult.model_construct(**dict(result))

    async def _rank(
        self,
        model: str,
        credentials: dict[str, Any],
        query: str | MultiModalContent,
        docs: Sequence[str | MultiModalContent],
        top_n: int | None,
        user: str | None,
    ) -> RerankResult:
        options = self.wire_options(model, credentials)
        dialect = self._told(options)
        call = RerankCall(
            model=self.upstream_name(model, credentials),
            query=query,
            docs=docs,
            top_n=top_n,
            user=user,
            parameters=self.extras,
            options=options,
        )
        body = await self.transport.json(dialect.to_request(call, self.endpoint(credentials, options)))
        return dialect.to_result(call, body)

    def _told(self, options: Mapping[str, Any]) -> RerankDialect:
        return self._dialect(self.speaking(options).rerank)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by ranking two words."""
        await self._rank(model, credentials, "ping", ["ping", "pong"], None, None)

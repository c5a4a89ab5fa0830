"""Rerank models."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modelbay.entities import (
    ModelType,
    MultiModalContent,
    MultiModalRerankResult,
    RerankResult,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk import prices, threads
from modelbay.sdk.model import AIModel


class RerankModel(AIModel):
    """Base of rerank models. A plugin defines `_invoke`; sorting and cutting is done here."""

    model_type: ClassVar[ModelType] = ModelType.RERANK

    @abstractmethod
    def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        query: str,
        docs: list[str],
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
    ) -> Any:
        """Return a `RerankResult` with the documents and their scores; may be async."""

    def _invoke_multimodal(
        self,
        model: str,
        credentials: dict[str, Any],
        query: MultiModalContent,
        docs: list[MultiModalContent],
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
    ) -> Any:
        """Return a `MultiModalRerankResult`; may be async."""
        raise NotImplementedError(f"{type(self).__name__} ranks text only")

    async def invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        query: str,
        docs: Sequence[str],
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
    ) -> RerankResult:
        """Order documents by relevance to a query, best first.

        Args:
            score_threshold: Leave out documents that score lower.
            top_n: Return at most that many; None or 0 returns all.
        """
        if not docs:
            return RerankResult(model=model, docs=[])
        return await self._ranked(
            model, credentials, self._invoke, query, list(docs), score_threshold, top_n or None, user
        )

    async def invoke_multimodal(
        self,
        model: str,
        credentials: dict[str, Any],
        query: MultiModalContent,
        docs: Sequence[MultiModalContent],
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
    ) -> MultiModalRerankResult:
        """As `invoke`, over texts and images; NotImplementedError if the model ranks text only."""
        if not docs:
            return MultiModalRerankResult(model=model, docs=[])
        result = await self._ranked(
            model,
            credentials,
            self._invoke_multimodal,
            query,
            list(docs),
            score_threshold,
            top_n or None,
            user,
        )
        return MultiModalRerankResult.model_construct(**dict(result))

    async def _ranked(
        self,
        model: str,
        credentials: dict[str, Any],
        method: Any,
        query: Any,
        docs: list[Any],
        score_threshold: float | None,
        top_n: int | None,
        user: str | None,
    ) -> RerankResult:
        boundary = self._boundary(model, credentials)
        with self.timing_context():
            try:
                if top_n is not None and top_n < 0:
                    raise InvokeBadRequestError(f"top_n is {top_n}, but must be a whole number of at least 0")
                await self.resolve(model, credentials)
                result = await threads.call(
                    method, model, dict(credentials), query, docs, score_threshold, top_n, user
                )
                return self._finished(model, credentials, result, score_threshold, top_n)
            except NotImplementedError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: whatever a plugin raises is mapped
                raise boundary.map(error) from boundary.cause_of(error)

    def _finished(
        self,
        model: str,
        credentials: Mapping[str, Any],
        result: RerankResult,
        score_threshold: float | None,
        top_n: int | None,
    ) -> RerankResult:
        docs = sorted(result.docs, key=lambda doc: (-doc.score, doc.index))
        if score_threshold is not None:
            docs = [doc for doc in docs if doc.score >= score_threshold]
        usage = result.usage
        if usage is not None:
            usage = prices.price_call_usage(usage, self._pricing(model, credentials))
            usage = usage.model_copy(update={"latency": time.perf_counter() - self.started_at})
        return result.model_copy(update={"docs": docs[:top_n], "usage": usage})

"""Sandbox reranking: BM25 over the documents given."""

from __future__ import annotations

from typing import Any

from modelbay.entities import Meter, RerankDocument, RerankResult
from modelbay.providers.sandbox.engines.rank import rank
from modelbay.sdk import RerankModel
from modelbay.wires.usage import call_usage


class SandboxRerankModel(RerankModel):
    """Documents that share rare words with the query come first."""

    def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        query: str,
        docs: list[str],
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
    ) -> RerankResult:
        ranked = [
            RerankDocument(index=index, text=docs[index], score=score) for index, score in rank(query, docs)
        ]
        return RerankResult(model=model, docs=ranked, usage=call_usage(1, Meter.SEARCH))

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Nothing can be wrong."""

"""Reranking at `/rerank`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import CallUsage, Meter, RerankResult
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.jina.content import to_content
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape
from modelbay.wires.usage import call_usage


class RerankDialect:
    """Speaks of relevance at `/rerank`; asks for no texts back, since the call has them."""

    name = "jina.rerank"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        body: dict[str, Any] = {
            "model": call.model,
            "query": to_content(call.query, call.options, "query"),
            "documents": [
                to_content(document, call.options, f"docs[{index}]")
                for index, document in enumerate(call.docs)
            ],
            "return_documents": False,
        }
        if call.top_n is not None:
            body["top_n"] = call.top_n
        body |= call.parameters
        return endpoint.request("POST", endpoint.url("rerank"), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents, best first."""
        answer = answer_object(body)
        return results_shape(call, answer, _usage(answer))


def _usage(answer: dict[str, Any]) -> CallUsage | None:
    usage = answer.get("usage") or {}
    tokens = usage.get("total_tokens") or usage.get("prompt_tokens")
    return call_usage(tokens, Meter.TOKEN) if isinstance(tokens, int) else None

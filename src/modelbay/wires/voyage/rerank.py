"""Reranking at `/rerank`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import Meter, MultiModalContent, MultiModalContentType, RerankResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape
from modelbay.wires.usage import call_usage


class RerankDialect:
    """Speaks of relevance at `/rerank`; asks for no texts back, since the call has them."""

    name = "voyage.rerank"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        body: dict[str, Any] = {
            "model": call.model,
            "query": _text(call.query, "query"),
            "documents": [_text(document, f"docs[{index}]") for index, document in enumerate(call.docs)],
            "return_documents": False,
            "truncation": bool(call.options.get("truncation")),
        }
        if call.top_n is not None:
            body["top_k"] = call.top_n
        body |= call.parameters
        return endpoint.request("POST", endpoint.url("rerank"), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents, best first."""
        answer = answer_object(body)
        tokens = (answer.get("usage") or {}).get("total_tokens")
        usage = call_usage(tokens, Meter.TOKEN) if isinstance(tokens, int) else None
        return results_shape(call, answer, usage, rows="data")


def _text(value: str | MultiModalContent, place: str) -> str:
    if isinstance(value, str):
        return value
    if value.content_type == MultiModalContentType.IMAGE:
        raise InvokeBadRequestError(f"{place}: this model takes text only, not an image")
    return value.content

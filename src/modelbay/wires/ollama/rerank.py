"""Reranking at `/api/rerank`: not Ollama's own, but of servers that add it."""

from __future__ import annotations

from typing import Any

from modelbay.entities import CallUsage, Meter, MultiModalContent, MultiModalContentType, RerankResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape, text_of
from modelbay.wires.usage import call_usage

_PATH = "api/rerank"


class RerankDialect:
    """Speaks of relevance at `/api/rerank`, or at the base itself where it ends in `/rerank`."""

    name = "ollama.rerank"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        base = endpoint.base_url.rstrip("/")
        body: dict[str, Any] = {
            "model": call.model,
            "query": _text(call.query, "query"),
            "documents": [_text(document, f"docs[{index}]") for index, document in enumerate(call.docs)],
        }
        if call.top_n is not None:
            body["top_n"] = call.top_n
        body |= call.parameters
        url = base if base.endswith("/rerank") else endpoint.url(_PATH)
        return endpoint.request("POST", url, json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents, best first."""
        answer = answer_object(body)
        return results_shape(call, answer, _usage(answer))


def _text(value: str | MultiModalContent, place: str) -> str:
    if not isinstance(value, str) and value.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError(f"{place}: this API ranks text only, not {value.content_type}")
    return text_of(value)


def _usage(answer: dict[str, Any]) -> CallUsage | None:
    tokens = (answer.get("usage") or {}).get("total_tokens")
    return call_usage(tokens, Meter.TOKEN) if isinstance(tokens, int) else None

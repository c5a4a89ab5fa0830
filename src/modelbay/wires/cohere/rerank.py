"""Reranking at `/v2/rerank`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from modelbay.entities import CallUsage, Meter, MultiModalContent, MultiModalContentType, RerankResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere.address import to_url
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape, text_of
from modelbay.wires.usage import call_usage

_METERS = {"search_units": Meter.SEARCH, "input_tokens": Meter.TOKEN}


class RerankDialect:
    """Speaks of relevance at `/v2/rerank`, which never returns texts."""

    name = "cohere.rerank"
    takes = frozenset({"max_tokens_per_doc"})

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        body: dict[str, Any] = {
            "model": call.model,
            "query": _text(call.query, "query"),
            "documents": [_text(document, f"docs[{index}]") for index, document in enumerate(call.docs)],
        }
        if call.top_n is not None:
            body["top_n"] = call.top_n
        if "max_tokens_per_doc" in call.options:
            body["max_tokens_per_doc"] = call.options["max_tokens_per_doc"]
        body |= call.parameters
        return endpoint.request("POST", to_url(endpoint, "v2/rerank"), json=body, idempotent=True)

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
    """Return what is billed: searches, or tokens for the models that are sold by token."""
    units = (answer.get("meta") or {}).get("billed_units") or {}
    for name, meter in _METERS.items():
        if units.get(name):
            return call_usage(Decimal(str(units[name])), meter)
    return None

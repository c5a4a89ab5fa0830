"""The rerank API that compatible servers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import CallUsage, Meter, MultiModalContent, MultiModalContentType, RerankResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.posting import post
from modelbay.wires.openai.reading import usage_of
from modelbay.wires.openai.shapes import object_of
from modelbay.wires.openai.upstream_errors import raise_error_in
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape
from modelbay.wires.usage import call_usage


class Rerank:
    """`POST /rerank`."""

    name = "jina.rerank"  # the shape that compatible servers have taken over
    takes: frozenset[str] = frozenset()

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request; for all documents it asks by number, as some servers return a few only."""
        docs = [_text(doc, f"docs[{place}]") for place, doc in enumerate(call.docs)]
        body: dict[str, Any] = {
            "model": call.model,
            "query": _text(call.query, "query"),
            "documents": [{"text": doc} for doc in docs]
            if call.options.get("documents") == "objects"
            else docs,
            str(call.options.get("top_n_field", "top_n")): call.top_n or len(docs),
            **call.parameters,
        }
        return post(endpoint, "rerank", body, call.options, idempotent=True)

    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents with the server's own scores, best first."""
        answer = answer_object(body)
        raise_error_in(answer)
        return results_shape(call, {**answer, "results": _rows(answer)}, _usage(answer))


def _text(value: str | MultiModalContent, place: str) -> str:
    if isinstance(value, str):
        return value
    if value.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError(f"{place}: this model ranks texts, not images")
    return value.content


def _rows(answer: Mapping[str, Any]) -> Any:
    """Return the rows under the names of the common shape; some servers write `data` and `score`."""
    rows = answer.get("results", answer.get("data"))
    if not isinstance(rows, list):
        return rows
    return [
        {**row, "relevance_score": row.get("relevance_score", row.get("score"))}
        if isinstance(row, dict)
        else row
        for row in rows
    ]


def _usage(answer: Mapping[str, Any]) -> CallUsage | None:
    for place in (answer.get("usage"), answer.get("meta")):
        searches = object_of(object_of(place).get("billed_units")).get("search_units")
        if isinstance(searches, int | float) and searches:
            return call_usage(int(searches), Meter.SEARCH)
        if tokens := usage_of(place) or usage_of(object_of(place).get("tokens")):
            return call_usage(tokens.total_tokens, Meter.TOKEN)
    return None

"""Relevance at `/rerank`: a bare list of places and scores."""

from __future__ import annotations

from typing import Any

from modelbay.entities import RerankResult
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.json_text import reads_answer
from modelbay.wires.plain_inputs import plain_text
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape


class RerankDialect:
    """Speaks of relevance at `/rerank`."""

    name = "tei.rerank"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request; `top_n` is for us, as the server ranks all that it is sent."""
        body: dict[str, Any] = {
            "query": plain_text(call.query, "query"),
            "texts": [plain_text(doc, f"docs[{index}]") for index, doc in enumerate(call.docs)],
            "truncate": bool(call.options.get("truncate", False)),
            "raw_scores": bool(call.options.get("raw_scores", False)),
            "return_text": False,
        }
        body |= call.parameters
        return endpoint.request("POST", endpoint.url("rerank"), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents, best first."""
        if not isinstance(body, list):
            raise InvokeServerUnavailableError("the provider's answer is not a list of ranks")
        rows = [{"index": row.get("index"), "relevance_score": row.get("score")} for row in body]
        return results_shape(call, {"results": rows}, None)

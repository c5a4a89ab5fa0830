"""Reranking at `/ranking`, or where a hosted model is."""

from __future__ import annotations

import math
from typing import Any

from modelbay.entities import Meter, MultiModalContent, MultiModalContentType, RerankResult
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape
from modelbay.wires.usage import call_usage


class RerankDialect:
    """Speaks of relevance. The answer has logits, of all passages: the best are chosen here."""

    name = "nvidia.ranking"
    takes: frozenset[str] = frozenset({"truncate"})

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        body: dict[str, Any] = {
            "model": call.model,
            "query": _content(call.query),
            "passages": [_content(document) for document in call.docs],
            "truncate": call.options.get("truncate", "NONE"),
            **call.parameters,
        }
        url = endpoint.url((call.options.get("path") or {}).get("ranking") or "ranking")
        return endpoint.request("POST", url, json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents, best first, with scores between 0 and 1."""
        answer = answer_object(body)
        tokens = (answer.get("usage") or {}).get("total_tokens")
        usage = call_usage(tokens, Meter.TOKEN) if isinstance(tokens, int) else None
        result = results_shape(call, answer, usage, rows="rankings", score="logit")
        docs = [
            document.model_copy(update={"score": _probability(document.score)}) for document in result.docs
        ]
        return result.model_copy(update={"docs": docs})


def _content(value: str | MultiModalContent) -> dict[str, str]:
    """Return a text or an image; an image stands without a text, which may not be empty."""
    if isinstance(value, str) or value.content_type != MultiModalContentType.IMAGE:
        return {"text": value if isinstance(value, str) else value.content}
    if value.content.startswith(("data:", "http://", "https://")):
        return {"image": value.content}
    return {"image": f"data:{mime_type_of_base64(value.content) or 'image/png'};base64,{value.content}"}


def _probability(logit: float) -> float:
    """Return the logistic function of a score; written so that no exponent is too large."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    small = math.exp(logit)
    return small / (1 + small)

"""Reranking by the agent runtime.

Wire format: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html
(read 2026-11-21). It does not say what it bills: a query is one search for every hundred documents.
"""

from __future__ import annotations

from typing import Any

from modelbay.entities import Meter, MultiModalContent, MultiModalContentType, RerankResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.bedrock.errors import to_error
from modelbay.wires.family import Endpoint, Options, RerankCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape, text_of
from modelbay.wires.usage import call_usage

_MOST = 1000  # documents of one request
_PER_SEARCH = 100
_PARTITIONS = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}


class RerankDialect:
    """Speaks of relevance at `/rerank`."""

    name = "bedrock.rerank"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError for more documents than the API takes."""
        if len(call.docs) > _MOST:
            raise InvokeBadRequestError(f"docs: {len(call.docs)} documents; this API takes {_MOST} at most")
        model: dict[str, Any] = {"modelArn": _arn(call.model, call.options)}
        if call.parameters:
            model["additionalModelRequestFields"] = dict(call.parameters)
        settings: dict[str, Any] = {"modelConfiguration": model}
        settings["numberOfResults"] = min(call.top_n or len(call.docs), len(call.docs))
        body = {
            "queries": [{"type": "TEXT", "textQuery": {"text": _text(call.query, "query")}}],
            "sources": [_source(document, f"docs[{index}]") for index, document in enumerate(call.docs)],
            "rerankingConfiguration": {
                "type": "BEDROCK_RERANKING_MODEL",
                "bedrockRerankingConfiguration": settings,
            },
        }
        return endpoint.request("POST", endpoint.url("rerank"), json=body, idempotent=True, to_error=to_error)

    @reads_answer
    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents, best first."""
        rows = answer_object(body).get("results")
        named = [row | {"relevance_score": row.get("relevanceScore")} for row in rows or ()]
        searches = -(-len(call.docs) // _PER_SEARCH)
        return results_shape(
            call, {"results": named if rows is not None else None}, call_usage(searches, Meter.SEARCH)
        )


def _arn(model: str, options: Options) -> str:
    if model.startswith("arn:"):
        return model
    region = str(options.get("region") or "us-east-1")
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:bedrock:{region}::foundation-model/{model}"


def _source(document: str | MultiModalContent, place: str) -> dict[str, Any]:
    inline = {"type": "TEXT", "textDocument": {"text": _text(document, place)}}
    return {"type": "INLINE", "inlineDocumentSource": inline}


def _text(value: str | MultiModalContent, place: str) -> str:
    if not isinstance(value, str) and value.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError(f"{place}: this API ranks text only, not {value.content_type}")
    return text_of(value)

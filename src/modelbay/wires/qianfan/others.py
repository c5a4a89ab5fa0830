"""Vectors and relevance: as OpenAI's servers do it, but for address and failures of the first version."""

from __future__ import annotations

from typing import Any

from modelbay.entities import RerankResult, TextEmbeddingResult
from modelbay.wires.family import EmbeddingCall, Endpoint, Options, RerankCall
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai import embeddings, rerank
from modelbay.wires.paths import in_segment
from modelbay.wires.qianfan.errors import raise_error_in
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import text_of


class Embeddings(embeddings.Embeddings):
    """`POST /embeddings`, in the first version `/embeddings/<model>`."""

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        if not _is_first(call.options):
            return super().to_request(call, endpoint)
        body: dict[str, Any] = {
            "input": [embeddings.text_of(value) for value in call.inputs],
            **_user(call.user),
        }
        return _post(endpoint, "embeddings", call.model, body, call.options)

    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return the vectors in the order of the inputs."""
        raise_error_in(answer_object(body))
        return super().to_result(call, body)


class Rerank(rerank.Rerank):
    """`POST /rerank`, in the first version `/reranker/<model>`."""

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request; for all documents it asks by number."""
        if not _is_first(call.options):
            return super().to_request(call, endpoint)
        body = {
            "query": text_of(call.query),
            "documents": [text_of(doc) for doc in call.docs],
            "top_n": call.top_n or len(call.docs),
            **_user(call.user),
        }
        return _post(endpoint, "reranker", call.model, body, call.options)

    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents with the server's own scores, best first."""
        raise_error_in(answer_object(body))
        return super().to_result(call, body)


def _is_first(options: Options) -> bool:
    return options.get("version") == 1


def _user(user: str | None) -> dict[str, str]:
    return {"user_id": user} if user else {}


def _post(endpoint: Endpoint, kind: str, model: str, body: dict[str, Any], options: Options) -> Request:
    url = endpoint.url(f"{kind}/{in_segment(str(options.get('v1') or model))}")
    return endpoint.request("POST", url, json=body, idempotent=True)

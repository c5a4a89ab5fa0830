"""Vectors at `/v1/embeddings`, which is not OpenAI's of the same path."""

from __future__ import annotations

from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import answer_object
from modelbay.wires.minimax.errors import raise_error_in, to_error
from modelbay.wires.minimax.place import to_url
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import one_vector_each


class Embeddings:
    """`POST /v1/embeddings`."""

    name = "minimax.embeddings"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request; the API tells texts to store (`db`) from texts to search by (`query`)."""
        kind = "query" if call.input_type == EmbeddingInputType.QUERY else "db"
        texts = [_text(value, place) for place, value in enumerate(call.inputs)]
        body = {"model": call.model, "texts": texts, "type": kind, **call.parameters}
        url = to_url(endpoint, "v1/embeddings", call.options)
        return endpoint.request("POST", url, json=body, idempotent=True, to_error=to_error)

    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return the vectors in the order of the inputs."""
        answer = answer_object(body)
        raise_error_in(answer)
        tokens = answer.get("total_tokens")
        counted = tokens if isinstance(tokens, int) and tokens > 0 else 0
        return TextEmbeddingResult(
            model=call.model,
            embeddings=one_vector_each(answer.get("vectors"), len(call.inputs)),
            usage=embedding_usage(counted, estimated=not counted),
        )


def _text(value: str | MultiModalContent, place: int) -> str:
    if isinstance(value, str):
        return value
    if value.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError(f"inputs[{place}]: this model embeds texts, not images")
    return value.content

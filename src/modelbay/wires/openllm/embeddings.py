"""Vectors at `/embeddings`: a bare list of texts in, a list of one object out."""

from __future__ import annotations

from typing import Any

from modelbay.entities import TextEmbeddingResult
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.failures import message_of
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import reads_answer
from modelbay.wires.plain_inputs import texts_of
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result


class Embeddings:
    """Speaks of vectors at `/embeddings`."""

    name = "openllm.embeddings"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request; its body has no place for anything but the texts."""
        return endpoint.request("POST", endpoint.url("embeddings"), json=texts_of(call), idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per text, in order."""
        if not isinstance(body, list):
            raise InvokeServerUnavailableError(message_of(body) or "the provider's answer is not a list")
        answer = body[0] if body else {}
        tokens = answer.get("num_tokens")
        usage = embedding_usage(int(tokens or 0), estimated=not tokens)
        return embedding_result(call.model, answer.get("embeddings"), len(call.inputs), usage, packed=False)

"""Vectors at the task `feature-extraction`, pooled here where the server sends one vector a token."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from modelbay.entities import EmbeddingInputType, TextEmbeddingResult
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import reads_answer
from modelbay.wires.plain_inputs import texts_of
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result


class FeatureExtraction:
    """Speaks of vectors at `/models/{id}/pipeline/feature-extraction`."""

    name = "hf_inference.feature_extraction"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        options = call.options
        body: dict[str, Any] = {"inputs": texts_of(call)}
        body |= {name: options[name] for name in ("normalize", "truncate") if name in options}
        prompt = "query_prompt" if call.input_type is EmbeddingInputType.QUERY else "document_prompt"
        if options.get(prompt):
            body["prompt_name"] = options[prompt]
        body |= call.parameters
        path = f"models/{quote(call.model, safe='/')}/pipeline/feature-extraction"
        return endpoint.request("POST", endpoint.url(path), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per text, in order."""
        vectors = pooled(body, len(call.inputs))
        return embedding_result(
            call.model, vectors, len(call.inputs), embedding_usage(0, estimated=True), packed=False
        )


def pooled(value: Any, count: int) -> list[Any]:
    """Return one vector a text from lists nested one to four deep.

    One deep is the vector of a single text. Two deep are pooled vectors, or the tokens of a single text.
    Three deep are tokens of each text; four deep the same, wrapped once more for each text.
    """
    depth = _depth(value)
    if depth == 1:
        return [value]
    if depth == 2:
        return value if len(value) == count else [_mean(value)]
    if depth == 3:
        return [_mean(tokens) for tokens in value]
    if depth == 4 and all(len(wrapped) == 1 for wrapped in value):
        return [_mean(wrapped[0]) for wrapped in value]
    raise InvokeServerUnavailableError(f"the provider sent vectors nested {depth} deep")


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list) and value:
        depth, value = depth + 1, value[0]
    return depth


def _mean(vectors: list[list[float]]) -> list[float]:
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]

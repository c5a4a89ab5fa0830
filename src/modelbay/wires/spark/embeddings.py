"""Vectors: one text a request, wrapped in base64 both ways."""

from __future__ import annotations

import base64
from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import answer_object, to_json
from modelbay.wires.openai.shapes import object_of
from modelbay.wires.request import Request
from modelbay.wires.spark.errors import raise_error_in
from modelbay.wires.spark.presenting import signed_only
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import floats_of_base64


class Embeddings:
    """`POST /` of the host for vectors, signed in the address."""

    name = "spark.embeddings"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request; the API tells texts to store (`para`) from texts to search by (`query`)."""
        if len(call.inputs) != 1:
            raise InvokeBadRequestError("inputs: this model takes one text a request")
        kind = "query" if call.input_type == EmbeddingInputType.QUERY else "para"
        told = to_json({"messages": [{"content": _text(call.inputs[0]), "role": "user"}]})
        header = {"app_id": call.options.get("app_id", ""), "status": 3}
        if call.user:
            header["uid"] = call.user[:32]
        body = {
            "header": header,
            "parameter": {"emb": {"domain": kind, "feature": {"encoding": "utf8"}}},
            "payload": {"messages": {"text": base64.b64encode(told.encode()).decode("ascii")}},
        }
        return signed_only(endpoint.request("POST", endpoint.url(""), json=body, idempotent=True))

    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return the one vector; the upstream counts no tokens."""
        answer = answer_object(body)
        raise_error_in(object_of(answer.get("header")))
        packed = object_of(object_of(answer.get("payload")).get("feature")).get("text")
        if not isinstance(packed, str) or not packed:
            raise InvokeServerUnavailableError(
                "the provider's answer has no vector in 'payload.feature.text'"
            )
        vector = floats_of_base64(packed)
        if not vector:
            raise InvokeServerUnavailableError("the provider's vector is empty")
        return TextEmbeddingResult(
            model=call.model, embeddings=[vector], usage=embedding_usage(0, estimated=True)
        )


def _text(value: str | MultiModalContent) -> str:
    if isinstance(value, str):
        return value
    if value.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError("inputs[0]: this model embeds texts, not images")
    return value.content

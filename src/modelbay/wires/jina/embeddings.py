"""Vectors at `/embeddings`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import TextEmbeddingResult
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.jina.content import to_content
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result

_PASSED = ("dimensions", "embedding_type", "normalized", "late_chunking", "truncate")


class EmbeddingDialect:
    """Speaks of vectors at `/embeddings`."""

    name = "jina.embeddings"
    takes = frozenset({"dimensions", "encoding_format", "task", "normalized", "late_chunking", "truncate"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request. The API refuses an input that is too long, unless the options say otherwise."""
        body: dict[str, Any] = {"model": call.model}
        task = (call.options.get("tasks") or {}).get(str(call.input_type))
        if task:
            body["task"] = task
        body |= {name: call.options[name] for name in _PASSED if name in call.options}
        _write_parameters(body, call.parameters)
        body["input"] = [
            to_content(item, call.options, f"inputs[{index}]") for index, item in enumerate(call.inputs)
        ]
        return endpoint.request("POST", endpoint.url("embeddings"), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per input, in the order of the inputs."""
        answer = answer_object(body)
        usage = answer.get("usage") or {}
        tokens = usage.get("total_tokens") or usage.get("prompt_tokens") or 0
        return embedding_result(
            call.model,
            _in_order(answer.get("data") or []),
            len(call.inputs),
            embedding_usage(tokens, estimated=not usage),
            packed=call.parameters.get("encoding_format") == "base64",
        )


def _write_parameters(body: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Write what the caller asks over what the model's options say, under the API's names."""
    asked = dict(parameters)
    if form := asked.pop("encoding_format", None):
        body["embedding_type"] = form
    if cut := asked.pop("truncate", None):
        if cut == "START":
            raise InvokeBadRequestError("truncate: this API cuts the end of a text; ask for END or NONE")
        body["truncate"] = cut != "NONE"
    body |= asked


def _in_order(rows: list[Any]) -> list[Any]:
    """Return the vectors by their `index`, whatever the order they came in."""
    vectors: dict[int, Any] = {}
    for place, row in enumerate(rows):
        index = row.get("index", place)
        if type(index) is not int or not 0 <= index < len(rows) or index in vectors:
            raise InvokeServerUnavailableError(
                f"data[{place}]: index {index!r} is out of range or comes twice"
            )
        vectors[index] = row.get("embedding")
    return [vectors[index] for index in sorted(vectors)]

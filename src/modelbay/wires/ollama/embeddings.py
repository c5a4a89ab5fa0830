"""Vectors at `/api/embed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import MultiModalContentType, TextEmbeddingResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.ollama.parameters import runtime_options
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import one_vector_each

_PASSED = ("dimensions", "keep_alive")


class EmbedDialect:
    """Speaks of vectors at `/api/embed`."""

    name = "ollama.embed"
    takes = frozenset({"dimensions", "keep_alive", "truncate"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request. The server refuses a text that is too long unless the options differ."""
        body: dict[str, Any] = {
            "model": call.model,
            "input": _texts(call),
            "truncate": bool(call.options.get("truncate", False)),
        }
        body |= {name: call.options[name] for name in _PASSED if name in call.options}
        _write_parameters(body, call.parameters)
        options = runtime_options(call.options)
        if options:
            body["options"] = options
        return endpoint.request("POST", endpoint.url("api/embed"), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per text, in order."""
        answer = answer_object(body)
        count = answer.get("prompt_eval_count")
        return TextEmbeddingResult(
            model=call.model,
            embeddings=one_vector_each(answer.get("embeddings"), len(call.inputs)),
            usage=embedding_usage(count or 0, estimated=count is None),
        )


def _write_parameters(body: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Write what the caller asks over what the model's options say."""
    body |= parameters
    cut = parameters.get("truncate")
    if cut == "START":
        raise InvokeBadRequestError("truncate: this API cuts the end of a text; ask for END or NONE")
    if cut is not None:
        body["truncate"] = cut != "NONE"


def _texts(call: EmbeddingCall) -> list[str]:
    for index, item in enumerate(call.inputs):
        if not isinstance(item, str) and item.content_type != MultiModalContentType.TEXT:
            raise InvokeBadRequestError(f"inputs[{index}]: this API embeds text, not {item.content_type}")
    return [item if isinstance(item, str) else item.content for item in call.inputs]

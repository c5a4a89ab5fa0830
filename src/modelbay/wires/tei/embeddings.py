"""Vectors at `/embed`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import EmbeddingInputType, TextEmbeddingResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import reads_answer
from modelbay.wires.plain_inputs import texts_of
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result

_CUTS = {"END": "Right", "START": "Left"}


class EmbedDialect:
    """Speaks of vectors at `/embed`."""

    name = "tei.embed"
    takes = frozenset({"dimensions", "truncate"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request. The server refuses a text that is too long unless the options differ."""
        options = call.options
        body: dict[str, Any] = {"inputs": texts_of(call), "truncate": bool(options.get("truncate", False))}
        body |= {name: options[name] for name in ("normalize", "dimensions") if name in options}
        prompt = "query_prompt" if call.input_type is EmbeddingInputType.QUERY else "document_prompt"
        if options.get(prompt):
            body["prompt_name"] = options[prompt]
        body |= _asked(dict(call.parameters))
        return endpoint.request("POST", endpoint.url("embed"), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per text, in order."""
        usage = embedding_usage(0, estimated=True)
        return embedding_result(call.model, body, len(call.inputs), usage, packed=False)


def _asked(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what the caller asks, which wins over the model's options."""
    cut = parameters.pop("truncate", None)
    if cut is None:
        return parameters
    if cut not in {*_CUTS, "NONE"}:
        raise InvokeBadRequestError(f"truncate: {cut!r} is not known; give START, END or NONE")
    direction = {"truncation_direction": _CUTS[cut]} if cut in _CUTS else {}
    return {**parameters, "truncate": cut in _CUTS, **direction}

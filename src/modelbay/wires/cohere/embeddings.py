"""Vectors at `/v2/embed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    EmbeddingUsage,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.cohere.address import to_url
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result

_INPUT_TYPES = {EmbeddingInputType.DOCUMENT: "search_document", EmbeddingInputType.QUERY: "search_query"}
_VECTOR_FORMS = ("float", "base64")
_TASKS = ("classification", "clustering")
_NAMES = {"dimensions": "output_dimension", "task": "input_type"}


class EmbedDialect:
    """Speaks of vectors at `/v2/embed`."""

    name = "cohere.embed"
    takes = frozenset({"dimensions", "encoding_format", "task", "truncate"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request. The API refuses an input that is too long, unless the options say otherwise."""
        options = call.options
        body: dict[str, Any] = {
            "model": call.model,
            "input_type": _INPUT_TYPES[call.input_type],
            "embedding_types": [_vector_form(call)],
            "truncate": options.get("truncate", "NONE"),
        }
        if options.get("dimensions"):
            body["output_dimension"] = options["dimensions"]
        _write_parameters(body, call.parameters)
        url = to_url(endpoint, "v2/embed")
        return endpoint.request("POST", url, json=body | _inputs(call), idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per input, in order; vectors lie under the name of their form."""
        answer = answer_object(body)
        vectors = answer.get("embeddings")
        if not isinstance(vectors, dict):
            raise InvokeServerUnavailableError("the provider's answer has no object 'embeddings'")
        return embedding_result(
            call.model,
            vectors.get(_vector_form(call)),
            len(call.inputs),
            _usage(answer),
            packed=call.parameters.get("encoding_format") == "base64",
        )


def _write_parameters(body: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Write what the caller asks over what the model's options say, under the API's names."""
    for name, value in parameters.items():
        if name == "task" and value not in _TASKS:
            raise InvokeBadRequestError(f"task: {value!r} is not one of {', '.join(_TASKS)}")
        if name != "encoding_format":
            body[_NAMES.get(name, name)] = value


def _vector_form(call: EmbeddingCall) -> str:
    if call.parameters.get("encoding_format") == "base64":
        return "base64"
    form = str(call.options.get("embedding_type", "float"))
    if form not in _VECTOR_FORMS:
        raise InvokeBadRequestError(f"wire option embedding_type: {form!r} is not 'float' or 'base64'")
    return form


def _inputs(call: EmbeddingCall) -> dict[str, Any]:
    texts = [item for item in call.inputs if isinstance(item, str) or not _is_image(item)]
    if len(texts) == len(call.inputs):
        return {"texts": [item if isinstance(item, str) else item.content for item in texts]}
    if call.options.get("image_form", "inputs") == "inputs":
        return {"inputs": [{"content": [_part(item)]} for item in call.inputs]}
    if texts:
        raise InvokeBadRequestError("inputs: this model embeds texts and images in separate requests")
    return {"images": [_image_address(item) for item in call.inputs], "input_type": "image"}


def _is_image(item: str | MultiModalContent) -> bool:
    return not isinstance(item, str) and item.content_type == MultiModalContentType.IMAGE


def _part(item: str | MultiModalContent) -> dict[str, Any]:
    if _is_image(item):
        return {"type": "image_url", "image_url": {"url": _image_address(item)}}
    return {"type": "text", "text": item if isinstance(item, str) else item.content}


def _image_address(item: str | MultiModalContent) -> str:
    """Return an image as an address: its own, or a data URI, for which base64 tells the type."""
    content = item if isinstance(item, str) else item.content
    if content.startswith(("data:", "https://", "http://")):
        return content
    return f"data:{mime_type_of_base64(content) or 'image/png'};base64,{content}"


def _usage(answer: dict[str, Any]) -> EmbeddingUsage:
    units = (answer.get("meta") or {}).get("billed_units") or {}
    tokens = int(units.get("input_tokens") or 0) + int(units.get("image_tokens") or 0)
    return embedding_usage(tokens, estimated=not units)

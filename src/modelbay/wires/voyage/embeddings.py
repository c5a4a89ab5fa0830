"""Vectors at `/embeddings`, `/contextualizedembeddings` and `/multimodalembeddings`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import DeclarationError, InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result

_PATHS = {
    "embeddings": "embeddings",
    "contextual": "contextualizedembeddings",
    "multimodal": "multimodalembeddings",
}


class EmbeddingDialect:
    """Speaks of vectors, each model at its own address."""

    name = "voyage.embeddings"
    takes = frozenset({"dimensions", "encoding_format", "truncate"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request. The API refuses a text that is too long, unless the options say otherwise."""
        api = _api(call)
        body: dict[str, Any] = {"model": call.model, "input_type": str(call.input_type)}
        _write_sort(body, call)
        if api == "embeddings":
            body["input"] = [_text(value, place) for place, value in enumerate(call.inputs)]
            if body.get("output_dtype", "float") == "float":
                body["encoding_format"] = "base64"  # read faster than numbers
        elif api == "contextual":
            del body["truncation"]  # a thing of the other two
            body["inputs"] = _groups(call)
        else:
            body["inputs"] = [{"content": [_part(value)]} for value in call.inputs]
        return endpoint.request("POST", endpoint.url(_PATHS[api]), json=body, idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per input, in the order of the inputs."""
        answer = answer_object(body)
        rows = _in_order(answer.get("data"), "data")
        if _api(call) == "contextual":
            rows = [row for group in rows for row in _in_order(group.get("data"), "data[].data")]
        tokens = (answer.get("usage") or {}).get("total_tokens")
        return embedding_result(
            call.model,
            [row.get("embedding") for row in rows],
            len(call.inputs),
            embedding_usage(tokens or 0, estimated=not tokens),
            packed=call.parameters.get("encoding_format") == "base64",
        )


def _api(call: EmbeddingCall) -> str:
    name = str(call.options.get("api", "embeddings"))
    if name not in _PATHS:
        raise DeclarationError(f"wire.api: {name!r} is not known; give one of {', '.join(_PATHS)}")
    return name


def _write_sort(body: dict[str, Any], call: EmbeddingCall) -> None:
    """Write of which sort the vectors are to be; what the caller asks goes before what the options say."""
    options, asked = call.options, dict(call.parameters)
    asked.pop("encoding_format", None)  # an answer is packed by us where it is asked for
    cut = asked.pop("truncate", None)
    if cut == "START":
        raise InvokeBadRequestError("truncate: this API cuts the end of a text; ask for END or NONE")
    body["truncation"] = cut != "NONE" if cut else bool(options.get("truncation"))
    wanted = asked.pop("dimensions", None)
    if wanted is not None or (options.get("output_dimension") and options.get("lengths")):
        body["output_dimension"] = _length(wanted or options["output_dimension"], options.get("lengths"))
    if options.get("output_dtype") and options.get("lengths"):
        body["output_dtype"] = str(options["output_dtype"])
    body |= asked


def _length(value: Any, lengths: Any) -> int:
    if str(value).strip() not in map(str, lengths or ()):
        offered = ", ".join(map(str, lengths)) if lengths else "one length only, and no choice"
        raise InvokeBadRequestError(f"output_dimension: {value!r} was asked for; this model has {offered}")
    return int(value)


def _groups(call: EmbeddingCall) -> list[list[str]]:
    """Return the texts as the parts of documents: queries, and chunks of nobody knows what, stand alone."""
    texts = [_text(value, place) for place, value in enumerate(call.inputs)]
    if call.options.get("together") and call.input_type == EmbeddingInputType.DOCUMENT:
        return [texts]
    return [[text] for text in texts]


def _text(value: str | MultiModalContent, place: int) -> str:
    if isinstance(value, str):
        return value
    if value.content_type == MultiModalContentType.IMAGE:
        raise InvokeBadRequestError(f"inputs[{place}]: this model takes text only, not an image")
    return value.content


def _part(value: str | MultiModalContent) -> dict[str, str]:
    """Return an input of a multimodal model: a text, an image's address, or its bytes as a data URI."""
    if isinstance(value, str) or value.content_type != MultiModalContentType.IMAGE:
        return {"type": "text", "text": value if isinstance(value, str) else value.content}
    if value.content.startswith(("http://", "https://")):
        return {"type": "image_url", "image_url": value.content}
    if value.content.startswith("data:"):
        return {"type": "image_base64", "image_base64": value.content}
    kind = mime_type_of_base64(value.content) or "image/png"
    return {"type": "image_base64", "image_base64": f"data:{kind};base64,{value.content}"}


def _in_order(rows: Any, place: str) -> list[dict[str, Any]]:
    """Return rows by their `index`, whatever the order they came in."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvokeServerUnavailableError(f"the provider's answer has no list '{place}' of vectors")
    ordered = sorted(rows, key=lambda row: row["index"] if type(row.get("index")) is int else -1)
    if [row.get("index") for row in ordered] != list(range(len(ordered))):
        raise InvokeServerUnavailableError(f"{place}: the provider's vectors are numbered with gaps or twice")
    return ordered

"""Vectors: of texts, or at another address of texts, images and videos."""

from __future__ import annotations

from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    EmbeddingUsage,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.dashscope.errors import raise_error_in, to_error
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.openai.shapes import object_of, objects_of
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result

TEXT = "api/v1/services/embeddings/text-embedding/text-embedding"
MULTIMODAL = "api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"

_TEXT_TYPES = {EmbeddingInputType.DOCUMENT: "document", EmbeddingInputType.QUERY: "query"}
_NAMES = {"dimensions": "dimension"}
_PLACES = ("text_index", "index")


class Embeddings:
    """Speaks of vectors."""

    name = "dashscope.embeddings"
    takes = frozenset({"dimensions", "instruct"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request; dense vectors are what is asked for."""
        said = {_NAMES.get(name, name): value for name, value in _asked(call).items()}
        held: dict[str, Any]
        if call.options.get("multimodal"):
            path, held = MULTIMODAL, {"contents": [_content(item) for item in call.inputs]}
        else:
            path, held = TEXT, {"texts": _texts(call)}
            said = {"text_type": _TEXT_TYPES[call.input_type]} | said
        body = {"model": call.model, "input": held} | ({"parameters": said} if said else {})
        return endpoint.request("POST", endpoint.url(path), json=body, idempotent=True, to_error=to_error)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per input, in the order of the inputs."""
        answer = answer_object(body)
        raise_error_in(answer)
        rows = objects_of(object_of(answer.get("output")).get("embeddings"))
        return embedding_result(call.model, _in_order(rows), len(call.inputs), _usage(answer), packed=False)


def _asked(call: EmbeddingCall) -> dict[str, Any]:
    """Return what the caller asks over what the model's options say."""
    declared = {name: call.options[name] for name in ("dimensions", "instruct") if call.options.get(name)}
    return declared | {name: value for name, value in call.parameters.items() if name != "encoding_format"}


def _texts(call: EmbeddingCall) -> list[str]:
    for place, item in enumerate(call.inputs):
        if not isinstance(item, str) and item.content_type != MultiModalContentType.TEXT:
            raise InvokeBadRequestError(f"inputs[{place}]: this model embeds text, not {item.content_type}")
    return [item if isinstance(item, str) else item.content for item in call.inputs]


def _content(item: str | MultiModalContent) -> dict[str, str]:
    if isinstance(item, str) or item.content_type == MultiModalContentType.TEXT:
        return {"text": item if isinstance(item, str) else item.content}
    return {"image": image_address(item.content)}


def image_address(content: str) -> str:
    """Return an image as an address: its own, or a data URI, for which base64 tells the type."""
    if content.startswith(("data:", "https://", "http://", "oss://")):
        return content
    return f"data:{mime_type_of_base64(content) or 'image/png'};base64,{content}"


def _in_order(rows: list[dict[str, Any]]) -> list[Any]:
    """Return the vectors by their place, whatever the order they came in."""
    vectors: dict[int, Any] = {}
    for place, row in enumerate(rows):
        index = next((row[name] for name in _PLACES if name in row), place)
        if type(index) is not int or not 0 <= index < len(rows) or index in vectors:
            raise InvokeServerUnavailableError(
                f"embeddings[{place}]: index {index!r} is out of range or comes twice"
            )
        vectors[index] = row.get("embedding")
    return [vectors[index] for index in sorted(vectors)]


def _usage(answer: dict[str, Any]) -> EmbeddingUsage:
    usage = object_of(answer.get("usage"))
    tokens = usage.get("total_tokens") or usage.get("input_tokens") or 0
    return embedding_usage(int(tokens) + int(usage.get("image_tokens") or 0), estimated=not usage)

"""Vectors by InvokeModel, whose bodies are the vendors' own.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html, its
siblings for Cohere and Nova, and the provider sheet of 2026-11-21. Cohere's answers tell the tokens in a
header only: they are counted by the kit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    EmbeddingUsage,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.bedrock.address import base_name, profile_of, to_url
from modelbay.wires.bedrock.errors import to_error
from modelbay.wires.family import EmbeddingCall, Endpoint, Options
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result

Body = dict[str, Any]
_QUERY = EmbeddingInputType.QUERY
_OURS = frozenset({"dimensions", "normalize", "truncate", "encoding_format", "cross-region"})


class InvokeEmbeddingDialect:
    """Speaks of vectors at `/model/{id}/invoke`."""

    name = "bedrock.invoke"
    takes = frozenset({"dimensions", "normalize", "truncate"})

    def needs_bytes(self, options: Options) -> frozenset[str]:
        """Return the kinds of files that are sent as bytes."""
        return frozenset({"image"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError for what the model's body cannot say."""
        body = _form_of(call).body(call)
        body |= {name: value for name, value in call.parameters.items() if name not in _OURS}
        url = to_url(endpoint, profile_of(call.model, call.parameters, call.options), "invoke")
        headers = {"Accept": "application/json"}
        return endpoint.request("POST", url, json=body, headers=headers, idempotent=True, to_error=to_error)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per input, in order."""
        answer = answer_object(body)
        vectors, usage = _form_of(call).vectors(answer)
        return embedding_result(call.model, vectors, len(call.inputs), usage, packed=False)


@dataclass(frozen=True, slots=True)
class _Form:
    """How one vendor writes vectors."""

    body: Callable[[EmbeddingCall], Body]
    vectors: Callable[[Body], tuple[Any, EmbeddingUsage]]


def _form_of(call: EmbeddingCall) -> _Form:
    name = call.options.get("embedding") or _form_by_name(call)
    form = _FORMS.get(str(name))
    if form is None:
        raise InvokeBadRequestError(
            f"wire option embedding: {name!r} is not one of {', '.join(_FORMS)}; a profile needs its base"
        )
    return form


def _form_by_name(call: EmbeddingCall) -> str:
    base = base_name(str(call.options.get("base") or call.model))
    return next((form for start, form in _STARTS.items() if base.startswith(start)), base)


def _wish(call: EmbeddingCall, name: str) -> Any:
    return call.parameters.get(name, call.options.get(name))


def _one_text(call: EmbeddingCall) -> str:
    if len(call.inputs) != 1:
        raise InvokeBadRequestError("inputs: this model embeds one text a request; declare max_chunks 1")
    return _text(call.inputs[0])


def _text(item: str | MultiModalContent) -> str:
    if isinstance(item, str):
        return item
    if item.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError(f"inputs: this model embeds text only, not {item.content_type}")
    return item.content


def _is_image(item: str | MultiModalContent) -> bool:
    return not isinstance(item, str) and item.content_type == MultiModalContentType.IMAGE


def _image(item: str | MultiModalContent) -> tuple[str, str]:
    """Return an image's type and base64; InvokeBadRequestError for an address."""
    content = item if isinstance(item, str) else item.content
    if content.startswith("data:"):
        head, _, content = content[5:].partition(",")
        return head.partition(";")[0], content
    if content.startswith(("https://", "http://")):
        raise InvokeBadRequestError("inputs: this API takes images as base64, not by address")
    return mime_type_of_base64(content) or "image/png", content


def _titan_body(call: EmbeddingCall) -> Body:
    body: Body = {"inputText": _one_text(call)}
    for name in ("dimensions", "normalize"):
        if _wish(call, name) is not None:
            body[name] = _wish(call, name)
    return body


def _titan_image_body(call: EmbeddingCall) -> Body:
    if len(call.inputs) != 1:
        raise InvokeBadRequestError("inputs: this model embeds one input a request; declare max_chunks 1")
    item = call.inputs[0]
    body: Body = {"inputImage": _image(item)[1]} if _is_image(item) else {"inputText": _text(item)}
    size = _wish(call, "dimensions")
    return body | ({"embeddingConfig": {"outputEmbeddingLength": size}} if size else {})


def _titan_vectors(answer: Body) -> tuple[Any, EmbeddingUsage]:
    tokens = answer.get("inputTextTokenCount")
    usage = embedding_usage(tokens or 0, estimated=not isinstance(tokens, int))
    return [answer["embedding"]], usage


def _cohere_body(call: EmbeddingCall) -> Body:
    input_type = "search_query" if call.input_type == _QUERY else "search_document"
    body: Body = {"input_type": input_type, "truncate": _wish(call, "truncate") or "NONE"}
    if any(map(_is_image, call.inputs)):
        if not all(map(_is_image, call.inputs)):
            raise InvokeBadRequestError("inputs: this model embeds texts and images in separate requests")
        uris = [f"data:{kind};base64,{data}" for kind, data in map(_image, call.inputs)]
        body |= {"input_type": "image", "images": uris}
    else:
        body["texts"] = [_text(item) for item in call.inputs]
    size = _wish(call, "dimensions")
    return body | ({"output_dimension": size, "embedding_types": ["float"]} if size else {})


def _cohere_vectors(answer: Body) -> tuple[Any, EmbeddingUsage]:
    vectors = answer.get("embeddings")
    found = vectors.get("float") if isinstance(vectors, dict) else vectors
    return found, embedding_usage(0, estimated=True)


def _nova_body(call: EmbeddingCall) -> Body:
    if len(call.inputs) != 1:
        raise InvokeBadRequestError("inputs: this model embeds one input a request; declare max_chunks 1")
    item = call.inputs[0]
    purpose = "GENERIC_RETRIEVAL" if call.input_type == _QUERY else "GENERIC_INDEX"
    asked: Body = {"embeddingPurpose": purpose, "embeddingDimension": _wish(call, "dimensions") or 3072}
    if _is_image(item):
        kind, data = _image(item)
        asked["image"] = {"format": kind.partition("/")[2], "source": {"bytes": data}}
    else:
        asked["text"] = {"truncationMode": _wish(call, "truncate") or "NONE", "value": _text(item)}
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": asked}


def _nova_vectors(answer: Body) -> tuple[Any, EmbeddingUsage]:
    rows = answer.get("embeddings")
    if not isinstance(rows, list):
        raise InvokeServerUnavailableError("the provider's answer has no list 'embeddings'")
    return [row["embedding"] for row in rows], embedding_usage(0, estimated=True)


_FORMS = {
    "titan": _Form(_titan_body, _titan_vectors),
    "titan_image": _Form(_titan_image_body, _titan_vectors),
    "cohere": _Form(_cohere_body, _cohere_vectors),
    "nova": _Form(_nova_body, _nova_vectors),
}
_STARTS = {
    "amazon.titan-embed-image": "titan_image",
    "amazon.titan-embed": "titan",
    "cohere.embed": "cohere",
    "amazon.nova": "nova",
}

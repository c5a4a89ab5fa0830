"""Vectors, in the four ways that the API's models are asked for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from modelbay.entities import (
    EmbeddingInputType,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.gemini.address import post, resource
from modelbay.wires.gemini.state import Part
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.media import mime_type_of_base64
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import one_vector_each

_TASKS = {EmbeddingInputType.DOCUMENT: "RETRIEVAL_DOCUMENT", EmbeddingInputType.QUERY: "RETRIEVAL_QUERY"}
_NAMES = {"task": "taskType", "title": "title", "dimensions": "outputDimensionality"}

Fields = dict[str, Any]


class EmbedDialect:
    """Speaks of vectors; the option `embed` says how."""

    name = "gemini.embed"
    takes = frozenset(_NAMES)

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request. A text that is too long is refused, never cut."""
        way = _way(call)
        return post(endpoint, call.model, call.options, way.verb, way.write(call), idempotent=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per input, in order, scaled as the provider sent them."""
        vectors, tokens = _way(call).read(answer_object(body))
        return TextEmbeddingResult(
            model=call.model,
            embeddings=one_vector_each(vectors, len(call.inputs)),
            usage=embedding_usage(tokens or 0, estimated=not tokens),
        )


class _Way(NamedTuple):
    verb: str
    write: Callable[[EmbeddingCall], Fields]
    read: Callable[[Fields], tuple[list[Any], int | None]]


def _way(call: EmbeddingCall) -> _Way:
    name = call.options.get("embed", "batch")
    if name not in _WAYS:
        raise InvokeBadRequestError(f"wire option embed: {name!r} is not one of {', '.join(_WAYS)}")
    return _WAYS[name]


def _settings(call: EmbeddingCall) -> Fields:
    """Return task, title and dimensions: what the model's options say, and over it what the caller asks."""
    settings: Fields = {}
    if call.options.get("tasks", True):
        settings["taskType"] = _TASKS[call.input_type]
    if call.options.get("dimensions"):
        settings["outputDimensionality"] = call.options["dimensions"]
    given = {_NAMES[name]: value for name, value in call.parameters.items() if name in _NAMES}
    return settings | {name: value for name, value in given.items() if value is not None}


def _others(call: EmbeddingCall) -> Fields:
    return {name: value for name, value in call.parameters.items() if name not in _NAMES}


def _content(item: str | MultiModalContent, place: str) -> Fields:
    return {"parts": [_part(item, place)]}


def _part(item: str | MultiModalContent, place: str) -> Part:
    if isinstance(item, str) or item.content_type == MultiModalContentType.TEXT:
        return {"text": item if isinstance(item, str) else item.content}
    return {"inlineData": _image(item, place)}


def _image(item: MultiModalContent, place: str) -> Fields:
    """Return an image by its bytes: the API fetches none."""
    if "://" in item.content[:12]:
        raise InvokeBadRequestError(f"{place}: this API fetches no images; give the image's bytes as base64")
    head, _, data = item.content.rpartition(",")
    declared = head.removeprefix("data:").partition(";")[0]
    return {"mimeType": declared or mime_type_of_base64(data) or "image/jpeg", "data": data}


# `batchEmbedContents`: any number of contents


def _write_batch(call: EmbeddingCall) -> Fields:
    same = {"model": resource(call.model), **_settings(call)}
    contents = (_content(item, f"inputs[{index}]") for index, item in enumerate(call.inputs))
    return {"requests": [{**same, "content": content} for content in contents], **_others(call)}


def _read_batch(answer: Fields) -> tuple[list[Any], int | None]:
    vectors = [embedding["values"] for embedding in answer.get("embeddings") or ()]
    return vectors, (answer.get("usageMetadata") or {}).get("promptTokenCount")


# `embedContent`: one content


def _write_single(call: EmbeddingCall) -> Fields:
    settings = {"autoTruncate": False, **_settings(call)}
    return {"content": _content(_only(call), "inputs[0]"), "embedContentConfig": settings, **_others(call)}


def _read_single(answer: Fields) -> tuple[list[Any], int | None]:
    return [answer["embedding"]["values"]], (answer.get("usageMetadata") or {}).get("promptTokenCount")


def _only(call: EmbeddingCall) -> str | MultiModalContent:
    if len(call.inputs) != 1:
        raise InvokeBadRequestError(f"inputs: this model takes one a request, not {len(call.inputs)}")
    return call.inputs[0]


# `predict`: texts, with the token count of each


def _write_predict(call: EmbeddingCall) -> Fields:
    settings = _settings(call)
    parameters: Fields = {"autoTruncate": False}
    if "outputDimensionality" in settings:
        parameters["outputDimensionality"] = settings["outputDimensionality"]
    about = {"task_type": settings.get("taskType"), "title": settings.get("title")}
    same = {name: value for name, value in about.items() if value}
    texts = (_text(item, f"inputs[{index}]") for index, item in enumerate(call.inputs))
    return {
        "instances": [{"content": text, **same} for text in texts],
        "parameters": parameters,
        **_others(call),
    }


def _text(item: str | MultiModalContent, place: str) -> str:
    if not isinstance(item, str) and item.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError(f"{place}: this model embeds text, not {item.content_type}")
    return item if isinstance(item, str) else item.content


def _read_predict(answer: Fields) -> tuple[list[Any], int | None]:
    found = [prediction["embeddings"] for prediction in answer.get("predictions") or ()]
    counts = [(each.get("statistics") or {}).get("token_count") or 0 for each in found]
    return [each["values"] for each in found], int(sum(counts))


# `predict` of the models that embed a text or an image


def _write_multimodal(call: EmbeddingCall) -> Fields:
    part = _part(_only(call), "inputs[0]")
    instance: Fields = {"text": part["text"]} if "text" in part else {"image": _bytes(part["inlineData"])}
    size = _settings(call).get("outputDimensionality")
    parameters = {"parameters": {"dimension": size}} if size else {}
    return {"instances": [instance], **parameters, **_others(call)}


def _bytes(image: Mapping[str, str]) -> Fields:
    return {"bytesBase64Encoded": image["data"], "mimeType": image["mimeType"]}


def _read_multimodal(answer: Fields) -> tuple[list[Any], int | None]:
    found = answer.get("predictions") or ()
    return [each.get("textEmbedding") or each["imageEmbedding"] for each in found], None


_WAYS = {
    "batch": _Way("batchEmbedContents", _write_batch, _read_batch),
    "single": _Way("embedContent", _write_single, _read_single),
    "predict": _Way("predict", _write_predict, _read_predict),
    "multimodal": _Way("predict", _write_multimodal, _read_multimodal),
}

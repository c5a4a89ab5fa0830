"""The embeddings API."""

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
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.parameters import write_user
from modelbay.wires.openai.posting import post
from modelbay.wires.openai.reading import usage_of
from modelbay.wires.openai.upstream_errors import raise_error_in
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result


class Embeddings:
    """`POST /embeddings`."""

    name = "openai.embeddings"
    takes = frozenset({"dimensions", "encoding_format"})

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request; vectors are asked for as base64, which is read faster than numbers."""
        body: dict[str, Any] = {"model": call.model}
        if _has_image(call):
            _write_messages(body, call)
        else:
            body["input"] = [_prefixed(text_of(value), call) for value in call.inputs]
        encoding = call.options.get("encoding_format", "base64")
        if encoding != "none":
            body["encoding_format"] = encoding
        body |= _sorts(call)
        write_user(body, call.user, {"user_field": "none", **call.options})
        return post(endpoint, "embeddings", body, call.options, idempotent=True)

    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return the vectors in the order of the inputs."""
        answer = answer_object(body)
        raise_error_in(answer)
        return embedding_result(
            str(answer.get("model") or call.model),
            _in_order(answer.get("data")),
            len(call.inputs),
            _usage(answer.get("usage")),
            packed=call.parameters.get("encoding_format") == "base64",
        )


def _sorts(call: EmbeddingCall) -> dict[str, Any]:
    """Return of which sort the vectors are to be: for what, how long, and what else the caller asks."""
    said: dict[str, Any] = {}
    sort = call.options.get("input_types", {}).get(str(call.input_type))
    if sort:
        said["input_type"] = sort
    if call.options.get("dimensions"):
        said["dimensions"] = call.options["dimensions"]
    said |= {name: value for name, value in call.parameters.items() if name != "encoding_format"}
    if "dimensions" in said:
        said[call.options.get("dimensions_field", "dimensions")] = said.pop("dimensions")
    return said


def text_of(value: str | MultiModalContent) -> str:
    """Return the text of an input."""
    return value if isinstance(value, str) else value.content


def _has_image(call: EmbeddingCall) -> bool:
    return any(
        isinstance(value, MultiModalContent) and value.content_type == MultiModalContentType.IMAGE
        for value in call.inputs
    )


def _write_messages(body: dict[str, Any], call: EmbeddingCall) -> None:
    """Write an image as the conversation that multimodal servers embed, one input a request.

    Source: https://docs.vllm.ai, multimodal inputs of pooling models (read 2026-11-21).
    """
    if call.options.get("images") != "messages":
        raise InvokeBadRequestError("inputs: this model embeds texts, not images")
    if len(call.inputs) != 1 or isinstance(call.inputs[0], str):
        raise InvokeBadRequestError("inputs: an image has to be embedded alone; send one input a call")
    image = call.inputs[0].content
    url = image if image.startswith(("http://", "https://", "data:")) else f"data:image/png;base64,{image}"
    body["messages"] = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]},
        {"role": "assistant", "content": ""},
    ]
    body["continue_final_message"] = body["add_special_tokens"] = True


def _prefixed(text: str, call: EmbeddingCall) -> str:
    name = "query_prefix" if call.input_type == EmbeddingInputType.QUERY else "document_prefix"
    prefix = call.options.get(name)
    return f"{prefix} {text}" if prefix else text


def _in_order(data: Any) -> list[Any]:
    if not isinstance(data, list) or not all(isinstance(row, Mapping) for row in data):
        raise InvokeServerUnavailableError("the provider's answer has no list 'data' of vectors")
    if not all(isinstance(row.get("index"), int) for row in data):
        return [row.get("embedding") for row in data]
    ordered = sorted(data, key=lambda row: row["index"])
    if [row["index"] for row in ordered] != list(range(len(ordered))):
        raise InvokeServerUnavailableError("the provider's vectors are numbered with gaps or twice")
    return [row.get("embedding") for row in ordered]


def _usage(usage: Any) -> EmbeddingUsage:
    counted = usage_of(usage)
    if counted is None:
        return embedding_usage(0, estimated=True)
    return embedding_usage(counted.prompt_tokens or counted.total_tokens)

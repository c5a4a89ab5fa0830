"""What the faces of vectors share: how inputs and forms are read, how an answer is written."""

from __future__ import annotations

from typing import Any, TypeGuard

from modelbay.entities import MultiModalContent, TextEmbeddingResult
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.serving import EmbeddingAsk, Wishes
from modelbay.wires.vectors import packed_vectors, plain_vectors

Input = str | list[int] | MultiModalContent

_FORMS = ("float", "base64")


def inputs_of(given: Any) -> list[Input]:
    """Return the inputs in an `input`: a text, token ids, or a list of either."""
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not given:
        raise wrong("input", "is required: give a string, or a list of strings that is not empty")
    if _is_tokens(given):
        return [given]
    return [_input(value, f"input[{place}]") for place, value in enumerate(given)]


def read_form(fields: Fields, wishes: Wishes, field: str) -> dict[str, Any]:
    """Read in which form vectors are wanted; base64 is asked of the upstream too, to pass it on unread."""
    form = fields.one_of(field, _FORMS) or "float"
    if form == "base64":
        wishes.parameters["encoding_format"] = form
        wishes.fields["encoding_format"] = field
    return {"form": form}


def indexed_body(ask: EmbeddingAsk, result: TextEmbeddingResult) -> dict[str, Any]:
    """Return an answer in the shape of OpenAI's, which others have taken over; it has no id."""
    vectors = packed_vectors(result) if ask.options["form"] == "base64" else plain_vectors(result)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(vectors)
        ],
        "model": result.model,
        "usage": {"prompt_tokens": result.usage.tokens, "total_tokens": result.usage.total_tokens},
    }


def _input(value: Any, place: str) -> Input:
    if isinstance(value, str) or _is_tokens(value):
        return value
    raise wrong(place, "must be a string or a list of token ids")


def _is_tokens(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and bool(value) and all(type(token) is int for token in value)

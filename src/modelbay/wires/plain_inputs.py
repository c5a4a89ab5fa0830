"""Inputs of models that take text only."""

from __future__ import annotations

from modelbay.entities import MultiModalContent, MultiModalContentType
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import EmbeddingCall


def texts_of(call: EmbeddingCall) -> list[str]:
    """Return the inputs as texts; InvokeBadRequestError, naming it, for one that is not text."""
    return [plain_text(item, f"inputs[{index}]") for index, item in enumerate(call.inputs)]


def plain_text(value: str | MultiModalContent, place: str) -> str:
    """Return a text; InvokeBadRequestError, naming `place`, if the value is something else."""
    if isinstance(value, str):
        return value
    if value.content_type != MultiModalContentType.TEXT:
        raise InvokeBadRequestError(f"{place}: this API takes text only, not {value.content_type}")
    return value.content

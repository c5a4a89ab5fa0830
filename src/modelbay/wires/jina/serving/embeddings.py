"""`POST /v1/embeddings` as clients of Jina speak it: OpenAI's answer, with words of its own in requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import (
    EmbeddingInputType,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.asked_vectors import Input, indexed_body, inputs_of, read_form
from modelbay.wires.serving import EmbeddingAsk, Wishes

_OWN_WORDS = frozenset({"task", "embedding_type", "normalized", "late_chunking"})
_NEUTRAL = {"embedding_type": "base64", "late_chunking": False, "truncate": "NONE"}
_SIDES = {"retrieval.query": EmbeddingInputType.QUERY, "retrieval.passage": EmbeddingInputType.DOCUMENT}


def is_jina(body: Any) -> bool:
    """Whether a body that came to `/v1/embeddings` is Jina's, by its words or by inputs that are objects."""
    if not isinstance(body, Mapping):
        return False
    given = body.get("input")
    holds_objects = isinstance(given, list) and any(isinstance(value, Mapping) for value in given)
    return holds_objects or not _OWN_WORDS.isdisjoint(body)


class EmbeddingsFace:
    """Speaks of vectors of texts and images."""

    dialect = "jina.embeddings"

    def from_request(self, body: Mapping[str, Any]) -> EmbeddingAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        wishes = Wishes(dialect=self.dialect, neutral=_NEUTRAL)
        model, inputs, user = fields.required_text("model"), _inputs(fields), fields.text("user")
        input_type = _read_task(fields, wishes)
        _read_parameters(fields, wishes)
        options = read_form(fields, wishes, "embedding_type")
        wishes.extras = fields.rest()
        return EmbeddingAsk(
            model=model, inputs=inputs, wishes=wishes, input_type=input_type, user=user, options=options
        )

    def from_result(self, ask: EmbeddingAsk, result: TextEmbeddingResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        return indexed_body(ask, result)


EMBEDDINGS = EmbeddingsFace()


def _inputs(fields: Fields) -> list[Input]:
    given = fields.take("input")
    if not isinstance(given, list) or not any(isinstance(value, Mapping) for value in given):
        return inputs_of(given)
    return [_input(value, f"input[{place}]") for place, value in enumerate(given)]


def _input(value: Any, place: str) -> Input:
    if isinstance(value, str):
        return value
    fields = Fields(value, place)
    text, image = fields.text("text"), fields.text("image")
    if fields.rest() or (text is None) == (image is None):
        raise wrong(place, 'must be a string, {"text": …} or {"image": …}')
    if text is not None:
        return text
    return MultiModalContent(content=image or "", content_type=MultiModalContentType.IMAGE)


def _read_task(fields: Fields, wishes: Wishes) -> EmbeddingInputType:
    task = fields.text("task")
    if task is not None and task not in _SIDES:
        wishes.parameters["task"] = task
    return _SIDES.get(task or "", EmbeddingInputType.DOCUMENT)


def _read_parameters(fields: Fields, wishes: Wishes) -> None:
    found = {
        "dimensions": fields.whole("dimensions"),
        "normalized": fields.flag("normalized"),
        "late_chunking": fields.flag("late_chunking"),
    }
    wishes.parameters.update({name: value for name, value in found.items() if value is not None})
    if (cuts := fields.flag("truncate")) is not None:
        wishes.parameters["truncate"] = "END" if cuts else "NONE"

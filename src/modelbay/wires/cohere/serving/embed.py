"""`POST /v2/embed`, as clients of Cohere speak it."""

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
from modelbay.wires.asked_vectors import Input
from modelbay.wires.serving import EmbeddingAsk, Wishes
from modelbay.wires.vectors import packed_vectors, plain_vectors

_SIDES = {
    "search_document": EmbeddingInputType.DOCUMENT,
    "search_query": EmbeddingInputType.QUERY,
    "image": EmbeddingInputType.DOCUMENT,
}
_TASKS = ("classification", "clustering")
_CUTS = ("NONE", "START", "END")
_FORMS = ("float", "base64")
_NEUTRAL = {"truncate": "NONE", "embedding_types": "base64", "priority": 0}


class EmbedFace:
    """Speaks of vectors. A text is cut only if the client says so, though the API's own default is `END`."""

    dialect = "cohere.embed"

    def from_request(self, body: Mapping[str, Any]) -> EmbeddingAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        fields_of = {
            "dimensions": "output_dimension",
            "task": "input_type",
            "encoding_format": "embedding_types",
        }
        wishes = Wishes(dialect=self.dialect, neutral=_NEUTRAL, fields=fields_of)
        model, texts = fields.required_text("model"), fields.texts("texts")
        inputs = _inputs(fields, texts)
        input_type, forms = _read_input_type(fields, wishes), _read_forms(fields, wishes)
        _read_parameters(fields, wishes)
        wishes.extras = fields.rest()
        options = {"forms": forms, "texts": texts}
        return EmbeddingAsk(model=model, inputs=inputs, wishes=wishes, input_type=input_type, options=options)

    def from_result(self, ask: EmbeddingAsk, result: TextEmbeddingResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer, with the vectors in every form asked for."""
        writers = {"float": plain_vectors, "base64": packed_vectors}
        units = {} if result.usage.estimated else {"input_tokens": result.usage.tokens}
        body: dict[str, Any] = {
            "id": answer_id,
            "response_type": "embeddings_by_type",
            "embeddings": {form: writers[form](result) for form in ask.options["forms"]},
            "meta": {"api_version": {"version": "2"}, "billed_units": units},
        }
        if ask.options["texts"] is not None:
            body["texts"] = ask.options["texts"]
        return body


EMBED = EmbedFace()


def _inputs(fields: Fields, texts: list[str] | None) -> list[Input]:
    """Return what is to be embedded; it comes as texts, as images, or as inputs of either kind."""
    images, inputs = fields.texts("images"), fields.items("inputs")
    if sum(given is not None for given in (texts, images, inputs)) != 1:
        raise wrong("texts", "is required, or else images, or inputs: give one of the three")
    if images is not None:
        return [_image(url) for url in images]
    if inputs is not None:
        return [_input(value, f"inputs[{place}]") for place, value in enumerate(inputs)]
    return list(texts or ())


def _input(value: Any, place: str) -> Input:
    parts = Fields(value, place).items("content")
    if parts is None or len(parts) != 1:
        raise wrong(f"{place}.content", "must be a list of one part: a text, or an image")
    part = Fields(parts[0], f"{place}.content[0]")
    kind = part.one_of("type", ("text", "image_url")) or "text"
    if kind == "text":
        return part.required_text("text")
    return _image(Fields(part.take("image_url"), part.name("image_url")).required_text("url"))


def _image(url: str) -> MultiModalContent:
    return MultiModalContent(content=url, content_type=MultiModalContentType.IMAGE)


def _read_input_type(fields: Fields, wishes: Wishes) -> EmbeddingInputType:
    kind = fields.one_of("input_type", (*_SIDES, *_TASKS))
    if kind in _TASKS:
        wishes.parameters["task"] = kind
    return _SIDES.get(kind or "", EmbeddingInputType.DOCUMENT)


def _read_forms(fields: Fields, wishes: Wishes) -> list[str]:
    forms = fields.texts("embedding_types") or ["float"]
    for place, form in enumerate(forms):
        if form not in _FORMS:
            raise wrong(
                f"embedding_types[{place}]", f"{form[:20]!r} vectors are not made here; ask for float"
            )
    if forms == ["base64"]:
        wishes.parameters["encoding_format"] = "base64"
    return forms


def _read_parameters(fields: Fields, wishes: Wishes) -> None:
    found = {"dimensions": fields.whole("output_dimension"), "truncate": fields.one_of("truncate", _CUTS)}
    wishes.parameters.update({name: value for name, value in found.items() if value is not None})

"""`POST /v1/embeddings`, as its clients speak it. Clients of Jina come here too, with words of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import TextEmbeddingResult
from modelbay.wires.asked import Fields
from modelbay.wires.asked_vectors import indexed_body, inputs_of, read_form
from modelbay.wires.jina.serving import embeddings as jina
from modelbay.wires.serving import EmbeddingAsk, Wishes

_NEUTRAL = {"encoding_format": "base64"}  # whatever the upstream sends, the answer has the form asked for


class EmbeddingsFace:
    """Speaks of vectors."""

    dialect = "openai.embeddings"

    def from_request(self, body: Mapping[str, Any]) -> EmbeddingAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        if jina.is_jina(body):
            return jina.EMBEDDINGS.from_request(body)
        fields = Fields(body)
        wishes = Wishes(dialect=self.dialect, neutral=_NEUTRAL)
        model, inputs, user = (
            fields.required_text("model"),
            inputs_of(fields.take("input")),
            fields.text("user"),
        )
        if (size := fields.whole("dimensions")) is not None:
            wishes.parameters["dimensions"] = size
        options = read_form(fields, wishes, "encoding_format")
        wishes.extras = fields.rest()
        return EmbeddingAsk(model=model, inputs=inputs, wishes=wishes, user=user, options=options)

    def from_result(self, ask: EmbeddingAsk, result: TextEmbeddingResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        return indexed_body(ask, result)


EMBEDDINGS = EmbeddingsFace()

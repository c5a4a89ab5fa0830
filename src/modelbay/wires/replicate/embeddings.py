"""Vectors: models take one text, or a list of texts that is itself written as a text."""

from __future__ import annotations

from typing import Any

from modelbay.entities import TextEmbeddingResult
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.json_text import reads_answer, to_json
from modelbay.wires.plain_inputs import texts_of
from modelbay.wires.replicate.prediction import prediction_of, to_creation
from modelbay.wires.replicate.schema import Inputs
from modelbay.wires.request import Request
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import embedding_result

SEVERAL = "texts"
"""The input that takes several texts; the others take one."""


class PredictedVectors:
    """Speaks of vectors as predictions."""

    name = "replicate.vectors"
    takes: frozenset[str] = frozenset()

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request that creates the prediction and waits for its end."""
        inputs = call.options.get("inputs") or Inputs(str(call.options.get("version") or ""))
        place = str(call.options.get("input_field") or "") or inputs.place("texts")
        if not place:
            raise InvokeBadRequestError(
                "input_field: the model has no input for a text that is known; name it"
            )
        values = {**_values(texts_of(call), place, inputs), **call.parameters}
        return to_creation(call.model, inputs, values, endpoint, wait=True)

    @reads_answer
    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return one vector per text, in order, of a prediction that has ended."""
        prediction = prediction_of(body)
        if (failure := prediction.failure()) is not None:
            raise failure
        vectors = [[float(number) for number in row] for row in _rows(prediction.output)]
        tokens = prediction.metrics.get("input_token_count")
        usage = embedding_usage(int(tokens or 0), estimated=tokens is None)
        return embedding_result(call.model, vectors, len(call.inputs), usage, packed=False)


def _values(texts: list[str], place: str, inputs: Inputs) -> dict[str, Any]:
    if place == SEVERAL:
        ways = {"batch_size": len(texts), "convert_to_numpy": False, "normalize_embeddings": True}
        known = {name: value for name, value in ways.items() if not inputs.fields or name in inputs.fields}
        return {place: to_json(texts), **known}
    if len(texts) != 1:
        raise InvokeBadRequestError(f"the model's input {place!r} takes one text, not {len(texts)}")
    return {place: texts[0]}


def _rows(output: Any) -> list[Any]:
    """Return the vectors of `[{"embedding": […]}]`, of a list of them, or of a single one."""
    if isinstance(output, dict):
        output = output.get("embeddings") or output.get("embedding") or output.get("vectors")
    if not isinstance(output, list):
        raise InvokeServerUnavailableError("the prediction's output has no vectors")
    if output and not isinstance(output[0], list | dict):
        return [output]
    return [row["embedding"] if isinstance(row, dict) else row for row in output]

"""Language models: text that is predicted piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from modelbay.entities import FinishReason, LLMResult, LLMResultChunk, LLMUsage, fold
from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk
from modelbay.wires.failures import message_of
from modelbay.wires.family import ChatCall, Endpoint, Framing
from modelbay.wires.replicate.conversation import to_inputs
from modelbay.wires.replicate.prediction import Prediction, prediction_of, to_creation
from modelbay.wires.replicate.schema import Inputs
from modelbay.wires.request import Event, Request
from modelbay.wires.think_tags import ThinkTags
from modelbay.wires.usage import llm_usage


class PredictedText:
    """Speaks of conversations as predictions."""

    name = "replicate.predictions"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request that creates the prediction; it always asks for a stream."""
        inputs = call.options.get("inputs") or Inputs(str(call.options.get("version") or ""))
        return to_creation(call.model, inputs, to_inputs(call, inputs), endpoint, stream=True)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer of a prediction that has ended."""
        prediction = prediction_of(body)
        if (failure := prediction.failure()) is not None:
            raise failure
        reader = OutputReader(call)
        return fold([*reader.grown_to(prediction.text), *reader.ended(prediction)])

    def to_chunks(self, call: ChatCall) -> OutputReader:
        """Return a reader for one answer."""
        return OutputReader(call)


class OutputReader:
    """Reads one answer, from the events of its stream or from the prediction as it grows.

    `done` says that the stream is at its end; usage and failure are then told by the prediction alone.
    """

    def __init__(self, call: ChatCall) -> None:
        self._call = call
        self._tags = ThinkTags() if call.options.get("think_tags") else None
        self._length = 0  # characters of the output that were passed on
        self.done = False

    def read(self, frame: Event | bytes) -> Iterable[LLMResultChunk]:
        """Return what an event adds; its data is the text itself."""
        if not isinstance(frame, Event):
            return ()
        if frame.name == "output":
            return self.add(frame.data.decode("utf-8", "replace"))
        if frame.name == "error":
            raise InvokeServerUnavailableError(_said(frame.data) or "the provider reported an unnamed error")
        self.done = self.done or frame.name == "done"
        return ()

    def add(self, text: str) -> list[LLMResultChunk]:
        """Return the chunks of a further piece of the output."""
        self._length += len(text)
        if self._tags:
            return self._told(*self._tags.feed(text))
        return [text_chunk(self._call.model, text)] if text else []

    def grown_to(self, text: str) -> list[LLMResultChunk]:
        """Return the chunks of what is new in the output so far."""
        return self.add(text[self._length :])

    def ended(self, prediction: Prediction | None) -> list[LLMResultChunk]:
        """Return the end of the answer; without a prediction it was cut off by us, at a stop sequence."""
        held = self._told(*self._tags.close()) if self._tags else []
        usage = _usage(prediction)
        reason = FinishReason.LENGTH if self._is_cut_off(usage) else FinishReason.STOP
        return [*held, last_chunk(self._call.model, usage, reason)]

    def close(self) -> Iterable[LLMResultChunk]:
        """Check that the stream came to its end."""
        if not self.done:
            raise InvokeConnectionError("the provider's stream ended before the answer did (no done)")
        return ()

    def _told(self, reasoning: str, text: str) -> list[LLMResultChunk]:
        chunks = [reasoning_chunk(self._call.model, reasoning)] if reasoning else []
        return [*chunks, text_chunk(self._call.model, text)] if text else chunks

    def _is_cut_off(self, usage: LLMUsage) -> bool:
        """Whether the answer is as long as was asked for: the provider does not say why it ended."""
        limit = self._call.parameters.get("max_tokens")
        return bool(limit and not usage.estimated and usage.completion_tokens >= limit)


def _usage(prediction: Prediction | None) -> LLMUsage:
    """Return the usage; models that are billed by the second count no tokens."""
    metrics = prediction.metrics if prediction else {}
    prompt, said = metrics.get("input_token_count"), metrics.get("output_token_count")
    if isinstance(prompt, int) and isinstance(said, int):
        return llm_usage(prompt=prompt, completion=said)
    usage = llm_usage(prompt=0, completion=0)
    usage.estimated = True
    return usage


def _said(data: bytes) -> str:
    try:
        return message_of(orjson.loads(data))
    except orjson.JSONDecodeError:
        return message_of(data.decode("utf-8", "replace"))

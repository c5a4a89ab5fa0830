"""Reading answers, streamed or whole: every event has the form of a whole answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import AssistantPromptMessage, LLMResultChunk, LLMResultChunkDelta
from modelbay.errors import InvokeConnectionError
from modelbay.wires.chunks import reasoning_chunk, text_chunk
from modelbay.wires.dashscope.errors import raise_error_in
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object, reads_answer
from modelbay.wires.openai.call_pieces import CallPieces
from modelbay.wires.openai.reading import content_of, finish_reason, no_usage, usage_of
from modelbay.wires.openai.shapes import list_of, object_of, objects_of
from modelbay.wires.request import Event

Chunks = list[LLMResultChunk]
_GOES_ON = "null"  # the reason to stop, as text, until there is one


class ChatReader:
    """Reads one answer. Usage comes with every event and grows: the last one counts.

    Where the upstream is asked for no increments, events repeat what was said; only what is new is passed on.
    """

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._cumulative = bool(call.options.get("cumulative"))
        self._calls = CallPieces(call.model)
        self._whole_calls: list[dict[str, Any]] = []
        self._text = self._reasoning = ""
        self._usage: Any = None
        self._reason = ""
        self._more: dict[str, Any] = {}

    def read(self, frame: Event | bytes) -> Chunks:
        """Return what a frame adds; an error event raises its error."""
        name, data = (frame.name, frame.data) if isinstance(frame, Event) else ("", frame)
        body = frame_object(data)
        raise_error_in(body, name)
        return self.take(body)

    @reads_answer
    def take(self, body: Mapping[str, Any]) -> Chunks:
        """Return what an event, or a whole answer, adds."""
        self._usage = body.get("usage") or self._usage
        output = object_of(body.get("output"))
        if output.get("search_info"):
            self._more = {"search_info": output["search_info"]}
        choices = objects_of(output.get("choices"))
        choice = choices[0] if choices else {"message": {"content": output.get("text")}, **output}
        reason = choice.get("finish_reason")
        if reason and reason != _GOES_ON:
            self._reason = str(reason)
        return self._said(object_of(choice.get("message")))

    def close(self) -> Chunks:
        """Return what ends the answer; InvokeConnectionError if it was cut off."""
        if not self._reason:
            raise InvokeConnectionError(
                "the provider's stream ended before the answer did (no finish_reason)"
            )
        calls = self._whole_call_chunks() if self._cumulative else []
        return [*calls, *self._calls.close(), self._last()]

    def _said(self, message: Mapping[str, Any]) -> Chunks:
        text = content_of(message.get("content"))[0]
        thought = content_of(message.get("reasoning_content"))[0]
        if self._cumulative:
            text, thought = self._new(text, thought)
        chunks = [reasoning_chunk(self._model, thought)] if thought else []
        if text:
            chunks.append(text_chunk(self._model, text))
        return chunks + self._tool_chunks(list_of(message.get("tool_calls")))

    def _new(self, text: str, thought: str) -> tuple[str, str]:
        text, self._text = _added(self._text, text)
        thought, self._reasoning = _added(self._reasoning, thought)
        return text, thought

    def _tool_chunks(self, pieces: list[Any]) -> Chunks:
        if self._cumulative:  # arguments are whole only in the last event
            self._whole_calls = [piece for piece in pieces if isinstance(piece, dict)] or self._whole_calls
            return []
        return [chunk for piece in pieces if (chunk := self._calls.read(piece))]

    def _whole_call_chunks(self) -> Chunks:
        return [chunk for piece in self._whole_calls if (chunk := self._calls.read(piece))]

    def _last(self) -> LLMResultChunk:
        delta = LLMResultChunkDelta(
            index=0,
            message=AssistantPromptMessage(content="", **self._more),
            usage=usage_of(self._usage) or no_usage(),
            finish_reason=finish_reason(self._reason, calls_tools=bool(self._calls)),
        )
        return LLMResultChunk(model=self._model, delta=delta)


def _added(known: str, piece: str) -> tuple[str, str]:
    """Return what is new in a piece that repeats what is known, and all that is known then."""
    if not piece:
        return "", known
    return (piece[len(known) :], piece) if piece.startswith(known) else (piece, known + piece)

"""Reading answers, streamed or whole: events of one shape, the last with `is_end`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import FinishReason, LLMResultChunk
from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.chunks import last_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object, to_json
from modelbay.wires.openai.reading import no_usage, usage_of
from modelbay.wires.qianfan.errors import raise_error_in
from modelbay.wires.request import Event

_REASONS = {"normal": FinishReason.STOP.value, "function_call": FinishReason.TOOL_CALLS.value}


class AnswerReader:
    """Reads one answer."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._usage: Any = None
        self._reason = ""
        self._calls = 0
        self._complete = self._ended = False

    def read(self, frame: Event | bytes) -> list[LLMResultChunk]:
        """Return what an event adds; one with an error raises it."""
        data = frame if isinstance(frame, bytes) else frame.data
        if self._ended or data.startswith(b"[DONE]"):
            return []
        body = frame_object(data)
        chunks = self.take(body)
        return [*chunks, *self.end()] if body.get("is_end") else chunks

    def close(self) -> list[LLMResultChunk]:
        """Check that the answer came to its end."""
        if self._ended:
            return []
        if not self._complete:
            raise InvokeConnectionError("the provider's stream ended before the answer did (no is_end)")
        return self.end()

    def take(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        """Return what an event, or a whole answer, adds."""
        raise_error_in(body)
        if "result" not in body and "function_call" not in body and "is_end" not in body:
            raise InvokeServerUnavailableError("the provider's answer has no 'result'")
        self._usage = body.get("usage") or self._usage
        self._reason = self._reason_in(body)
        self._complete = self._complete or body.get("finish_reason") is not None
        text = body.get("result")
        chunks = [text_chunk(self._model, text)] if isinstance(text, str) and text else []
        called = body.get("function_call")
        return [*chunks, self._call(called)] if isinstance(called, Mapping) and called else chunks

    def end(self) -> list[LLMResultChunk]:
        """Return what ends the answer."""
        self._ended = True
        usage = usage_of(self._usage) or no_usage()
        reason = self._reason or FinishReason.STOP.value
        return [last_chunk(self._model, usage, FinishReason.TOOL_CALLS.value if self._calls else reason)]

    def _reason_in(self, body: Mapping[str, Any]) -> str:
        if body.get("is_truncated"):
            return FinishReason.LENGTH.value
        word = str(body.get("finish_reason") or self._reason)
        return _REASONS.get(word, word)

    def _call(self, called: Mapping[str, Any]) -> LLMResultChunk:
        number, self._calls = self._calls, self._calls + 1
        arguments = called.get("arguments") or "{}"
        return tool_chunk(
            self._model,
            number,
            call_id=f"call_{number}",
            name=str(called.get("name") or ""),
            arguments=arguments if isinstance(arguments, str) else to_json(arguments),
        )

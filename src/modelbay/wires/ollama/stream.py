"""Streamed answers: one JSON object a line, the last with `done`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from modelbay.entities import FinishReason, LLMResultChunk, LLMUsage
from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.failures import in_body
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object, reads_answer, to_json
from modelbay.wires.request import Event
from modelbay.wires.think_tags import ThinkTags
from modelbay.wires.usage import llm_usage


class LineReader:
    """Reads the lines of one answer of `/api/chat` or `/api/generate`."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._tags = ThinkTags() if call.options.get("think_tags") else None
        self._answer_id = ""
        self._tools = 0
        self._ended = False

    def read(self, frame: Event | bytes) -> Iterable[LLMResultChunk]:
        """Return what the line adds; a line with an error raises it."""
        return self.read_line(frame_object(frame if isinstance(frame, bytes) else frame.data))

    @reads_answer
    def read_line(self, line: dict[str, Any]) -> list[LLMResultChunk]:
        """Return what a decoded line adds."""
        if "error" in line:
            raise in_body(line) or InvokeServerUnavailableError("the provider reported an unnamed error")
        message = line.get("message") or line
        chunks: list[LLMResultChunk] = []
        if message.get("thinking"):
            chunks.append(reasoning_chunk(self._model, message["thinking"]))
        text = message.get("content") or line.get("response")
        if text:
            chunks += self._text(text)
        if message.get("tool_calls"):
            chunks += [self._tool_call(call) for call in message["tool_calls"]]
        if line.get("done"):
            chunks += [*(self._told(*self._tags.close()) if self._tags else ()), self._end(line)]
        return chunks

    def close(self) -> Iterable[LLMResultChunk]:
        """Check that the answer came to its end."""
        if not self._ended:
            raise InvokeConnectionError("the provider's stream ended before the answer did (no done)")
        return ()

    def _text(self, text: str) -> list[LLMResultChunk]:
        return self._told(*self._tags.feed(text)) if self._tags else [text_chunk(self._model, text)]

    def _told(self, reasoning: str, text: str) -> list[LLMResultChunk]:
        chunks = [reasoning_chunk(self._model, reasoning)] if reasoning else []
        return [*chunks, text_chunk(self._model, text)] if text else chunks

    def _tool_call(self, call: dict[str, Any]) -> LLMResultChunk:
        function = call.get("function") or {}
        arguments = function.get("arguments") or {}
        index, self._tools = self._tools, self._tools + 1
        return tool_chunk(
            self._model,
            index,
            call_id=str(call.get("id") or self._call_id(index)),
            name=function.get("name") or "",
            arguments=arguments if isinstance(arguments, str) else to_json(arguments),
        )

    def _call_id(self, index: int) -> str:
        """Return an id for a call that came without one. A conversation holds the calls of many answers."""
        self._answer_id = self._answer_id or uuid.uuid4().hex[:20]
        return f"call_{self._answer_id}_{index}"

    def _end(self, line: dict[str, Any]) -> LLMResultChunk:
        self._ended = True
        reason = str(line.get("done_reason") or FinishReason.STOP).lower()
        if self._tools and reason == FinishReason.STOP:
            reason = FinishReason.TOOL_CALLS
        return last_chunk(self._model, _usage(line), reason)


def _usage(line: dict[str, Any]) -> LLMUsage:
    """Return the usage; it counts as estimated where the server left a count out, as for a cached prompt."""
    prompt, completion = line.get("prompt_eval_count"), line.get("eval_count")
    usage = llm_usage(prompt=prompt or 0, completion=completion or 0)
    usage.estimated = prompt is None or completion is None
    return usage

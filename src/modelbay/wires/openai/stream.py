"""Reading chat completions, streamed or whole: both go through one reader, so both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    LLMResultChunk,
    LLMResultChunkDelta,
)
from modelbay.errors import InvokeConnectionError
from modelbay.wires.chunks import reasoning_chunk, text_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object
from modelbay.wires.openai.call_pieces import CallPieces
from modelbay.wires.openai.reading import content_of, finish_reason, no_usage, reasoning_of, usage_of
from modelbay.wires.openai.replay import MessageState
from modelbay.wires.openai.shapes import list_of, object_of
from modelbay.wires.openai.upstream_errors import FAILURES, raise_error_in, raise_failure
from modelbay.wires.request import Event
from modelbay.wires.think_tags import ThinkTags

_DONE = b"[DONE]"
_EVERYWHERE = frozenset({"role", "content"})
_TOOL_CALLS = ["tool_calls"]


class ChatReader:
    """Reads one answer. `[DONE]` is not needed: a reason to stop before the end of the stream is enough."""

    def __init__(self, call: ChatCall) -> None:
        tags = call.options.get("think_tags")
        self._tags = ThinkTags(implied=tags == "implied") if tags else None
        self._cumulative = bool(call.options.get("cumulative"))
        self._model = call.model
        self._named = False
        self._calls = CallPieces(call.model)
        self._state = MessageState(call)
        self._usage: Any = None
        self._reason: Any = None
        self._text = self._reasoning = ""  # all there was so far, kept for cumulative servers only
        self._said_anything = self._ended = False

    def read(self, frame: Event | bytes) -> list[LLMResultChunk]:
        """Return what a frame adds."""
        data = frame.data if isinstance(frame, Event) else frame
        if self._ended:
            return []
        if data.startswith(_DONE):
            return self.end()
        body = frame_object(data)
        raise_error_in(body, frame.name if isinstance(frame, Event) else "")
        return self.take(body)

    def close(self) -> list[LLMResultChunk]:
        """Return what is left at the end of the stream."""
        if self._ended:
            return []
        if not self._reason:
            raise InvokeConnectionError("the provider's stream ended before the answer did")
        return self.end()

    def take(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        """Return what a chunk, or a whole answer, adds."""
        if not self._named:
            self._name(body)
        if self._state.kept:
            self._state.keep_beside(body)
        usage = body.get("usage")
        if usage:
            self._usage = usage
        choices = body.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            self._state.keep_answer(body)
            return []
        return self._choice(choices[0], body)

    def end(self) -> list[LLMResultChunk]:
        """Return what ends the answer."""
        self._ended = True
        thought, text = self._tags.close() if self._tags else ("", "")
        return [*self._chunks(thought, text), *self._calls.close(), self._last()]

    def _name(self, body: Mapping[str, Any]) -> None:
        self._named = bool(body.get("model"))
        self._model = self._calls.model = str(body.get("model") or self._model)
        self._state.keep_answer(body)

    def _choice(self, choice: Mapping[str, Any], body: Mapping[str, Any]) -> list[LLMResultChunk]:
        reason = choice.get("finish_reason")
        if reason:
            if reason in FAILURES:
                raise_failure(reason, choice)
            self._reason = reason
            self._usage = choice.get("usage") or object_of(body.get("x_groq")).get("usage") or self._usage
            self._state.keep_answer(body)
        if choice.get("logprobs"):
            self._state.keep_logprobs(choice["logprobs"])
        if self._state.kept:
            self._state.keep_beside(choice)
        delta = choice.get("delta")
        if delta and isinstance(delta, dict):
            return self._delta(delta)
        message = choice.get("message")
        # A whole message at the end of a stream repeats what the stream said.
        return self._delta(message) if isinstance(message, dict) and not self._said_anything else []

    def _delta(self, delta: Mapping[str, Any]) -> list[LLMResultChunk]:
        """Read a delta. What most of them hold, text alone or pieces of tool calls alone, is read first."""
        content = delta.get("content")
        more = [name for name, value in delta.items() if value and name not in _EVERYWHERE]
        if not more and type(content) is str and not self._cumulative:
            self._said_anything = True
            thought, text = self._tags.feed(content) if self._tags else ("", content)
            return self._chunks(thought, text)
        if more == _TOOL_CALLS and not content:
            self._said_anything = True
            return self._tool_chunks(delta)
        text, thought = content_of(content)
        text, thought = self._new(text + self._state.words_in(delta), thought or reasoning_of(delta))
        inline, text = self._tags.feed(text) if self._tags else ("", text)
        chunks = self._chunks(thought + inline, text)
        if text and text == delta.get("refusal"):  # says of itself what it is; the last chunk has it whole
            chunks[-1].delta.message.refusal = text  # type: ignore[attr-defined]
        chunks += self._tool_chunks(delta)
        self._state.keep_message(delta)
        self._said_anything = self._said_anything or bool(chunks)
        return chunks

    def _new(self, text: str, thought: str) -> tuple[str, str]:
        """Return what a delta adds: servers that are cumulative repeat all there was."""
        if not self._cumulative:
            return text, thought
        text, self._text = _added(self._text, text)
        thought, self._reasoning = _added(self._reasoning, thought)
        return text, thought

    def _chunks(self, thought: str, text: str) -> list[LLMResultChunk]:
        if not thought:
            return [text_chunk(self._model, text)] if text else []
        chunks = [reasoning_chunk(self._model, thought)]
        return [*chunks, text_chunk(self._model, text)] if text else chunks

    def _tool_chunks(self, delta: Mapping[str, Any]) -> list[LLMResultChunk]:
        pieces = list_of(delta.get("tool_calls"))
        if delta.get("function_call"):
            pieces = [*pieces, {"index": 0, "function": delta["function_call"]}]
        return [chunk for piece in pieces if (chunk := self._calls.read(piece))]

    def _last(self) -> LLMResultChunk:
        message = AssistantPromptMessage(
            content=self._audio(), opaque_body=self._state.opaque_body(), **self._state.message
        )
        delta = LLMResultChunkDelta(
            index=0,
            message=message,
            usage=usage_of(self._usage) or no_usage(),
            finish_reason=finish_reason(self._reason, calls_tools=bool(self._calls)),
        )
        return LLMResultChunk(model=self._model, delta=delta, **self._state.answer)

    def _audio(self) -> str | list[Any]:
        data = self._state.audio_data()
        return [AudioPromptMessageContent(base64_data=data)] if data else ""


def _added(known: str, piece: str) -> tuple[str, str]:
    if piece.startswith(known):
        return piece[len(known) :], piece
    return piece, known + piece

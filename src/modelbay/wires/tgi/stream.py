"""Answers: one event a token, the last with the whole text and the counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modelbay.entities import FinishReason, LLMResultChunk, LLMUsage
from modelbay.errors import (
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk
from modelbay.wires.failures import message_of
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object, reads_answer
from modelbay.wires.request import Event
from modelbay.wires.think_tags import ThinkTags
from modelbay.wires.usage import llm_usage

_REASONS = {"length": FinishReason.LENGTH, "eos_token": FinishReason.STOP, "stop_sequence": FinishReason.STOP}
_ERRORS: dict[str, type[InvokeError]] = {
    "overloaded": InvokeRateLimitError,
    "validation": InvokeBadRequestError,
}


class TokenReader:
    """Reads one answer of `/generate_stream`, or the one object of `/generate`."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._tags = ThinkTags() if call.options.get("think_tags") else None
        self._said = self._ended = False

    def read(self, frame: Event | bytes) -> Iterable[LLMResultChunk]:
        """Return what the event adds; an event with an error raises it."""
        data = frame if isinstance(frame, bytes) else frame.data
        return () if data == b"[DONE]" else self.read_object(frame_object(data))

    @reads_answer
    def read_object(self, value: dict[str, Any]) -> list[LLMResultChunk]:
        """Return what a decoded event, or a whole answer, adds."""
        if "error" in value:
            raise _error(value)
        token, whole = value.get("token"), value.get("generated_text")
        if token is None and whole is None:
            return []
        chunks: list[LLMResultChunk] = []
        if token is not None and not token.get("special"):
            chunks = self._text(token["text"])
        elif token is None and not self._said:
            chunks = self._text(str(whole))
        return chunks if whole is None else [*chunks, *self._end(value.get("details") or {})]

    def close(self) -> Iterable[LLMResultChunk]:
        """Check that the answer came to its end."""
        if not self._ended:
            raise InvokeConnectionError(
                "the provider's stream ended before the answer did (no generated_text)"
            )
        return ()

    def _text(self, text: str) -> list[LLMResultChunk]:
        self._said = True
        if self._tags:
            return self._told(*self._tags.feed(text))
        return [text_chunk(self._model, text)] if text else []

    def _told(self, reasoning: str, text: str) -> list[LLMResultChunk]:
        chunks = [reasoning_chunk(self._model, reasoning)] if reasoning else []
        return [*chunks, text_chunk(self._model, text)] if text else chunks

    def _end(self, details: dict[str, Any]) -> list[LLMResultChunk]:
        self._ended = True
        held = self._told(*self._tags.close()) if self._tags else []
        reason = str(details.get("finish_reason") or FinishReason.STOP)
        return [*held, last_chunk(self._model, _usage(details), _REASONS.get(reason, reason))]


def _usage(details: dict[str, Any]) -> LLMUsage:
    """Return the usage; what the server does not count (the prompt of a whole answer) is for the kit."""
    prompt, completion = details.get("input_length"), details.get("generated_tokens")
    if prompt is None and details.get("prefill"):
        prompt = len(details["prefill"])
    usage = llm_usage(prompt=prompt or 0, completion=completion or 0)
    usage.estimated = prompt is None or completion is None
    return usage


def _error(value: dict[str, Any]) -> InvokeError:
    kind = str(value.get("error_type") or "")
    cls = _ERRORS.get(kind, InvokeServerUnavailableError)
    return cls(message_of(value["error"]) or "the provider reported an unnamed error", code=kind or None)

"""Answers: each event of a stream has the form of a whole answer, with the parts that are new."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from modelbay.entities import LLMResultChunk
from modelbay.errors import InvokeConnectionError
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.gemini.answer import finish_reason_of, is_plain, refuse_failure, usage_of
from modelbay.wires.gemini.errors import error_of
from modelbay.wires.gemini.state import KEY, Part
from modelbay.wires.json_text import frame_object, reads_answer, to_json
from modelbay.wires.request import Event

_KEPT_OF_CANDIDATE = ("groundingMetadata", "citationMetadata", "urlContextMetadata", "finishMessage")
_TEXT_KEYS = frozenset({"text", "thought"})


class PartReader:
    """Reads the events of one answer, and puts its parts together as a whole answer would have them."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._parts: list[Part] = []
        self._text: list[str] = []  # of the last part, which is still growing
        self._ids: list[str] = []
        self._made_up = False
        self._answer_id = ""
        self._usage: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._finish: str | None = None

    def read(self, frame: Event | bytes) -> Iterable[LLMResultChunk]:
        """Return what the event adds; an event with an error raises it."""
        return self.read_answer(frame_object(frame if isinstance(frame, bytes) else frame.data))

    @reads_answer
    def read_answer(self, answer: dict[str, Any]) -> list[LLMResultChunk]:
        """Return what a decoded event, or a whole answer, adds."""
        if "error" in answer:
            raise error_of(answer)
        self._answer_id = answer.get("responseId") or self._answer_id
        self._usage = answer.get("usageMetadata") or self._usage  # totals, not additions
        chunks: list[LLMResultChunk] = []
        for candidate in (answer.get("candidates") or ())[:1]:
            for part in (candidate.get("content") or {}).get("parts") or ():
                chunks += self._part(part)
            self._end_of(candidate)
        blocked = (answer.get("promptFeedback") or {}).get("blockReason")
        if blocked:
            self._finish = "SAFETY"
            self._kept["promptFeedback"] = answer["promptFeedback"]
        return chunks

    @reads_answer
    def close(self) -> Iterable[LLMResultChunk]:
        """Return the end of the answer: nothing but the end of the stream marks it."""
        if self._finish is None:
            raise InvokeConnectionError(
                "the provider's answer ended before it was complete (no finishReason)"
            )
        self._close_text()
        usage = usage_of(self._usage)
        finish = finish_reason_of(self._finish, calls=bool(self._ids))
        return (last_chunk(self._model, usage, finish, self._opaque_body()),)

    def _end_of(self, candidate: dict[str, Any]) -> None:
        self._kept |= {name: candidate[name] for name in _KEPT_OF_CANDIDATE if candidate.get(name)}
        reason = candidate.get("finishReason")
        if reason and reason != "FINISH_REASON_UNSPECIFIED":
            refuse_failure(reason, candidate.get("finishMessage"))
            self._finish = reason

    def _part(self, part: Part) -> Iterable[LLMResultChunk]:
        text = part.get("text")
        if text is not None:
            return self._say(part, text)
        self._close_text()
        self._parts.append(part)
        return (self._call(part["functionCall"]),) if "functionCall" in part else ()

    def _say(self, part: Part, text: str) -> Iterable[LLMResultChunk]:
        if not isinstance(text, str):
            raise TypeError("a text is none")
        plain = _TEXT_KEYS.issuperset(part)
        if plain and not text:
            return ()  # ends a stream; sent back it would be refused
        thought = bool(part.get("thought"))
        if self._text and plain and thought == bool(self._parts[-1].get("thought")):
            self._text.append(text)
        else:
            self._close_text()
            self._parts.append(part)
            # A signed part is complete: one that is not signed must not be joined to it.
            self._text = [text] if plain else []
        if not text:
            return ()
        return (reasoning_chunk(self._model, text) if thought else text_chunk(self._model, text),)

    def _close_text(self) -> None:
        if len(self._text) > 1:
            self._parts[-1] = self._parts[-1] | {"text": "".join(self._text)}
        self._text = []

    def _call(self, call: dict[str, Any]) -> LLMResultChunk:
        index, given = len(self._ids), call.get("id")
        self._made_up = self._made_up or not given
        self._ids.append(str(given or self._call_id(index)))
        arguments = to_json(call.get("args") or {})
        return tool_chunk(
            self._model, index, call_id=self._ids[-1], name=str(call.get("name") or ""), arguments=arguments
        )

    def _call_id(self, index: int) -> str:
        """Return an id for a call that came without one. A conversation holds the calls of many answers."""
        self._answer_id = self._answer_id or uuid.uuid4().hex[:20]
        return f"call_{self._answer_id}_{index}"

    def _opaque_body(self) -> dict[str, Any] | None:
        """Return the state that the next turn needs: the parts, if text and tool calls do not say it all."""
        state = dict(self._kept)
        if not is_plain(self._parts):
            state["content"] = self._parts
            if self._made_up:
                state["ids"] = self._ids
        return {KEY: state} if state else None

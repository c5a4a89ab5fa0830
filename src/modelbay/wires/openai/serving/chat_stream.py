"""Streamed answers as clients of chat completions read them."""

from __future__ import annotations

from typing import Any

import orjson

from modelbay.entities import AssistantPromptMessage, LLMResultChunk, ToolCall
from modelbay.errors import ModelbayError
from modelbay.wires.openai.custom_calls import CUSTOM, TextPieces
from modelbay.wires.openai.serving.chat_answer import (
    audio_of,
    beside,
    call_body,
    ending,
    envelope,
    logprobs_of,
    of_the_answer,
)
from modelbay.wires.openai.serving.frames import DONE, Frames, failure
from modelbay.wires.serving import ChatAsk

_TEXT = (b'{"index":0,"delta":{"content":', b'},"logprobs":null,"finish_reason":null}')
_dumps = orjson.dumps


class ChatWriter:
    """Writes one answer. Most chunks hold text and nothing else: they take the short way."""

    __slots__ = (
        *(
            "_after",
            "_answer_id",
            "_ask",
            "_before",
            "_calls",
            "_frames",
            "_legacy",
            "_refused",
            "_said_text",
        ),
        "_texts",
    )

    def __init__(self, ask: ChatAsk, answer_id: str) -> None:
        self._ask = ask
        self._answer_id = answer_id
        self._legacy = bool(ask.options.get("functions"))
        self._calls: list[int | str] = []
        self._texts: dict[int, TextPieces] = {}
        self._refused = self._said_text = False
        self._frames: Frames | None = None
        self._before = self._after = b""

    def write(self, chunk: LLMResultChunk) -> bytes:
        """Return what a chunk adds; the first call also returns what begins the answer."""
        delta = chunk.delta
        message = delta.message
        content = message.content
        if (
            self._frames is not None
            and content
            and type(content) is str
            and delta.usage is None
            and delta.finish_reason is None
            and not (message.reasoning_content or message.tool_calls or message.opaque_body)
            and not message.__pydantic_extra__
        ):
            self._said_text = True
            return self._before + _dumps(content) + self._after
        return self._write(chunk)

    def close(self) -> bytes:
        """Return what ends the answer, after the last chunk was written."""
        return DONE

    def fail(self, error: ModelbayError) -> bytes:
        """Return the dialect's error event and what ends the stream after it."""
        return failure(error)

    def _write(self, chunk: LLMResultChunk) -> bytes:
        begun = self._frames is not None
        frames = self._frames or self._begin(chunk)
        first = (
            b"" if begun else frames.choice(_choice({"role": "assistant", "content": "", "refusal": None}))
        )
        delta = chunk.delta
        last = delta.usage is not None or delta.finish_reason is not None
        said = self._said(delta.message)
        more = beside(delta.message)
        if last and not (self._refused or self._said_text):  # whose words were told as text have been told
            more |= _refusal_of(delta.message)
        if not last:
            said |= more
            return first + frames.choice(_choice(said)) if said else first
        words = frames.choice(_choice(said)) if said else b""
        choice = _choice(more, logprobs_of(delta.message)) | ending(delta.finish_reason, self._legacy)
        return first + words + frames.choice(choice, of_the_answer(chunk)) + frames.usage(delta.usage)

    def _begin(self, chunk: LLMResultChunk) -> Frames:
        head = envelope(self._ask, self._answer_id, chunk.model, chunk=True)
        frames = Frames(head, _TEXT, include_usage=bool(self._ask.options.get("include_usage")))
        self._frames, self._before, self._after = frames, frames.before_text, frames.after_text
        return frames

    def _said(self, message: AssistantPromptMessage) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if message.reasoning_content:
            said["reasoning_content"] = message.reasoning_content
        audio = audio_of(message)
        if audio:  # where the words came before their sound they are said already, else they go with it
            said["audio"] = audio
        elif message.content:
            said |= self._words(message)
        return said | self._called(message.tool_calls) if message.tool_calls else said

    def _words(self, message: AssistantPromptMessage) -> dict[str, Any]:
        """Return the text; the words of a refusal have a field of their own."""
        text, refusal = message.text, message.unknown_fields.get("refusal")
        if not isinstance(refusal, str) or not refusal or not text.endswith(refusal):
            self._said_text = self._said_text or bool(text)
            return {"content": text} if text else {}
        self._refused = True
        text = text[: -len(refusal)]
        return {"content": text, "refusal": refusal} if text else {"refusal": refusal}

    def _called(self, calls: list[ToolCall]) -> dict[str, Any]:
        pieces = [piece for call in calls if (piece := self._piece(call))]
        if not pieces:
            return {}
        if not self._legacy:
            return {"tool_calls": pieces}
        first = [piece["function"] for piece in pieces if piece["index"] == 0 and "function" in piece]
        others = [piece for piece in pieces if piece["index"] != 0]
        called = {"function_call": first[0]} if first else {}
        return called | ({"tool_calls": others} if others else {})

    def _piece(self, call: ToolCall) -> dict[str, Any]:
        """Return a piece of a call: the first says which call it is, the others only go on with it."""
        key = call.id if call.index is None else call.index
        index = self._index_of(key, call)
        if call.type == CUSTOM or index in self._texts:
            return self._piece_of_text(call, key, index)
        if index < len(self._calls):
            return {"index": index, **call.unknown_fields, "function": {"arguments": call.function.arguments}}
        self._calls.append(key)
        return {"index": index, **call_body(call)}

    def _piece_of_text(self, call: ToolCall, key: int | str, index: int) -> dict[str, Any]:
        """Return a piece of a call that is made with free text; {} if it adds none."""
        text = self._texts.setdefault(index, TextPieces()).read(call.function.arguments)
        if index < len(self._calls):
            return {"index": index, **call.unknown_fields, CUSTOM: {"input": text}} if text else {}
        self._calls.append(key)
        custom = {"name": call.function.name, "input": text}
        return {"index": index, **call.unknown_fields, "id": call.id, "type": CUSTOM, CUSTOM: custom}

    def _index_of(self, key: int | str, call: ToolCall) -> int:
        """Return the place of a call among those of the answer; a nameless piece goes on with the last."""
        if key != "" and key in self._calls:
            return self._calls.index(key)
        goes_on = key == "" and not call.function.name and self._calls
        return len(self._calls) - 1 if goes_on else len(self._calls)


def _refusal_of(message: AssistantPromptMessage) -> dict[str, Any]:
    refusal = message.unknown_fields.get("refusal")
    return {"refusal": refusal} if refusal else {}


def _choice(delta: dict[str, Any], logprobs: Any = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": None}

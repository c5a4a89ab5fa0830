"""Streamed answers, written as the events of a message."""

from __future__ import annotations

import orjson

from modelbay.entities import AssistantPromptMessage, LLMResultChunk, LLMUsage, ToolCall
from modelbay.errors import ModelbayError
from modelbay.wires.anthropic.blocks import Block
from modelbay.wires.anthropic.serving.answer import (
    begun,
    call_id_of,
    carried_by,
    content_of,
    ending_of,
    foreign_state,
    usage_of,
    words_in,
)
from modelbay.wires.anthropic.serving.errors import kind_of
from modelbay.wires.anthropic.serving.events import AFTER, PING, STOP, event, opening
from modelbay.wires.anthropic.serving.told import ToldBlocks
from modelbay.wires.anthropic.state import state_of
from modelbay.wires.serving import ChatAsk

_dumps = orjson.dumps
_TEXT, _THINKING = opening("text"), opening("thinking")


class MessageWriter:
    """Writes one answer. What only its end can tell (usage, state) is written by `close`."""

    def __init__(self, ask: ChatAsk, answer_id: str) -> None:
        self._ask = ask
        self._id = answer_id
        self._begun = False
        self._blocks = ToldBlocks()
        self._calls: dict[int, ToolCall] = {}
        self._stateful = AssistantPromptMessage()
        self._usage: LLMUsage | None = None
        self._finish_reason: str | None = None

    def write(self, chunk: LLMResultChunk) -> bytes:
        """Return what a chunk adds; the first call also returns what begins the answer."""
        delta = chunk.delta
        message = delta.message
        text = message.content
        blocks = self._blocks
        if (  # the usual chunk: more of the text that is open
            blocks.before_text is not None
            and type(text) is str
            and text
            and message.opaque_body is None
            and not message.tool_calls
            and not message.reasoning_content
            and delta.usage is None
            and delta.finish_reason is None
        ):
            blocks.length += len(text)
            return blocks.before_text + _dumps(text) + AFTER
        return self._begin(chunk.model) + self._add(chunk)

    def close(self) -> bytes:
        """Return what ends the answer: open blocks, the state that a client carries, the counts."""
        out = self._begin("") + self._blocks.catch_up()
        opaque = self._stateful.opaque_body
        untold = opaque if self._blocks.differ else foreign_state(opaque)
        out += self._blocks.end(carried_by(untold, self._calls.values()))
        ending = ending_of(self._finish_reason, bool(self._calls), state_of(self._stateful))
        counts = usage_of(self._usage) if self._usage else {"output_tokens": 0}
        return out + event({"type": "message_delta", "delta": ending, "usage": counts}) + STOP

    def fail(self, error: ModelbayError) -> bytes:
        """Return the error event; nothing comes after it."""
        told = {"type": kind_of(error), "message": error.description}
        return event({"type": "error", "error": told})

    def _begin(self, model: str) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        tokens = self._ask.options.get("input_tokens", 0)
        message = begun(self._id, model or self._ask.model) | {
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": tokens, "output_tokens": 0},
        }
        return event({"type": "message_start", "message": message}) + PING

    def _add(self, chunk: LLMResultChunk) -> bytes:
        delta, message = chunk.delta, chunk.delta.message
        self._usage = delta.usage or self._usage
        self._finish_reason = delta.finish_reason or self._finish_reason
        if message.opaque_body is not None:
            self._stateful = message
        content = content_of(state_of(message))
        if content is None:
            return self._said(message)
        return self._with_blocks(message, content, is_last=delta.finish_reason is not None)

    def _with_blocks(self, message: AssistantPromptMessage, content: list[Block], *, is_last: bool) -> bytes:
        """Return what a chunk adds that has blocks: those before its own words, the last one all of them."""
        if not is_last:
            return self._blocks.reconcile(content) + self._said(message)
        if not self._blocks.nothing:
            return self._said(message) + self._blocks.reconcile(content)
        self._calls |= dict(enumerate(message.tool_calls))
        return self._blocks.reconcile(content)

    def _said(self, message: AssistantPromptMessage) -> bytes:
        out = b""
        if message.reasoning_content:
            out += self._blocks.add("thinking", message.reasoning_content, _THINKING)
        if message.content:
            out += self._blocks.add("text", words_in(message.content), _TEXT)
        if message.tool_calls:
            out += b"".join([self._called(call) for call in message.tool_calls])
        return out

    def _called(self, piece: ToolCall) -> bytes:
        key = self._key_of(piece)
        call = self._calls.setdefault(key, piece)
        block = opening("tool_use", call_id=call_id_of(call, self._id, key), name=call.function.name)
        return self._blocks.add(key, piece.function.arguments, block)

    def _key_of(self, piece: ToolCall) -> int:
        """Return which call a piece is of, as `merge_tool_calls` does."""
        if piece.index is not None:
            return piece.index
        if piece.id:
            same = (key for key, call in self._calls.items() if call.id == piece.id)
            return next(same, len(self._calls))
        return max(0, len(self._calls) - (not piece.function.name))

"""Streamed answers: events that open, fill and close the blocks of a message."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from modelbay.entities import LLMResultChunk
from modelbay.errors import InvokeConnectionError
from modelbay.wires.aws_events import EXCEPTION
from modelbay.wires.bedrock.answer import finish_reason_of, opaque_body_of, usage_of
from modelbay.wires.bedrock.errors import error_of
from modelbay.wires.bedrock.state import Block
from modelbay.wires.bedrock.tools import answer_tool
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object, reads_answer
from modelbay.wires.request import Event

Chunks = Iterable[LLMResultChunk]


class ConverseReader:
    """Reads the events of one answer, and puts its blocks together as the API would have sent them whole.

    What it used comes after the end of the message, in the last event.
    """

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._answer = answer_tool(call)
        self._blocks: dict[int, _OpenBlock] = {}
        self._tools = 0
        self._ending: dict[str, Any] | None = None
        self._told = False
        self._handlers: dict[str, Callable[[dict[str, Any]], Chunks]] = {
            "contentBlockDelta": self._fill_block,
            "contentBlockStart": self._start_block,
            "contentBlockStop": self._stop_block,
            "messageStop": self._stop_message,
            "metadata": self._end,
        }

    @reads_answer
    def read(self, frame: Event | bytes) -> Chunks:
        """Return what the event adds; events of unknown types add nothing."""
        assert isinstance(frame, Event)
        if frame.id == EXCEPTION:
            raise error_of(frame)
        handler = self._handlers.get(frame.name)
        return handler(frame_object(frame.data)) if handler else ()

    def close(self) -> Chunks:
        """Return the end, if the last event did not come; InvokeConnectionError if the message has none."""
        if self._ending is None:
            raise InvokeConnectionError("the provider's stream ended before the answer did (no messageStop)")
        return () if self._told else self._end({})

    def _start_block(self, event: dict[str, Any]) -> Chunks:
        use = event["start"].get("toolUse")
        if use is None or use.get("type") or use.get("name") == self._answer:
            start = {} if use and use.get("name") == self._answer else event["start"]
            self._blocks[event["contentBlockIndex"]] = _OpenBlock(start, -1)
            return ()
        block = _OpenBlock({"toolUse": use}, self._tools)
        self._blocks[event["contentBlockIndex"]] = block
        self._tools += 1
        return (tool_chunk(self._model, block.tool, call_id=use["toolUseId"], name=use["name"]),)

    def _fill_block(self, event: dict[str, Any]) -> Chunks:
        index, delta = event["contentBlockIndex"], event["delta"]
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = _OpenBlock({}, -1)
        text = delta.get("text")
        if text is not None:
            block.text.append(text)
            return (text_chunk(self._model, text),) if text else ()
        if "toolUse" in delta:
            return self._arguments(block, delta["toolUse"]["input"])
        if "reasoningContent" in delta:
            thought = block.think(delta["reasoningContent"])
            return (reasoning_chunk(self._model, thought),) if thought else ()
        if "citation" in delta:
            block.citations.append(delta["citation"])
        return ()

    def _arguments(self, block: _OpenBlock, piece: str) -> Chunks:
        block.text.append(piece)
        if not piece or block.tool < 0:
            return (text_chunk(self._model, piece),) if piece and not block.start else ()
        return (tool_chunk(self._model, block.tool, arguments=piece),)

    def _stop_block(self, event: dict[str, Any]) -> Chunks:
        block = self._blocks.get(event["contentBlockIndex"])
        if block is None or block.tool < 0 or "".join(block.text).strip():
            return ()
        return (tool_chunk(self._model, block.tool, arguments="{}"),)

    def _stop_message(self, event: dict[str, Any]) -> Chunks:
        self._ending = event
        return ()

    def _end(self, event: dict[str, Any]) -> Chunks:
        ending = self._ending or {}
        self._told = self._ending is not None
        if not self._told:
            return ()  # usage before the end of the message: `close` will judge
        whole = (self._blocks[index].whole() for index in sorted(self._blocks))
        state = opaque_body_of([block for block in whole if block], {**ending, **event})
        reason = finish_reason_of(ending.get("stopReason"), calls=self._tools > 0 or not self._answer)
        return (last_chunk(self._model, usage_of(event.get("usage")), reason, state),)


class _OpenBlock:
    """A block that is being filled. `tool` is its number among the answer's tool calls, or -1."""

    __slots__ = ("citations", "redacted", "signature", "start", "text", "thought", "tool")

    def __init__(self, start: Block, tool: int) -> None:
        self.start = start
        self.tool = tool
        self.text: list[str] = []
        self.thought: list[str] = []
        self.signature = ""
        self.redacted: list[str] = []
        self.citations: list[Any] = []

    def think(self, delta: Block) -> str:
        """Take in a piece of reasoning; return what may be read of it."""
        if "redactedContent" in delta:
            self.redacted.append(delta["redactedContent"])
        self.signature += delta.get("signature") or ""
        text = str(delta.get("text") or "")
        if text:
            self.thought.append(text)
        return text

    def whole(self) -> Block:
        """Return the block as an answer that is not streamed has it; {} for what nobody sends back."""
        text = "".join(self.text)
        if "toolUse" in self.start:
            return {"toolUse": self.start["toolUse"] | {"input": _input(text)}}
        if self.redacted:
            return {"reasoningContent": {"redactedContent": _joined(self.redacted)}}
        if self.thought or self.signature:
            said = {"text": "".join(self.thought)}
            signed = said | ({"signature": self.signature} if self.signature else {})
            return {"reasoningContent": {"reasoningText": signed}}
        if self.citations:
            return {"citationsContent": {"content": [{"text": text}], "citations": self.citations}}
        return {"text": text} if text else {}


def _input(text: str) -> Any:
    try:
        return orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}  # the answer was cut inside the arguments; the tool call keeps what came of them


def _joined(pieces: list[str]) -> str:
    """Return the base64 of bytes that came in pieces, each in base64 of its own."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece, validate=True) for piece in pieces)).decode()
    except binascii.Error:
        return "".join(pieces)

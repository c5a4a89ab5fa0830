"""Streamed answers: events that open, fill and close the blocks of a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from modelbay.entities import LLMResultChunk, LLMUsage
from modelbay.errors import InvokeConnectionError
from modelbay.wires.anthropic.answer import finish_reason_of, is_plain, opaque_body_of, usage_of
from modelbay.wires.anthropic.blocks import Block
from modelbay.wires.anthropic.errors import error_of
from modelbay.wires.anthropic.state import KEY
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object, reads_answer, to_json
from modelbay.wires.request import Event

Chunks = Iterable[LLMResultChunk]
_TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


class MessageReader:
    """Reads the events of one answer, and puts its blocks together as the API would have sent them.

    State comes whole on the last chunk. In an answer that has some, the first chunk of a block also has the
    blocks before it, for who shows each block as it is.
    """

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._blocks: dict[int, _OpenBlock] = {}
        self._tools = 0
        self._message: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._counted = False
        self._ended = False
        self._open: _OpenBlock | None = None
        self._complete: list[Block] = []
        self._untold = False  # whether the next chunk has to tell of them
        self._handlers: dict[str, Callable[[dict[str, Any]], Chunks]] = {
            "message_start": self._start_message,
            "content_block_start": self._start_block,
            "content_block_delta": self._fill_block,
            "content_block_stop": self._stop_block,
            "message_delta": self._change_message,
            "message_stop": self._stop_message,
            "error": self._fail,
        }

    @reads_answer
    def read(self, frame: Event | bytes) -> Chunks:
        """Return what the event adds; events of unknown types add nothing."""
        event = frame_object(frame if isinstance(frame, bytes) else frame.data)
        handler = self._handlers.get(event.get("type", ""))
        chunks = handler(event) if handler else ()
        return self._with_state(chunks) if self._untold and chunks else chunks

    def close(self) -> Chunks:
        """Check that the answer came to its end."""
        if not self._ended:
            raise InvokeConnectionError("the provider's stream ended before the answer did (no message_stop)")
        return ()

    def _with_state(self, chunks: Chunks) -> Chunks:
        """Return the chunks, the first of them with the blocks that were complete before it."""
        first, *rest = chunks
        if first.delta.finish_reason is None:
            first.delta.message.opaque_body = {KEY: {"content": list(self._complete)}}
        self._untold = False
        return [first, *rest]

    def _start_message(self, event: dict[str, Any]) -> Chunks:
        self._usage |= _known((event.get("message") or {}).get("usage"))
        return ()

    def _start_block(self, event: dict[str, Any]) -> Chunks:
        if self._open is not None:
            self._complete.append(self._open.whole())
        block = _OpenBlock(event["content_block"], self._tools)
        self._blocks[event["index"]] = self._open = block
        self._untold = bool(self._complete) and not is_plain([*self._complete, block.start])
        if block.kind == "tool_use":
            self._tools += 1
            start = block.start
            return (
                tool_chunk(
                    self._model, block.tool, call_id=start.get("id") or "", name=start.get("name") or ""
                ),
            )
        return self._piece(block, block.kind, block.start.get(block.kind) or "")

    def _fill_block(self, event: dict[str, Any]) -> Chunks:
        block, delta = self._blocks.get(event["index"]), event["delta"]
        if block is None:
            return ()
        key = _TEXTS.get(delta["type"])
        if key is not None:
            return self._piece(block, block.kind, delta[key])
        block.fill(delta)
        return ()

    def _piece(self, block: _OpenBlock, kind: str, piece: str) -> Chunks:
        if not piece:
            return ()
        block.pieces.append(piece)
        if kind == "text":
            return (text_chunk(self._model, piece),)
        if kind == "thinking":
            return (reasoning_chunk(self._model, piece),)
        return (tool_chunk(self._model, block.tool, arguments=piece),) if kind == "tool_use" else ()

    def _stop_block(self, event: dict[str, Any]) -> Chunks:
        block = self._blocks.get(event["index"])
        if block is None or block.kind != "tool_use" or block.pieces:
            return ()
        return (tool_chunk(self._model, block.tool, arguments=to_json(block.start.get("input") or {})),)

    def _change_message(self, event: dict[str, Any]) -> Chunks:
        self._message |= _known(event.get("delta"))
        self._counted = bool(event.get("usage"))
        self._usage |= _known(event.get("usage"))  # its counts are totals, not additions
        return ()

    def _stop_message(self, event: dict[str, Any]) -> Chunks:
        self._ended = True
        content = [self._blocks[index].whole() for index in sorted(self._blocks)]
        return (
            last_chunk(
                self._model,
                self._final_usage(),
                finish_reason_of(self._message.get("stop_reason")),
                opaque_body_of(content, self._message),
            ),
        )

    def _final_usage(self) -> LLMUsage:
        """Return the usage; only the end of an answer knows how long it became."""
        usage = usage_of(self._usage if self._counted else self._usage | {"output_tokens": 0})
        usage.estimated = not self._counted
        return usage

    def _fail(self, event: dict[str, Any]) -> Chunks:
        raise error_of(event)


class _OpenBlock:
    """A block that is being filled. `tool` is its number among the answer's tool calls."""

    __slots__ = ("citations", "kind", "pieces", "signature", "start", "tool")

    def __init__(self, start: Block, tool: int) -> None:
        self.start = start
        self.kind: str = start.get("type") or ""
        self.tool = tool
        self.pieces: list[str] = []
        self.signature: str | None = None
        self.citations: list[Any] = []

    def fill(self, delta: dict[str, Any]) -> None:
        """Take in a delta that is not text."""
        if delta["type"] == "signature_delta":
            self.signature = delta["signature"]
        elif delta["type"] == "citations_delta":
            self.citations.append(delta["citation"])

    def whole(self) -> Block:
        """Return the block as an answer that is not streamed has it."""
        block = dict(self.start)
        text = "".join(self.pieces)
        if self.kind in ("text", "thinking"):
            block[self.kind] = text
        elif text:
            block["input"] = _input(text)
        if self.signature is not None:
            block["signature"] = self.signature
        if self.citations:
            block["citations"] = [*(block.get("citations") or ()), *self.citations]
        return block


def _input(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}  # the answer was cut inside the arguments; the tool call keeps what came of them


def _known(fields: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (fields or {}).items() if value is not None}

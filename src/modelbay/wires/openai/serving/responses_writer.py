"""Writing a streamed response."""

from __future__ import annotations

from typing import Any

from modelbay.entities import LLMResultChunk, LLMUsage, MessageContent, ToolCall
from modelbay.errors import ModelbayError
from modelbay.wires.openai.serving.errors import code_of, kind_of
from modelbay.wires.openai.serving.responses_answer import (
    Ids,
    Item,
    ended_body,
    error_body,
    images_in,
    reasoning_item,
    response_body,
    texts_of,
)
from modelbay.wires.openai.serving.responses_events import (
    Events,
    StreamedCall,
    StreamedReasoning,
    StreamedText,
    WholeItem,
    whole_item,
)
from modelbay.wires.openai.serving.responses_state import needed_state, output_of
from modelbay.wires.serving import ChatAsk

_STREAMED = ("message", "reasoning", "function_call")
_ENDED = {"completed": "response.completed", "incomplete": "response.incomplete"}


class ResponseWriter:
    """Writes one answer. After `close`, or `fail`, `response` is the whole of it."""

    def __init__(self, ask: ChatAsk, answer_id: str) -> None:
        self.response: dict[str, Any] = {}
        self._ask = ask
        self._ids = Ids(answer_id)
        self._events = Events()
        self._model = ""
        self._items: list[StreamedReasoning | StreamedText | StreamedCall | WholeItem] = []
        self._current: StreamedReasoning | StreamedText | None = None
        self._calls: dict[int | str, StreamedCall] = {}
        self._state: Any = None
        self._extras: dict[str, Any] = {}
        self._tier: Any = None
        self._text: list[str] = []
        self._usage: LLMUsage | None = None
        self._finish_reason: str | None = None

    def write(self, chunk: LLMResultChunk) -> bytes:
        """Return what a chunk adds."""
        delta, message = chunk.delta, chunk.delta.message
        data = b"" if self._model else self._begin(chunk.model)
        if message.reasoning_content:
            data += self._add(StreamedReasoning, message.reasoning_content)
        content = message.content
        if content:
            data += self._add_content(content)
        for piece in message.tool_calls:
            data += self._add_call(piece)
        if delta.finish_reason or delta.usage or message.opaque_body is not None or message.unknown_fields:
            self._keep(chunk)
        return data

    def close(self) -> bytes:
        """Return what ends the answer."""
        data = b"" if self._model else self._begin("")
        data += self._close_current()
        for call in self._calls.values():
            data += call.close()
        data += self._add_state()
        if not self._items:
            data += self._open(StreamedText) + self._close_current()
        self.response = ended_body(
            self._ask, self._ids, self._model, self._output(), self._finish_reason, self._usage, self._tier
        )
        return data + self._events(_ENDED[self.response["status"]], response=self.response)

    def fail(self, error: ModelbayError) -> bytes:
        """Return the error and the end of the response; its output is what was complete."""
        data = b"" if self._model else self._begin("")
        told = error_body(error)
        data += self._events(
            "error", code=code_of(error, kind_of(error)) or told["code"], message=told["message"], param=None
        )
        self.response = response_body(self._ask, self._ids, self._model, "failed", self._output(), error=told)
        return data + self._events("response.failed", response=self.response)

    def _begin(self, model: str) -> bytes:
        self._model = model or self._ask.model
        response = response_body(self._ask, self._ids, self._model, "in_progress", [])
        created = self._events("response.created", response=response)
        return created + self._events("response.in_progress", response=response)

    def _add(self, kind: type[StreamedReasoning] | type[StreamedText], piece: str) -> bytes:
        current = self._current
        if current.__class__ is kind and current:
            return current.add(piece)
        begin = self._open(kind)
        return begin + self._current.add(piece) if self._current else begin

    def _open(self, kind: type[StreamedReasoning] | type[StreamedText]) -> bytes:
        data, place = self._close_current(), len(self._items)
        item = kind(self._events, place, self._ids.item(kind.prefix, place))
        self._items.append(item)
        self._current = item
        return data + item.open()

    def _close_current(self) -> bytes:
        current, self._current = self._current, None
        return current.close(self._extras) if current else b""

    def _add_content(self, content: MessageContent) -> bytes:
        if isinstance(content, str):
            self._text.append(content)
            return self._add(StreamedText, content)
        data = b""
        for text in texts_of(content):
            data += self._add_content(text)
        images = images_in(content, self._ids, len(self._items))
        return data + self._add_whole(images) if images else data

    def _add_whole(self, items: list[Item]) -> bytes:
        """Return the events of items that come at once."""
        data = self._close_current()
        for item in items:
            data += whole_item(self._events, len(self._items), item)
            self._items.append(WholeItem(item))
        return data

    def _add_call(self, piece: ToolCall) -> bytes:
        """Return what a piece of a call adds; a piece belongs to the same call as for `merge_tool_calls`."""
        key: int | str = piece.id if piece.index is None else piece.index
        if key == "" and self._calls and not piece.function.name:
            key = next(reversed(self._calls))
        call = self._calls.get(key)
        if call is not None:
            return call.take(piece)
        place, number = len(self._items), len(self._calls)
        call = StreamedCall(self._events, place, self._ids.item("fc", place), self._ids.call(number))
        self._calls[key if key != "" else f"{number}"] = call
        data = self._close_current()
        self._items.append(call)
        return data + call.take(piece)

    def _keep(self, chunk: LLMResultChunk) -> None:
        """Keep what can only be told at the end."""
        delta, message = chunk.delta, chunk.delta.message
        self._extras |= message.unknown_fields
        self._state = self._state if message.opaque_body is None else message.opaque_body
        self._usage = delta.usage or self._usage
        self._finish_reason = delta.finish_reason or self._finish_reason
        self._tier = chunk.unknown_fields.get("service_tier", self._tier)

    def _add_state(self) -> bytes:
        """Return what the provider's state adds: items that have no chunks, and the whole of it, carried."""
        text = "".join(self._text)
        others = [item for item in output_of(self._state, text) if item.get("type") not in _STREAMED]
        state = needed_state(self._state, text)
        if state is not None:
            others.append(reasoning_item(self._ids.item("rs", len(self._items) + len(others)), "", state))
        return self._add_whole(others)

    def _output(self) -> list[Item]:
        return [item.item for item in self._items if item.item is not None]

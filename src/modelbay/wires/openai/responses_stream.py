"""Reading a streamed response: typed events, the last of which has the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modelbay.entities import LLMResultChunk
from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.chunks import reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object
from modelbay.wires.openai.responses_output import (
    BETWEEN_THOUGHTS,
    arguments_in,
    as_refusal,
    call_id_of,
    chunks_of,
    items_in,
    last_chunk,
)
from modelbay.wires.openai.shapes import key_of, object_of, text_of
from modelbay.wires.openai.upstream_errors import raise_error, raise_error_in
from modelbay.wires.request import Event

Take = Callable[[Mapping[str, Any]], list[LLMResultChunk]]


class _Call:
    """One function call: its number in the answer, and how much of its arguments has been passed on."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.sent = 0


class ResponseReader:
    """Reads one answer. A stream without a terminal event was cut off."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._calls: dict[Any, _Call] = {}
        self._items: dict[int, dict[str, Any]] = {}
        self._thought: Any = None
        self._said_anything = self._ended = False
        self._takers: dict[str, Take] = {
            "response.created": self._created,
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "response.refusal.delta": self._refusal,
            "response.reasoning_summary_text.delta": self._reasoning,
            "response.reasoning_text.delta": self._reasoning,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments_done,
            "response.completed": self._terminal,
            "response.incomplete": self._terminal,
            "response.failed": self._terminal,
            "response.cancelled": self._terminal,
        }

    def read(self, frame: Event | bytes) -> list[LLMResultChunk]:
        """Return what an event adds."""
        data = frame.data if isinstance(frame, Event) else frame
        if self._ended or data.startswith(b"[DONE]"):
            return []
        body = frame_object(data)
        kind = body.get("type")
        if kind == "response.output_text.delta":
            return self._text(body)
        if kind == "error":
            raise_error(body.get("error") or body)
        taker = self._takers.get(str(kind))
        if taker is None:
            raise_error_in(body)
            return []
        return taker(body)

    def close(self) -> list[LLMResultChunk]:
        """Return nothing, or raise if there was no terminal event."""
        if not self._ended:
            raise InvokeConnectionError("the provider's stream ended before the answer did")
        return []

    def _created(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        self._model = str(object_of(body.get("response")).get("model") or self._model)
        return []

    def _text(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        self._said_anything = True
        delta = body.get("delta")
        return [text_chunk(self._model, str(delta))] if delta else []

    def _refusal(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        """Return words that say of themselves that they refuse; the last chunk has them whole."""
        return [as_refusal(chunk) for chunk in self._text(body)]

    def _reasoning(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        delta = str(body.get("delta") or "")
        if not delta:
            return []
        thought = (body.get("output_index"), body.get("summary_index"), body.get("content_index"))
        new = self._thought is not None and thought != self._thought
        self._thought, self._said_anything = thought, True
        return [reasoning_chunk(self._model, BETWEEN_THOUGHTS + delta if new else delta)]

    def _item_added(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        item = body.get("item")
        if not isinstance(item, Mapping) or item.get("type") != "function_call":
            return []
        call = _Call(len({id(known) for known in self._calls.values()}))
        for value in (body.get("output_index"), item.get("id")):
            if (key := key_of(value)) is not None:
                self._calls[key] = call
        self._said_anything = True
        name = str(item.get("name") or "")
        return [tool_chunk(self._model, call.number, call_id=call_id_of(item), name=name)]

    def _call_of(self, body: Mapping[str, Any]) -> _Call | None:
        found = self._calls.get(key_of(body.get("output_index")))
        return found or self._calls.get(key_of(body.get("item_id")))

    def _arguments(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        call, delta = self._call_of(body), str(body.get("delta") or "")
        if call is None or not delta:
            return []
        call.sent += len(delta)
        return [tool_chunk(self._model, call.number, arguments=delta)]

    def _arguments_done(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        """Return what of the whole arguments did not come in pieces."""
        rest = text_of(body.get("arguments"))
        call = self._call_of(body)
        return self._arguments({**body, "delta": rest[call.sent :]}) if call else []

    def _item_done(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        item, place = body.get("item"), body.get("output_index")
        if not isinstance(item, dict):
            return []
        self._items[place if isinstance(place, int) else len(self._items)] = item
        if item.get("type") != "function_call":
            return []
        begun = self._call_of({"output_index": place, "item_id": item.get("id")})
        first = [] if begun else self._item_added(body)
        arguments = arguments_in(item)
        rest = {"output_index": place, "item_id": item.get("id"), "arguments": arguments}
        return first + self._arguments_done(rest)

    def _terminal(self, body: Mapping[str, Any]) -> list[LLMResultChunk]:
        response = body.get("response")
        if not isinstance(response, Mapping):
            raise InvokeServerUnavailableError("the provider's last event has no response")
        if not self._said_anything:  # some servers send the answer in this event only
            chunks = chunks_of(response, self._model)
        else:
            output = items_in(response) or [self._items[place] for place in sorted(self._items)]
            chunks = [last_chunk(response, output, self._model)]
        self._ended = True
        return chunks

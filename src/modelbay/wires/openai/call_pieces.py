"""Tool calls that arrive in pieces, whichever way a server tells which piece belongs to which call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from modelbay.entities import LLMResultChunk, ToolCall, ToolCallFunction
from modelbay.wires.chunks import tool_chunk
from modelbay.wires.json_text import to_json
from modelbay.wires.openai.custom_calls import BEGIN, CUSTOM, END, escaped
from modelbay.wires.openai.shapes import key_of, object_of, text_of

_KNOWN = frozenset({"id", "index", "type", "function", CUSTOM})


@dataclass(slots=True)
class _Call:
    """One call so far. `upstream_id` is "" if the server gave none; a `custom` one has text for arguments."""

    number: int
    upstream_id: str
    name: str
    custom: bool = False
    arguments: list[str] = field(default_factory=list)

    def complete(self) -> bool:
        """Whether the arguments are whole JSON; when a text is whole, nothing in it tells."""
        if self.custom:
            return False
        try:
            orjson.loads("".join(self.arguments))
        except orjson.JSONDecodeError:
            return False
        return True


class CallPieces:
    """Numbers the calls of one answer in the order in which they begin, and passes their pieces on.

    A piece belongs to the call of its `index`; without one, to that of its `id`; with neither, to the last
    call. A call without an id gets `call_<number>`.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self._calls: list[_Call] = []
        self._of_index: dict[Any, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def read(self, piece: Any) -> LLMResultChunk | None:
        """Return what a piece adds; None if it adds nothing."""
        if not isinstance(piece, Mapping):
            return None
        name, arguments = _said_in(piece)
        call = self._call_of(piece, name)
        if call is None:
            call = self._begin(piece, name)
            call.arguments.append(arguments)
            return self._first(call, piece, arguments)
        if not arguments:
            return None
        call.arguments.append(arguments)
        return tool_chunk(self.model, call.number, arguments=arguments)

    def close(self) -> list[LLMResultChunk]:
        """Return what makes arguments whole JSON: the end of a text, an empty object for none at all."""
        ends = {call.number: END if call.custom else "{}" for call in self._calls}
        whole = {call.number for call in self._calls if not call.custom and any(call.arguments)}
        return [
            tool_chunk(self.model, number, arguments=end)
            for number, end in ends.items()
            if number not in whole
        ]

    def _begin(self, piece: Mapping[str, Any], name: str) -> _Call:
        call = _Call(len(self._calls), str(piece.get("id") or ""), name, _is_custom(piece))
        self._calls.append(call)
        self._of_index[key_of(piece.get("index"))] = call
        return call

    def _first(self, call: _Call, piece: Mapping[str, Any], arguments: str) -> LLMResultChunk:
        chunk = tool_chunk(
            self.model,
            call.number,
            call_id=call.upstream_id or f"call_{call.number}",
            name=call.name,
            arguments=BEGIN + arguments if call.custom else arguments,
        )
        if call.custom:
            chunk.delta.message.tool_calls[0].type = CUSTOM
        more = {name: value for name, value in piece.items() if name not in _KNOWN}
        if more:  # provider state on the call, such as a signature of its reasoning
            chunk.delta.message.tool_calls = [_with_state(chunk.delta.message.tool_calls[0], more)]
        return chunk

    def _call_of(self, piece: Mapping[str, Any], name: str) -> _Call | None:
        index, call_id = key_of(piece.get("index")), str(piece.get("id") or "")
        if index is None:
            return self._of_id(call_id) if call_id else self._continued(name)
        found = self._of_index.get(index)
        if found and name and call_id and found.upstream_id not in ("", call_id):
            return self._of_id(call_id)  # one index for all calls: seen where calls come whole
        return found

    def _of_id(self, call_id: str) -> _Call | None:
        return next((call for call in self._calls if call.upstream_id == call_id), None)

    def _continued(self, name: str) -> _Call | None:
        last = self._calls[-1] if self._calls else None
        if last is None or not name:
            return last
        return last if name == last.name and not last.complete() else None


def _said_in(piece: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name and the arguments in a piece; of a text what of it lies in the arguments."""
    function, custom = object_of(piece.get("function")), object_of(piece.get(CUSTOM))
    if custom and not function:
        return text_of(custom.get("name")), escaped(text_of(custom.get("input")))
    return str(function.get("name") or ""), _as_text(function.get("arguments"))


def _is_custom(piece: Mapping[str, Any]) -> bool:
    return bool(object_of(piece.get(CUSTOM))) and not object_of(piece.get("function"))


def _as_text(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else to_json(arguments)


def _with_state(call: ToolCall, more: Mapping[str, Any]) -> ToolCall:
    function = ToolCallFunction(name=call.function.name, arguments=call.function.arguments)
    return ToolCall(id=call.id, type=call.type, index=call.index, function=function, **more)

"""The items of a responses request, read as messages.

Items that a model put out (reasoning, message, calls) and that follow each other are one turn. If text and
calls do not say all of them, they are kept as they came, for an upstream of this dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    DeveloperPromptMessage,
    PromptMessage,
    SystemPromptMessage,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.wires.asked import wrong
from modelbay.wires.carried import is_packed, unpack
from modelbay.wires.json_text import to_json
from modelbay.wires.openai.responses_output import reasoning_in
from modelbay.wires.openai.serving.responses_checks import checked, rest_of, text_if_any, text_in
from modelbay.wires.openai.serving.responses_parts import content_of, said_in
from modelbay.wires.openai.serving.responses_state import output_of, without_output
from modelbay.wires.places import Place

_ROLES: dict[str, type[PromptMessage]] = {
    "user": UserPromptMessage,
    "system": SystemPromptMessage,
    "developer": DeveloperPromptMessage,
}
_CALLS = ("function_call", "custom_tool_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")


def to_messages(instructions: str | None, value: Any) -> tuple[list[PromptMessage], list[Place]]:
    """Return the conversation: the instructions, then the input, which is a text or items, and its places."""
    reader = _Reader()
    if instructions:
        reader.say(SystemPromptMessage(content=instructions), Place("instructions", "instructions"))
    if isinstance(value, str):
        reader.say(UserPromptMessage(content=value), Place("input", "input"))
        return reader.messages, reader.places
    for number, item in enumerate(checked(value, "a list", "input")):
        place = f"input[{number}]"
        reader.take(checked(item, "an object", place), place)
    reader.close()
    return reader.messages, reader.places


def type_of(item: Mapping[str, Any], place: str) -> str:
    """Return what an item is; a message may leave its type out, and so may a reference."""
    kind = text_if_any(item, "type", place)
    if kind:
        return kind
    if "role" in item:
        return "message"
    if set(item) <= {"id", "type"} and "id" in item:
        return "item_reference"
    raise wrong(f"{place}.type", "is required: say what the item is, such as 'message'")


class _Reader:
    """Takes one item after the other."""

    def __init__(self) -> None:
        self.messages: list[PromptMessage] = []
        self.places: list[Place] = []
        self._turn = _Turn()

    def take(self, item: dict[str, Any], place: str) -> None:
        kind = type_of(item, place)
        if kind == "item_reference":
            raise wrong(f"{place}.id", f"no item {str(item.get('id'))[:80]!r} is known; send the item itself")
        if kind in _RESULTS:
            self.say(_result(item, kind, place), Place(place, f"{place}.output"))
        elif kind == "message" and item.get("role") != "assistant":
            self.say(_spoken(item, place), Place(place))
        else:
            if self._turn.is_over(kind, item):
                self.close()
            self._turn.take(kind, item, place)

    def close(self) -> None:
        if self._turn.items:
            turn, self._turn = self._turn, _Turn()
            self.say(turn.message(), turn.place)

    def say(self, message: PromptMessage, place: Place) -> None:
        self.close()
        self.messages.append(message)
        self.places.append(place)


class _Turn:
    """One turn of the model."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._texts: list[str] = []
        self._calls: list[ToolCall] = []
        self._places: list[str] = []
        self._state: Any = None
        self._ours = False

    def is_over(self, kind: str, item: Mapping[str, Any]) -> bool:
        """Whether an item begins another turn: a message without an id is not one of several of an answer."""
        return kind == "message" and "id" not in item and bool(self._texts) and not self._calls

    def take(self, kind: str, item: dict[str, Any], place: str) -> None:
        self.items.append(item if "type" in item else {"type": kind, **item})
        self._places.append(place)
        if kind == "message":
            self._texts.append(said_in(item.get("content"), f"{place}.content"))
        elif kind == "function_call":
            self._calls.append(_call(item, text_in(item, "arguments", place), place))
        elif kind == "custom_tool_call":
            self._calls.append(_call(item, to_json({"input": text_in(item, "input", place)}), place))
        elif kind == "reasoning" and is_packed(item.get("encrypted_content")):
            self._ours = True
            state = unpack(item["encrypted_content"], f"{place}.encrypted_content")
            self._state = self._state if state is None else state

    @property
    def place(self) -> Place:
        """Where the turn begins, and where its calls are."""
        placed = zip(self.items, self._places, strict=True)
        return Place(self._places[0], calls=[place for item, place in placed if item["type"] in _CALLS])

    def message(self) -> AssistantPromptMessage:
        text = "".join(self._texts)
        return AssistantPromptMessage(
            content=text,
            reasoning_content=reasoning_in(self.items) or None,
            tool_calls=self._calls,
            opaque_body=self._opaque_body(text),
        )

    def _opaque_body(self, text: str) -> Any:
        if self._ours:  # we wrote these items, from this state
            return self._state if output_of(self._state, text) else without_output(self._state)
        return None if self.items == self._plain(text) else {"openai": {"output": self.items}}

    def _plain(self, text: str) -> list[dict[str, Any]]:
        """Return the items that are written for text and calls."""
        said = [{"type": "message", "role": "assistant", "content": text}] if text else []
        return said + [
            {
                "type": "function_call",
                "call_id": call.id,
                "name": call.function.name,
                "arguments": call.function.arguments,
            }
            for call in self._calls
        ]


def _call(item: Mapping[str, Any], arguments: str, place: str) -> ToolCall:
    function = ToolCallFunction(name=text_in(item, "name", place), arguments=arguments)
    return ToolCall(id=text_in(item, "call_id", place), function=function)


def _result(item: Mapping[str, Any], kind: str, place: str) -> ToolPromptMessage:
    state = rest_of(item, "type", "call_id", "output")
    if kind != "function_call_output":
        state["type"] = kind
    return ToolPromptMessage(
        tool_call_id=text_in(item, "call_id", place),
        content=content_of(item.get("output"), f"{place}.output"),
        **_kept(state),
    )


def _spoken(item: Mapping[str, Any], place: str) -> PromptMessage:
    role = item.get("role")
    speaker = _ROLES.get(role) if isinstance(role, str) else None
    if speaker is None:
        raise wrong(f"{place}.role", f"{str(role)[:40]!r} is not one of {', '.join(_ROLES)}, assistant")
    content = content_of(item.get("content"), f"{place}.content")
    return speaker(content=content, **_kept(rest_of(item, "type", "role", "content")))


def _kept(state: dict[str, Any]) -> dict[str, Any]:
    """Return an item's other fields as the state that an upstream of this dialect gets back."""
    return {"opaque_body": {"openai": {"item": state}}} if state else {}

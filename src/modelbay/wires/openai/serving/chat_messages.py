"""The messages of a client of chat completions."""

from __future__ import annotations

from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    DeveloperPromptMessage,
    PromptMessage,
    SystemPromptMessage,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.openai.parts import CHAT_STATE
from modelbay.wires.openai.serving.chat_calls import read_calls
from modelbay.wires.openai.serving.chat_parts import checked_state, joined_states, marked, to_content
from modelbay.wires.openai.serving.chat_thinking import (
    checked_thoughts,
    signed,
    split_thoughts,
    take_reasoning,
    words_of,
)

_SPEAKERS: dict[str, type[PromptMessage]] = {
    "user": UserPromptMessage,
    "system": SystemPromptMessage,
    "developer": DeveloperPromptMessage,
}
_ROLES = (*_SPEAKERS, "assistant", "tool", "function")


def to_messages(value: Any) -> list[PromptMessage]:
    """Return the conversation."""
    if not isinstance(value, list) or not value:
        raise wrong("messages", "is required: give a list of at least one message")
    reader = _Reader()
    return [reader.read(message, f"messages[{number}]") for number, message in enumerate(value)]


class _Reader:
    """Reads one message after the other; results of legacy function calls name the function, not the call."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}

    def read(self, value: Any, place: str) -> PromptMessage:
        fields = Fields(value, place)
        role = fields.one_of("role", _ROLES)
        if role is None:
            raise wrong(f"{place}.role", f"is required: give one of {', '.join(_ROLES)}")
        if role == "assistant":
            message = _answer(fields, place)
            self._calls |= {call.function.name: call.id for call in message.tool_calls}
            return message
        if role in _SPEAKERS:
            return _said(fields, role, place)
        return self._result(fields, role, place)

    def _result(self, fields: Fields, role: str, place: str) -> ToolPromptMessage:
        content = to_content(fields.take("content"), f"{place}.content")
        if role == "tool":
            call_id = fields.required_text("tool_call_id")
            return ToolPromptMessage(content=content, tool_call_id=call_id, **_state(fields, place))
        name = fields.required_text("name")
        return ToolPromptMessage(
            content=content, name=name, tool_call_id=self._calls.get(name, name), **_state(fields, place)
        )


def _said(fields: Fields, role: str, place: str) -> PromptMessage:
    content = fields.take("content")
    if content is None:
        raise wrong(f"{place}.content", "is required: give a string or a list of parts")
    read = to_content(content, f"{place}.content")
    return _SPEAKERS[role](content=read, name=fields.text("name"), **_state(fields, place))


def _answer(fields: Fields, place: str) -> AssistantPromptMessage:
    """Return an answer that the client gives back."""
    given, name, calls = fields.take("content"), fields.text("name"), read_calls(fields, place)
    thoughts, content = split_thoughts(given, f"{place}.content")
    blocks = fields.take("thinking_blocks")
    if blocks is not None:
        thoughts = checked_thoughts(blocks, f"{place}.thinking_blocks")
    reasoning = take_reasoning(fields) or words_of(thoughts)
    carried, own = _carried(fields, place), _own(fields, place)
    said, kept = _words_beside(fields, content, place)
    return AssistantPromptMessage(
        content=to_content(said, f"{place}.content"),
        name=name,
        tool_calls=calls,
        reasoning_content=reasoning,
        opaque_body=joined_states(signed(thoughts), carried, own, _kept(fields, kept)) or None,
    )


def _words_beside(fields: Fields, content: Any, place: str) -> tuple[Any, dict[str, Any]]:
    """Return the content and the fields of a refusal or a spoken answer, whose words stand in for it."""
    kept: dict[str, Any] = {}
    words, audio = fields.text("refusal"), fields.take("audio")
    if words:
        kept["refusal"] = words
    if audio is not None:
        spoken = Fields(audio, f"{place}.audio")
        known, words = spoken.text("id"), spoken.text("transcript") or words
        kept |= {"audio": {"id": known}} if known else {}
    if content is not None or not kept:
        return words if content is None else content, kept
    return words, {**kept, "content": None}


def _carried(fields: Fields, place: str) -> dict[str, Any]:
    """Return the provider state that an answer of ours carried to the client."""
    return checked_state(fields.take("opaque_body"), f"{place}.opaque_body")


def _own(fields: Fields, place: str) -> dict[str, Any]:
    """Return what upstreams that reason in a list of their own want back."""
    details = fields.items("reasoning_details")
    return {"openai": {"reasoning_details": details}} if details else {}


def _state(fields: Fields, place: str) -> dict[str, Any]:
    carried = _carried(fields, place)
    state = joined_states(carried, _kept(fields, {}))
    return {"opaque_body": state} if state else {}


def _kept(fields: Fields, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that nobody has taken, for an upstream of this dialect."""
    rest = {name: value for name, value in fields.rest().items() if value is not None} | kept
    return {CHAT_STATE: rest, **marked(rest)} if rest else {}

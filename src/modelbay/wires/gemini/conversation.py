"""Conversations: an instruction of the system, and turns of user and model that alternate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from modelbay.entities import PromptMessage, PromptMessageRole
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.carried import beside
from modelbay.wires.gemini.parts import text_parts, to_parts
from modelbay.wires.gemini.replay import call_ids, model_parts
from modelbay.wires.gemini.state import Part, state_of

_SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)
_USER, _MODEL = "user", "model"


@dataclass(slots=True)
class Conversation:
    """What `systemInstruction` and `contents` of a request say."""

    system: list[Part] = field(default_factory=list)
    contents: list[dict[str, Any]] = field(default_factory=list)

    def add(self, role: str, parts: list[Part]) -> None:
        """Add a turn; turns of one role that follow each other are one."""
        if not parts:
            return
        if self.contents and self.contents[-1]["role"] == role:
            self.contents[-1]["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": list(parts)})


@dataclass(frozen=True, slots=True)
class _Called:
    """A tool call of an earlier turn. `own_id` is the id that the API itself gave it, or ""."""

    name: str
    own_id: str


def to_conversation(messages: Sequence[PromptMessage], *, signatures: bool = False) -> Conversation:
    """Return the conversation; messages that say nothing are left out.

    Args:
        signatures: Whether the model refuses tool calls that have no signature.
    """
    conversation = Conversation()
    called = _calls(messages)
    for index, message in enumerate(messages):
        place = f"messages[{index}]"
        if message.role in _SYSTEM:
            conversation.system += text_parts(message, place)
        elif message.role == PromptMessageRole.ASSISTANT:
            conversation.add(_MODEL, model_parts(message, place, signatures=signatures))
        elif message.role == PromptMessageRole.TOOL:
            conversation.add(_USER, [_result(message, called, place)])
        else:
            conversation.add(_USER, to_parts(message, place))
    for turn in conversation.contents:
        if turn["role"] == _USER:
            turn["parts"] = _results_first(turn["parts"])
    return conversation


def _calls(messages: Sequence[PromptMessage]) -> dict[str, _Called]:
    """Return the tool calls by our ids: the API goes by the function's name, which only the history tells."""
    called: dict[str, _Called] = {}
    for message in messages:
        own = call_ids(message)
        for call in getattr(message, "tool_calls", ()):
            own_id = call.id if call.id in own else ""
            called[call.id] = _Called(call.function.name, own_id)
    return called


def _result(message: PromptMessage, called: Mapping[str, _Called], place: str) -> Part:
    call = called.get(getattr(message, "tool_call_id", ""))
    name = call.name if call else message.name
    if not name:
        raise InvokeBadRequestError(
            f"{place}.tool_call_id: no message has a tool call with this id, whose name this API wants"
        )
    response: dict[str, Any] = {"name": name, "response": _outcome(message)}
    if call and call.own_id:
        response["id"] = call.own_id
    files = [part for part in to_parts(message, place) if "text" not in part]
    if files:
        response["parts"] = files
    return {"functionResponse": beside(response, state_of(message))}


def _outcome(message: PromptMessage) -> dict[str, Any]:
    """Return a result as the object that it has to be: JSON objects as they are, other text as `output`."""
    text = message.get_text_content()
    if message.unknown_fields.get("is_error"):
        return {"error": text}
    if text.lstrip().startswith("{"):
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = None
        if isinstance(value, dict):
            return value
    return {"output": text}


def _results_first(parts: list[Part]) -> list[Part]:
    """Return the parts with results before all else: the API wants them right after the calls."""
    results = [part for part in parts if "functionResponse" in part]
    return results + [part for part in parts if "functionResponse" not in part] if results else parts

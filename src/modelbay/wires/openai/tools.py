"""Tools, the choice among them, and the ids of their calls, as requests carry them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from modelbay.entities import AssistantPromptMessage, PromptMessageTool, ToolCall
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, Options
from modelbay.wires.openai.custom_calls import CUSTOM, custom_body

_MODES = frozenset({"auto", "none", "required"})
_LONGEST_ID = 40


def write_tools(body: dict[str, Any], call: ChatCall, found: Mapping[str, Any]) -> None:
    """Write tools and tool choice in the style that the options name: `tool`, `function` or `none`.

    Args:
        found: The parameters to send.
    """
    style, choice = call.options.get("tool_style", "tool"), checked_choice(call, found)
    extra = tools_of_the_provider(call, found)
    if style == "none" and call.tools:
        raise InvokeBadRequestError("tools: this model is set up not to take tools")
    if style == "function":
        _write_functions(body, call, choice)
        return
    if call.tools or extra:
        body["tools"] = [{"type": "function", "function": function_of(tool)} for tool in call.tools] + extra
    if choice is not None:
        named = choice not in _MODES
        body["tool_choice"] = {"type": "function", "function": {"name": choice}} if named else choice
    write_parallel(body, call, found)


def tools_of_the_provider(call: ChatCall, found: Mapping[str, Any]) -> list[Any]:
    """Return the provider's own tools: those of every call, and those that a parameter switches on."""
    switches = call.options.get("tool_switches", {})
    return [
        *call.options.get("extra_tools", ()),
        *(tool for name, tool in switches.items() if found.get(name)),
    ]


def write_parallel(body: dict[str, Any], call: ChatCall, found: Mapping[str, Any]) -> None:
    """Write whether tools may be called side by side; without tools the question does not arise."""
    if call.tools and "parallel_tool_calls" in found:
        body["parallel_tool_calls"] = found["parallel_tool_calls"]


def function_of(tool: PromptMessageTool) -> dict[str, Any]:
    """Return a tool as a function; a `strict` that the caller put on the tool goes with it."""
    told = tool.description or "description" in tool.model_fields_set  # servers tell "" from nothing
    described = {"description": tool.description} if told else {}
    function = {"name": tool.name, **described, "parameters": tool.parameters}
    if "strict" in tool.unknown_fields:
        function["strict"] = tool.unknown_fields["strict"]
    return function


def checked_choice(call: ChatCall, found: Mapping[str, Any]) -> str | None:
    """Return the mode or the tool that the call chose; None if it leaves that to the upstream.

    Raises:
        InvokeBadRequestError: The tool is none of the call's, or one must be called where there are none.
    """
    choice = _name_of(found.get("tool_choice"))
    if choice is None or (choice in ("auto", "none") and not call.tools):
        return None
    names = [tool.name for tool in call.tools]
    if choice not in _MODES and choice not in names:
        raise InvokeBadRequestError(f"tool_choice: {choice!r} is none of the tools {names}")
    if choice == "required" and not names:
        raise InvokeBadRequestError("tool_choice: 'required' was asked for, but the call has no tools")
    return choice


class CallIds:
    """Ids of tool calls that fit the upstream's rule: the same id always becomes the same one."""

    def __init__(self, options: Options) -> None:
        pattern = options.get("tool_id_pattern")
        self._pattern = re.compile(pattern) if pattern else None

    def __call__(self, call_id: str) -> str:
        """Return the id to send for a call."""
        if self._pattern is None or self._pattern.fullmatch(call_id):
            return call_id
        digest = hashlib.sha256(call_id.encode()).hexdigest()
        for length in range(_LONGEST_ID, 0, -1):
            if self._pattern.fullmatch(digest[:length]):
                return digest[:length]
        raise InvokeBadRequestError(f"tool_id_pattern: no id can be made for {self._pattern.pattern!r}")


def calls_of(message: AssistantPromptMessage, ids: CallIds) -> list[dict[str, Any]]:
    """Return a message's tool calls as a request carries them, with the upstream's own fields."""
    return [_written(call, ids) for call in message.tool_calls]


def _written(call: ToolCall, ids: CallIds) -> dict[str, Any]:
    custom = custom_body(call)
    if custom is not None:
        return {**call.unknown_fields, "id": ids(call.id), "type": CUSTOM, CUSTOM: custom}
    return {
        **call.unknown_fields,
        "id": ids(call.id),
        "type": "function",
        "function": {
            **call.function.unknown_fields,
            "name": call.function.name,
            "arguments": arguments_of(call),
        },
    }


def arguments_of(call: ToolCall) -> str:
    """Return the JSON text of a call's arguments; servers refuse the empty text that some models write."""
    return call.function.arguments if call.function.arguments.strip() else "{}"


def _name_of(choice: Any) -> str | None:
    if isinstance(choice, Mapping):  # the upstream's own form
        function = choice.get("function")
        named = function if isinstance(function, Mapping) else choice
        return str(named.get("name") or choice.get("type"))
    return None if choice in (None, "") else str(choice)


def _write_functions(body: dict[str, Any], call: ChatCall, choice: str | None) -> None:
    if call.tools:
        body["functions"] = [function_of(tool) for tool in call.tools]
    if choice == "required":
        raise InvokeBadRequestError("tool_choice: this model's older form of tools has no 'required'")
    if choice is not None:
        body["function_call"] = choice if choice in _MODES else {"name": choice}

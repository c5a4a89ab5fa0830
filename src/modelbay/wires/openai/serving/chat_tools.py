"""The tools of a client of chat completions, and the choice among them, in their two generations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import PromptMessageTool
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.openai.serving.chat_parts import checked_state, joined_states, marked
from modelbay.wires.serving import Wishes

_MODES = ("auto", "none", "required")
_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}


def read_tools(wishes: Wishes, fields: Fields) -> list[PromptMessageTool]:
    """Return the functions; whatever else there is of tools is kept, for an upstream of this dialect."""
    given = fields.items("tools") or []
    read = [_tool(tool, f"tools[{number}]") for number, tool in enumerate(given)]
    tools = [tool for tool, _ in read if tool is not None]
    if not all(whole for _, whole in read):
        wishes.extras["tools"] = given
    for number, function in enumerate(fields.items("functions") or ()):
        tools.append(_function(Fields(function, f"functions[{number}]")))
    _read_choice(wishes, fields, only_others=bool(given) and not tools)
    return tools


def _tool(value: Any, place: str) -> tuple[PromptMessageTool | None, bool]:
    """Return a function, if the tool is one, and whether that says all of the tool."""
    fields = Fields(value, place)
    if fields.required_text("type") != "function":
        return None, False
    inner = Fields(fields.take("function"), f"{place}.function")
    tool = _function(inner)
    carried = checked_state(fields.take("opaque_body"), f"{place}.opaque_body")
    state = joined_states(carried, marked(fields.rest()) or marked(inner.rest()))
    if state:
        tool.opaque_body = state  # type: ignore[attr-defined]
    left = [value for rest in (fields.rest(), inner.rest()) for value in rest.values()]
    return tool, all(value is None for value in left)


def _function(fields: Fields) -> PromptMessageTool:
    name, description = fields.required_text("name"), fields.text("description")
    parameters, strict = fields.take("parameters"), fields.flag("strict")
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong(fields.name("parameters"), "must be an object: a JSON Schema")
    given: dict[str, Any] = {"description": description, "strict": strict}
    more = {field: value for field, value in given.items() if value is not None}
    return PromptMessageTool(
        name=name, parameters=dict(_NO_PARAMETERS) if parameters is None else parameters, **more
    )


def _read_choice(wishes: Wishes, fields: Fields, *, only_others: bool) -> None:
    """Add the choice, and whether tools may be called side by side.

    Args:
        only_others: There are tools and none is a function: then the choice is the provider's own too.
    """
    legacy, choice = fields.take("function_call"), fields.take("tool_choice")
    found: dict[str, Any] = {"parallel_tool_calls": fields.flag("parallel_tool_calls")}
    if choice is not None:
        found["tool_choice"] = _choice(choice)
    elif legacy is not None:
        found["tool_choice"] = _legacy_choice(legacy)
        wishes.fields["tool_choice"] = "function_call"
    for name, value in found.items():
        if value is not None:
            kept = wishes.extras if only_others or isinstance(value, dict) else wishes.parameters
            kept[name] = value


def _choice(value: Any) -> Any:
    """Return a mode, the name of a function, or the provider's own choice as it came."""
    if isinstance(value, str) and value in _MODES:
        return value
    if not isinstance(value, dict):
        raise wrong("tool_choice", f"must be one of {', '.join(_MODES)}, or an object that names a tool")
    fields = Fields(value, "tool_choice")
    if fields.required_text("type") != "function":
        return value
    return Fields(fields.take("function"), "tool_choice.function").required_text("name")


def _legacy_choice(value: Any) -> str:
    if isinstance(value, str) and value in ("auto", "none"):
        return value
    if not isinstance(value, dict):
        raise wrong("function_call", "must be 'auto', 'none', or an object that names a function")
    return Fields(value, "function_call").required_text("name")

"""The tools of a responses request, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import PromptMessageTool
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.openai.serving.responses_checks import text_in
from modelbay.wires.serving import Wishes

_MODES = ("auto", "none", "required")
_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}


def read_tools(wishes: Wishes, fields: Fields) -> list[PromptMessageTool]:
    """Return the functions; if there is more to the tools, all are kept for an upstream of this dialect."""
    tools = fields.items("tools") or []
    read = [_tool(tool, f"tools[{number}]") for number, tool in enumerate(tools)]
    functions = [function for function, _ in read if function is not None]
    if not all(whole for _, whole in read):
        wishes.extras["tools"] = tools
    _read_choice(wishes, fields, only_others=bool(tools) and not functions)
    return functions


def _tool(value: Any, place: str) -> tuple[PromptMessageTool | None, bool]:
    """Return a function, if the tool is one, and whether that says all of the tool."""
    fields = Fields(value, place)
    if text_in(value, "type", place) != "function":
        return None, False
    fields.take("type")
    name, description = fields.required_text("name"), fields.text("description")
    parameters, strict = fields.take("parameters"), fields.flag("strict")
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong(f"{place}.parameters", "must be an object: a JSON Schema")
    # Silence about strictness means yes to this API, and no to others.
    strictness: dict[str, Any] = (
        {"opaque_body": {"openai": {"strict": None}}} if strict is None else {"strict": strict}
    )
    described = {} if description is None else {"description": description}
    function = PromptMessageTool(
        name=name, parameters=parameters or dict(_NO_PARAMETERS), **described, **strictness
    )
    return function, not any(more is not None for more in fields.rest().values())


def _read_choice(wishes: Wishes, fields: Fields, *, only_others: bool) -> None:
    """Add the choice, and whether tools may be called side by side.

    Args:
        only_others: There are tools and no functions: then what is asked of them is the provider's own too.
    """
    parallel, choice = fields.flag("parallel_tool_calls"), fields.take("tool_choice")
    asked = {"parallel_tool_calls": parallel, "tool_choice": _choice(choice)}
    for name, value in asked.items():
        if value is not None:
            kept = wishes.extras if only_others or isinstance(value, dict) else wishes.parameters
            kept[name] = value


def _choice(value: Any) -> Any:
    """Return a mode, the name of a function, or the provider's own choice as it came."""
    if value is None or value in _MODES:
        return value
    if not isinstance(value, dict):
        raise wrong("tool_choice", f"must be one of {', '.join(_MODES)}, or an object that names a tool")
    if text_in(value, "type", "tool_choice") != "function":
        return value
    return Fields(value, "tool_choice").required_text("name")

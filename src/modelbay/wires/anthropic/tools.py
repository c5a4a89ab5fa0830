"""Tools, and how freely the model may choose among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import PromptMessageTool
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic.state import state_of
from modelbay.wires.carried import beside
from modelbay.wires.json_schema import standard_schema

_CHOICES = {"auto": "auto", "required": "any", "none": "none"}


def to_tool(tool: PromptMessageTool) -> dict[str, Any]:
    """Return a tool's definition, with the state the caller put on it (`cache_control`, …).

    State with a `type` is one of the API's own tools: it is sent as it stands, with the tool's name
    if it has one (toolsets have none).
    """
    state = state_of(tool)
    if isinstance(state.get("type"), str) and state["type"] != "custom":
        return beside({"name": tool.name} if tool.name else {}, state)
    definition: dict[str, Any] = {"name": tool.name}
    if tool.description:
        definition["description"] = tool.description
    definition["input_schema"] = {"type": "object"} | standard_schema(tool.parameters)
    if isinstance(tool.unknown_fields.get("strict"), bool):
        definition["strict"] = tool.unknown_fields["strict"]
    return beside(definition, state)


def to_tool_choice(
    parameters: Mapping[str, Any], tools: Sequence[PromptMessageTool]
) -> dict[str, Any] | None:
    """Return what `tool_choice` and `parallel_tool_calls` ask for, or None for the API's default.

    Raises:
        InvokeBadRequestError: A call is required and there is no tool.
    """
    choice, parallel = parameters.get("tool_choice"), parameters.get("parallel_tool_calls")
    if not tools:
        if choice not in (None, "auto", "none"):
            raise InvokeBadRequestError(f"tool_choice: {choice!r} needs at least one tool")
        return None
    if choice is None and parallel is not False:
        return None
    name = str(choice or "auto")
    wanted: dict[str, Any] = {"type": _CHOICES[name]} if name in _CHOICES else {"type": "tool", "name": name}
    if parallel is False and wanted["type"] != "none":
        wanted["disable_parallel_tool_use"] = True
    return wanted

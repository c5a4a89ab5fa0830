"""Tools: functions of the caller's, the API's own, and how freely the model may choose among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import PromptMessageTool
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.carried import beside
from modelbay.wires.gemini.state import state_of
from modelbay.wires.json_schema import standard_schema

OWN = {"grounding": "googleSearch", "url_context": "urlContext", "code_execution": "codeExecution"}
_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}


def to_tools(tools: Sequence[PromptMessageTool], parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tools: the functions in one, each of the API's own in another.

    Raises:
        InvokeBadRequestError: Two kinds are asked for that the API does not take together.
    """
    own = [name for name in OWN if parameters.get(name)]
    if own and tools:
        raise InvokeBadRequestError(f"{own[0]}: the API's own tools cannot stand beside functions")
    if {"url_context", "code_execution"} <= set(own):
        raise InvokeBadRequestError("code_execution: it cannot stand beside url_context")
    listed: list[dict[str, Any]] = [{OWN[name]: {}} for name in own]
    if tools:
        listed.append({"functionDeclarations": [_declaration(tool) for tool in tools]})
    return listed


def to_tool_config(
    parameters: Mapping[str, Any], tools: Sequence[PromptMessageTool]
) -> dict[str, Any] | None:
    """Return what `tool_choice` asks for, or None for the API's default.

    Raises:
        InvokeBadRequestError: A call is required and there is no tool, or calls are to come one by one.
    """
    choice = parameters.get("tool_choice")
    if not tools:
        if choice not in (None, "auto", "none"):
            raise InvokeBadRequestError(f"tool_choice: {choice!r} needs at least one tool")
        return None
    if parameters.get("parallel_tool_calls") is False:
        raise InvokeBadRequestError("parallel_tool_calls: this API cannot be kept to one call at a time")
    if choice is None:
        return None
    config: dict[str, Any] = {"mode": _MODES.get(choice, "ANY")}
    if choice not in _MODES:
        config["allowedFunctionNames"] = [choice]
    return {"functionCallingConfig": config}


def _declaration(tool: PromptMessageTool) -> dict[str, Any]:
    """Return a function's declaration, with the state the caller put on it (`behavior`, …)."""
    declaration: dict[str, Any] = {"name": tool.name}
    if tool.description:
        declaration["description"] = tool.description
    declaration["parametersJsonSchema"] = {"type": "object"} | standard_schema(tool.parameters)
    return beside(declaration, state_of(tool))

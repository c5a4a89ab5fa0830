"""The body of a request for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from modelbay.entities import PromptMessageTool
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere.conversation import to_messages
from modelbay.wires.family import ChatCall
from modelbay.wires.json_schema import answer_format

_NAMES = {"top_p": "p", "top_k": "k"}
_JSON_TEXT = ("documents", "citation_options")  # a form can only give these as text
_TRANSLATED = {
    *_JSON_TEXT,
    "json_schema",
    "n",
    "parallel_tool_calls",
    "reasoning_effort",
    "response_format",
    "thinking",
    "thinking_budget",
    "tool_choice",
}

Body = dict[str, Any]


def to_body(call: ChatCall) -> Body:
    """Return the body; InvokeBadRequestError, naming it, for what the API cannot do."""
    parameters = call.parameters
    _refuse(parameters)
    body: Body = {"model": call.model, "messages": to_messages(call.messages)}
    body |= {
        _NAMES.get(name, name): value
        for name, value in parameters.items()
        if name not in _TRANSLATED and value is not None
    }
    body |= _json_fields(parameters) | _tools(call) | _response_format(parameters) | _thinking(parameters)
    if call.stop:
        body["stop_sequences"] = list(call.stop)
    return body | ({"stream": True} if call.stream else {})


def _refuse(parameters: Mapping[str, Any]) -> None:
    if parameters.get("n") not in (None, 1):
        raise InvokeBadRequestError(f"n: {parameters['n']} answers cannot be asked for; this API gives one")
    if parameters.get("parallel_tool_calls") is False:
        raise InvokeBadRequestError("parallel_tool_calls: this API cannot be kept to one call at a time")


def _json_fields(parameters: Mapping[str, Any]) -> Body:
    return {name: _read(name, parameters[name]) for name in _JSON_TEXT if parameters.get(name)}


def _read(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvokeBadRequestError(f"{name}: not valid JSON ({error})") from None


def _tools(call: ChatCall) -> Body:
    """Return tools and how they may be chosen. A tool that must be called is the only one offered."""
    choice = call.parameters.get("tool_choice") or "auto"
    tools = list(call.tools)
    if choice not in ("auto", "none", "required"):
        tools = [tool for tool in tools if tool.name == choice]
        if not tools:
            raise InvokeBadRequestError(f"tool_choice: there is no tool {choice!r} in this call")
    if choice == "required" and not tools:
        raise InvokeBadRequestError("tool_choice: 'required' needs at least one tool")
    if not tools:
        return {}
    body: Body = {"tools": [_to_tool(tool) for tool in tools]}
    return body if choice == "auto" else body | {"tool_choice": "NONE" if choice == "none" else "REQUIRED"}


def _to_tool(tool: PromptMessageTool) -> Body:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _response_format(parameters: Mapping[str, Any]) -> Body:
    wanted = answer_format(parameters)
    if wanted.kind == "text":
        return {}
    schema = {"json_schema": wanted.schema} if wanted.schema is not None else {}
    return {"response_format": {"type": "json_object"} | schema}


def _thinking(parameters: Mapping[str, Any]) -> Body:
    on, budget = parameters.get("thinking"), parameters.get("thinking_budget")
    effort = parameters.get("reasoning_effort")
    if on is False or effort == "none":
        return {"thinking": {"type": "disabled"}}
    if effort:
        raise InvokeBadRequestError(
            f"reasoning_effort: this API has no levels, so {effort!r} is not possible; give thinking_budget"
        )
    if not (on or budget):
        return {}
    return {"thinking": {"type": "enabled"} | ({"token_budget": budget} if budget else {})}

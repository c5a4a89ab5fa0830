"""The body of a request for an answer: the conversation is `input`, everything else is `parameters`."""

from __future__ import annotations

from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.dashscope.messages import to_messages
from modelbay.wires.family import ChatCall
from modelbay.wires.json_schema import answer_format
from modelbay.wires.openai.parameters import merge, wanted, write_parameters
from modelbay.wires.openai.tools import write_tools

Body = dict[str, Any]


def to_body(call: ChatCall) -> Body:
    """Return the body; InvokeBadRequestError, naming it, for what the API cannot do."""
    body: Body = {"model": call.model, "input": {"messages": to_messages(call)}, "parameters": _said(call)}
    merge(body, call.options.get("extra_body") or {})
    return body


def _said(call: ChatCall) -> Body:
    found = _with_named_tool(call, wanted(call))
    said: Body = {"result_format": "message"}
    names = {"thinking": "enable_thinking", "max_tokens": call.options.get("max_tokens_field", "max_tokens")}
    write_parameters(said, call, found, names)
    write_tools(said, call, found)
    _write_format(said, found)
    if call.stream and not call.options.get("cumulative"):
        said["incremental_output"] = True
    return said


def _with_named_tool(call: ChatCall, found: Body) -> Body:
    """Return the parameters with the only tool named where one must be called: the API has no "required"."""
    if found.get("tool_choice") != "required" or not call.tools:
        return found
    if len(call.tools) > 1:
        raise InvokeBadRequestError(
            "tool_choice: this API has no 'required'; name the tool that must be called, or offer only one"
        )
    return found | {"tool_choice": call.tools[0].name}


def _write_format(said: Body, found: Body) -> None:
    wish = answer_format(found)
    if wish.kind == "json_object":
        said["response_format"] = {"type": "json_object"}
    elif wish.kind == "json_schema":
        schema: Body = {"name": wish.name, "schema": wish.schema}
        schema |= {"description": wish.description} if wish.description else {}
        said["response_format"] = {"type": "json_schema", "json_schema": schema}
        if wish.strict is not None:
            said["response_format"]["strict"] = wish.strict

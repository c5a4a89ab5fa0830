"""Tools, and how freely the model may choose among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import PromptMessageTool
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.bedrock.state import Block, cache_point_after
from modelbay.wires.family import ChatCall
from modelbay.wires.json_schema import answer_format, standard_schema

_CHOICES: dict[str, Block] = {"auto": {"auto": {}}, "required": {"any": {}}}
_ANSWER = "structured_answer"
_SAID_BY_TOOL = "Give the final answer to the user."
_ANY_INPUT = {"type": "object", "properties": {}}


def to_tool_config(call: ChatCall, messages: Sequence[Mapping[str, Any]]) -> Block | None:
    """Return the tools, with those that the conversation used if the call gives none.

    Raises:
        InvokeBadRequestError: A call is required and there is no tool.
    """
    choice = call.parameters.get("tool_choice")
    used = _used_in(messages)
    wanted = call.tools if choice != "none" or used else ()
    tools = [block for tool in wanted for block in (to_tool(tool), *cache_point_after(tool))]
    if name := answer_tool(call):
        schema = answer_format(call.parameters).schema
        answer = {"name": name, "description": _SAID_BY_TOOL, "inputSchema": {"json": schema}}
        choice = choice if tools or used else name
        tools.append({"toolSpec": answer})
    if not tools:
        if choice not in (None, "auto", "none"):
            raise InvokeBadRequestError(f"tool_choice: {choice!r} needs at least one tool")
        return {"tools": [_made_up(name) for name in used]} if used else None
    config: Block = {"tools": tools}
    if choice not in (None, "none"):
        config["toolChoice"] = _CHOICES.get(str(choice)) or {"tool": {"name": str(choice)}}
    return config


def answer_tool(call: ChatCall) -> str | None:
    """Return the name of the tool with which the model gives an answer that has a schema, if it does so."""
    if not call.options.get("schema_by_tool"):
        return None
    return _ANSWER if answer_format(call.parameters).schema is not None else None


def claude_tool_choice(call: ChatCall) -> Block:
    """Return what of `tool_choice` and `parallel_tool_calls` only Claude's own field can say.

    Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-tool-use.html
    (read 2026-11-21).
    """
    choice, parallel = call.parameters.get("tool_choice"), call.parameters.get("parallel_tool_calls")
    if not call.tools:
        return {}
    if choice == "none":
        return {"tool_choice": {"type": "none"}}
    if parallel is not False:
        return {}
    kinds = {None: "auto", "auto": "auto", "required": "any"}
    named: Block = {"type": kinds[choice]} if choice in kinds else {"type": "tool", "name": str(choice)}
    return {"tool_choice": named | {"disable_parallel_tool_use": True}}


def to_tool(tool: PromptMessageTool) -> Block:
    """Return a tool's definition."""
    spec: Block = {"name": tool.name}
    if tool.description:
        spec["description"] = tool.description
    spec["inputSchema"] = {"json": {"type": "object"} | standard_schema(tool.parameters)}
    if isinstance(tool.unknown_fields.get("strict"), bool):
        spec["strict"] = tool.unknown_fields["strict"]
    return {"toolSpec": spec}


def _made_up(name: str) -> Block:
    return {"toolSpec": {"name": name, "inputSchema": {"json": _ANY_INPUT}}}


def _used_in(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the tools that a conversation used, each once."""
    blocks = [block for turn in messages for block in turn["content"]]
    names = [str(block["toolUse"].get("name") or "") for block in blocks if "toolUse" in block]
    if not names and any("toolResult" in block for block in blocks):
        return ["tool"]
    return list(dict.fromkeys(filter(None, names)))

"""A streamed chat: the model asks for a tool, the demo runs it, the model answers with its result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from modelbay.cli.demo.stage import Stage
from modelbay.entities import (
    LLMResult,
    ModelFeature,
    ModelType,
    PromptMessage,
    PromptMessageTool,
    ToolCall,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.entities.fold import ChunkFolder

_QUESTION = "What is 123456789 times 987654321? Let the tool multiply, then say the result in a sentence."
_WITHOUT_TOOLS = "Say in one sentence what a harbour is."
_WHOLE = {"type": "integer"}
_TOOL = PromptMessageTool(
    name="multiply",
    description="Multiply two whole numbers exactly.",
    parameters={"type": "object", "properties": {"a": _WHOLE, "b": _WHOLE}, "required": ["a", "b"]},
)


def show_chat(stage: Stage) -> None:
    """Ask, let the model call the tool, and show its answer as it comes."""
    tools = [_TOOL] if _calls_tools(stage) else None
    if tools is None:
        stage.screen.line("note", "this model calls no tools, so it is only asked", "dim")
    question = UserPromptMessage(content=_QUESTION if tools else _WITHOUT_TOOLS)
    stage.screen.line("you", question.text)
    result = _answer(stage, [question], tools)
    if result.tool_calls:
        replies = [_run_tool(stage, call) for call in result.tool_calls]
        _answer(stage, [question, result.message, *replies], tools)


def _calls_tools(stage: Stage) -> bool:
    schema = stage.bay.llm(stage.models[ModelType.LLM].model).schema()
    return schema is None or ModelFeature.TOOL_CALL in (schema.features or [])


def _answer(
    stage: Stage, messages: Sequence[PromptMessage], tools: Sequence[PromptMessageTool] | None
) -> LLMResult:
    folder = ChunkFolder()
    flow = stage.screen.flow("model")
    try:
        for chunk in stage.bay.llm(stage.models[ModelType.LLM].model).stream(messages, tools=tools):
            folder.add(chunk)
            if chunk.reasoning:
                flow.write(chunk.reasoning, "dim italic")
            if chunk.text:
                flow.write(chunk.text)
        result = folder.result()
        for call in result.tool_calls:
            flow.write(f"→ {_spoken(call)} ", "magenta")
    finally:
        flow.end()
    stage.called(ModelType.LLM, folder.usage)
    return result


def _spoken(call: ToolCall) -> str:
    try:
        arguments: Any = json.loads(call.function.arguments or "{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        return f"{call.function.name}({call.function.arguments})"
    return f"{call.function.name}({', '.join(f'{name}={value}' for name, value in arguments.items())})"


def _run_tool(stage: Stage, call: ToolCall) -> ToolPromptMessage:
    result = multiply(call.function.arguments)
    stage.screen.line("tool", result, "green")
    return ToolPromptMessage(tool_call_id=call.id, name=call.function.name, content=result)


def multiply(arguments: str) -> str:
    """Return the product of `a` and `b` in JSON text, or what is wrong with it: a model can mend that."""
    try:
        given = json.loads(arguments)
        return str(int(given["a"]) * int(given["b"]))
    except (ValueError, KeyError, TypeError):
        return 'error: give {"a": a whole number, "b": a whole number}'

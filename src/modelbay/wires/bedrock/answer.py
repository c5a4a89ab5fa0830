"""Answers: what the blocks of a message say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    FinishReason,
    LLMResult,
    LLMUsage,
    ToolCall,
    ToolCallFunction,
)
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.bedrock.replay import text_in
from modelbay.wires.bedrock.state import KEY, Block
from modelbay.wires.bedrock.tools import answer_tool
from modelbay.wires.failures import message_of
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import answer_object, reads_answer, to_json
from modelbay.wires.usage import llm_usage

_FINISH_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "content_filtered": FinishReason.CONTENT_FILTER,
    "guardrail_intervened": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.CONTENT_FILTER,
}
_BROKEN = ("malformed_model_output", "malformed_tool_use")
_KEPT = ("trace", "additionalModelResponseFields")


@reads_answer
def to_result(call: ChatCall, body: Any) -> LLMResult:
    """Return the whole answer; InvokeServerUnavailableError if the model wrote nonsense, as the API says."""
    answer = answer_object(body)
    content = ((answer.get("output") or {}).get("message") or {}).get("content")
    if not isinstance(content, list):
        said = message_of(answer)  # a failure may come with status 200
        raise InvokeServerUnavailableError(said or "the provider's answer has no 'output.message.content'")
    tool = answer_tool(call)
    content = _with_text(content, tool)
    calls = [_tool_call(block["toolUse"]) for block in content if is_call(block)]
    return LLMResult(
        model=call.model,
        message=AssistantPromptMessage(
            content="".join(map(text_in, content)),
            reasoning_content="".join(map(reasoning_in, content)) or None,
            tool_calls=calls,
            opaque_body=opaque_body_of(content, answer),
        ),
        usage=usage_of(answer.get("usage")),
        finish_reason=finish_reason_of(answer.get("stopReason"), calls=bool(calls) or tool is None),
    )


def is_call(block: Block) -> bool:
    """Whether a block calls one of the caller's tools; those that the provider runs itself have a type."""
    return "toolUse" in block and not block["toolUse"].get("type")


def reasoning_in(block: Block) -> str:
    """Return what a block adds to the reasoning that may be read."""
    said = (block.get("reasoningContent") or {}).get("reasoningText") or {}
    return str(said.get("text") or "")


def opaque_body_of(content: list[Block], answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the state that the next turn needs: the blocks, if text and tool calls do not say it all."""
    state: dict[str, Any] = {name: answer[name] for name in _KEPT if answer.get(name)}
    if not _is_plain(content):
        state["content"] = content
    return {KEY: state} if state else None


def usage_of(told: Any) -> LLMUsage:
    """Return the usage. The API counts what it read from and wrote to its cache beside the other input."""
    written = _count(told, "cacheWriteInputTokens")
    read = _count(told, "cacheReadInputTokens")
    counted = llm_usage(
        prompt=_count(told, "inputTokens") + written + read,
        completion=_count(told, "outputTokens"),
        cached=read,
        cache_write=written,
    )
    counted.estimated = not told
    return counted


def finish_reason_of(stop_reason: Any, *, calls: bool = True) -> str:
    """Return why the model stopped; a reason without a name of ours keeps its own.

    Args:
        calls: Whether the answer calls a tool of the caller's, and not only the one that gives the answer.
    """
    reason = str(stop_reason or "end_turn")
    if reason in _BROKEN:
        raise InvokeServerUnavailableError(f"the model's answer could not be read by the provider ({reason})")
    if reason == "tool_use" and not calls:
        return FinishReason.STOP
    return _FINISH_REASONS.get(reason, reason.lower())


def _with_text(content: list[Block], name: str | None) -> list[Block]:
    """Return the blocks with what the model gave to the answering tool as text."""
    if name is None:
        return content
    return [
        {"text": to_json(block["toolUse"]["input"])} if _calls(block, name) else block for block in content
    ]


def _calls(block: Block, name: str) -> bool:
    return "toolUse" in block and block["toolUse"].get("name") == name


def _count(values: Any, name: str) -> int:
    """Return a number of tokens; 0 for what is none."""
    value = values.get(name) if isinstance(values, Mapping) else None
    return value if isinstance(value, int) and value > 0 else 0


def _tool_call(use: Block) -> ToolCall:
    arguments = to_json(use.get("input") or {})
    return ToolCall(id=use["toolUseId"], function=ToolCallFunction(name=use["name"], arguments=arguments))


def _is_plain(content: list[Block]) -> bool:
    """Whether one text and the tool calls after it say all that the blocks do, their order included."""
    return all(is_call(block) for block in content[1:]) and all(
        "text" in block or is_call(block) for block in content[:1]
    )

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
from modelbay.wires.anthropic.blocks import Block
from modelbay.wires.anthropic.errors import error_of
from modelbay.wires.anthropic.state import KEY
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import answer_object, reads_answer, to_json
from modelbay.wires.usage import llm_usage

_FINISH_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}
_PLAIN = {"text": {"type", "text"}, "tool_use": {"type", "id", "name", "input"}}
_COUNTED = frozenset(
    {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"}
)
_KEPT_OF_MESSAGE = ("stop_details", "stop_sequence", "container")


@reads_answer
def to_result(call: ChatCall, body: Any) -> LLMResult:
    """Return the whole answer."""
    message = answer_object(body)
    if message.get("type") == "error":
        raise error_of(message)
    content = message.get("content")
    if not isinstance(content, list):
        raise InvokeServerUnavailableError("the provider's answer has no list 'content'")
    return LLMResult(
        model=call.model,
        message=AssistantPromptMessage(
            content=_joined(content, "text"),
            reasoning_content=_joined(content, "thinking") or None,
            tool_calls=[_tool_call(block) for block in content if block.get("type") == "tool_use"],
            opaque_body=opaque_body_of(content, message),
        ),
        usage=usage_of(message.get("usage") or {}),
        finish_reason=finish_reason_of(message.get("stop_reason")),
    )


def opaque_body_of(content: list[Block], message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the state that the next turn needs: the blocks, if text and tool calls do not say it all."""
    state: dict[str, Any] = {name: message[name] for name in _KEPT_OF_MESSAGE if message.get(name)}
    if not is_plain(content):
        state["content"] = content
    return {KEY: state} if state else None


def usage_of(usage: Mapping[str, Any]) -> LLMUsage:
    """Return the usage. The API counts what it read from and wrote to its cache beside the other input.

    What else it tells (`service_tier`, `server_tool_use`, …) is kept under the family's name.
    """
    written = _count(usage, "cache_creation_input_tokens")
    read = _count(usage, "cache_read_input_tokens")
    counted = llm_usage(
        prompt=_count(usage, "input_tokens") + written + read,
        completion=_count(usage, "output_tokens"),
        cached=read,
        cache_write=written,
        reasoning=_count(usage.get("output_tokens_details"), "thinking_tokens"),
    )
    counted.estimated = not usage
    more = {name: value for name, value in usage.items() if name not in _COUNTED and value is not None}
    return counted.model_copy(update={KEY: more}) if more else counted


def _count(values: Any, name: str) -> int:
    """Return a number of tokens; 0 for what is none."""
    value = values.get(name) if isinstance(values, Mapping) else None
    return value if isinstance(value, int) and value > 0 else 0


def finish_reason_of(stop_reason: str | None) -> str:
    """Return why the model stopped; a reason without a name of ours keeps its own (`pause_turn`)."""
    reason = stop_reason or "end_turn"
    return _FINISH_REASONS.get(reason, reason.lower())


def _joined(content: list[Block], kind: str) -> str:
    return "".join(block.get(kind) or "" for block in content if block.get("type") == kind)


def _tool_call(block: Block) -> ToolCall:
    arguments = to_json(block.get("input") or {})
    function = ToolCallFunction(name=block.get("name"), arguments=arguments)
    return ToolCall(id=block.get("id"), function=function)


def is_plain(content: list[Block]) -> bool:
    """Whether one text and the tool calls after it say all that the blocks do, their order included."""
    kinds = [block.get("type") for block in content[1:]]
    return all(kind == "tool_use" for kind in kinds) and not any(map(says_more, content))


def says_more(block: Block) -> bool:
    """Whether a block says more than text or a tool call does."""
    plain = _PLAIN.get(str(block.get("type")))
    return plain is None or any(value for name, value in block.items() if name not in plain)

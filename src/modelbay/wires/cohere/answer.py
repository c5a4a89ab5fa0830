"""Answers of the chat API."""

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
from modelbay.wires.cohere.state import opaque_body_of, said_by
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.usage import llm_usage

_FINISH_REASONS = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "TOOL_CALL": FinishReason.TOOL_CALLS,
    "ERROR_TOXIC": FinishReason.CONTENT_FILTER,
}
_FAILURES = ("ERROR", "TIMEOUT")


@reads_answer
def to_result(call: ChatCall, body: Any) -> LLMResult:
    """Return the whole answer."""
    answer = answer_object(body)
    message = answer.get("message")
    if isinstance(message, str):  # the shape of an error, with a status that says success
        raise InvokeServerUnavailableError(message)
    if not isinstance(message, dict):
        raise InvokeServerUnavailableError("the provider's answer has no object 'message'")
    reason = finish_reason_of(answer)
    content = message.get("content") or []
    return LLMResult(
        model=call.model,
        message=AssistantPromptMessage(
            content=said_by(message),
            reasoning_content=_joined(content, "thinking") or None,
            tool_calls=[_tool_call(item) for item in message.get("tool_calls") or []],
            opaque_body=opaque_body_of(message),
        ),
        usage=usage_of(answer.get("usage") or {}),
        finish_reason=reason,
    )


def finish_reason_of(ending: Mapping[str, Any]) -> str:
    """Return why the model stopped; InvokeServerUnavailableError if it stopped because it failed."""
    reason = str(ending.get("finish_reason") or "COMPLETE")
    if reason in _FAILURES:
        message = ending.get("error") or f"the provider stopped the answer: {reason}"
        raise InvokeServerUnavailableError(str(message), code=reason)
    return _FINISH_REASONS.get(reason, reason.lower())


def usage_of(usage: Mapping[str, Any]) -> LLMUsage:
    """Return the usage as it is billed: without what the API itself adds to a prompt."""
    units = usage.get("billed_units") or usage.get("tokens") or {}
    prompt = int(units.get("input_tokens") or 0)
    cached = min(int(usage.get("cached_tokens") or 0), prompt)
    counted = llm_usage(prompt=prompt, completion=int(units.get("output_tokens") or 0), cached=cached)
    counted.estimated = not units
    return counted


def _joined(content: list[dict[str, Any]], kind: str) -> str:
    return "".join(block.get(kind) or "" for block in content if block.get("type") == kind)


def _tool_call(item: dict[str, Any]) -> ToolCall:
    function = item.get("function") or {}
    return ToolCall(
        id=item.get("id"),
        function=ToolCallFunction(name=function.get("name"), arguments=function.get("arguments")),
    )

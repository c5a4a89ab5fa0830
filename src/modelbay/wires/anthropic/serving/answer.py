"""Whole answers as a client reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from modelbay.entities import (
    AssistantPromptMessage,
    LLMResult,
    LLMUsage,
    MessageContent,
    TextPromptMessageContent,
    ToolCall,
)
from modelbay.wires.anthropic.blocks import Block, text_block
from modelbay.wires.anthropic.serving.carried import carrier
from modelbay.wires.anthropic.serving.turns import BODY, CALLS
from modelbay.wires.anthropic.state import KEY, state_of
from modelbay.wires.carried import unless_bare
from modelbay.wires.serving import ChatAsk

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_OWN_REASONS = frozenset({"pause_turn", "model_context_window_exceeded"})
_OF_MESSAGE = ("stop_details", "container")


def from_result(ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
    """Return the body of a whole answer; an answer of this API gives its blocks back unchanged."""
    message = result.message
    content = content_of(state_of(message))
    written = _blocks(message, answer_id) if content is None else list(content)
    carried = carried_by(foreign_state(message.opaque_body), message.tool_calls)
    thought = message.reasoning_content if content is None else None
    if carried or thought:
        block = carrier(carried or None, thought or "")
        written = [*written, block] if content else [block, *written]
    ending = ending_of(result.finish_reason, bool(message.tool_calls), state_of(message))
    return {
        **begun(answer_id, result.model or ask.model),
        "content": written,
        **ending,
        "usage": usage_of(result.usage),
    }


def begun(answer_id: str, model: str) -> dict[str, Any]:
    """Return what a message says of itself from its beginning."""
    return {"id": f"msg_{answer_id}", "type": "message", "role": "assistant", "model": model}


def content_of(state: Mapping[str, Any]) -> list[Block] | None:
    """Return the blocks that an answer of this API came with, where they are its state."""
    content = state.get("content")
    if isinstance(content, list) and all(isinstance(block, dict) for block in content):
        return content
    return None


def foreign_state(opaque_body: Any) -> Any:
    """Return what other families keep on a message, None for nothing."""
    if isinstance(opaque_body, dict):
        return unless_bare({name: value for name, value in opaque_body.items() if name != KEY})
    return opaque_body


def carried_by(state: Any, calls: Iterable[ToolCall]) -> dict[str, Any]:
    """Return what a client must carry so that other families find it again; empty for nothing."""
    extras = {call.id: extra for call in calls if (extra := _beyond_function(call))}
    carried = {BODY: state, CALLS: extras}
    return {name: value for name, value in carried.items() if value}


def _beyond_function(call: ToolCall) -> dict[str, Any]:
    """Return what a call has that a block of it has not: its type, if it calls no function, and state."""
    kind = {"type": call.type} if call.type not in ("", "function") else {}
    return {**call.unknown_fields, **kind}


def ending_of(finish_reason: str | None, called: bool, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return why and how a message ended. Clients run tools by the reason, so calls alone are one."""
    reason = finish_reason or "stop"
    stop_reason = reason if reason in _OWN_REASONS else _STOP_REASONS.get(reason, "end_turn")
    if called and stop_reason == "end_turn":
        stop_reason = "tool_use"
    sequence = state.get("stop_sequence")
    if sequence and stop_reason == "end_turn":
        stop_reason = "stop_sequence"
    rest = {name: state[name] for name in _OF_MESSAGE if state.get(name)}
    return {"stop_reason": stop_reason, "stop_sequence": sequence, **rest}


def usage_of(usage: LLMUsage) -> dict[str, Any]:
    """Return the counts; the API tells what its cache had beside the other input, and more of its own."""
    more = usage.unknown_fields.get(KEY) or {}
    read, written = usage.cached_tokens, usage.cache_write_tokens
    counts: dict[str, Any] = {
        "input_tokens": max(0, usage.prompt_tokens - read - written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": usage.completion_tokens,
    }
    if usage.reasoning_tokens and "output_tokens_details" not in more:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return {**more, **counts}


def words_in(content: MessageContent | None) -> str:
    """Return the text of an answer; the API has no other content, so a file becomes a link to it."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(
        part.data if isinstance(part, TextPromptMessageContent) else f"![{part.type}]({part.data})"
        for part in content
    )


def call_id_of(call: ToolCall, answer_id: str, number: int) -> str:
    """Return the id of a call; results refer to it, so a provider that gives none gets one."""
    return call.id or f"toolu_{answer_id}_{number}"


def _blocks(message: AssistantPromptMessage, answer_id: str) -> list[Block]:
    text = words_in(message.content)
    uses = [
        {
            "type": "tool_use",
            "id": call_id_of(call, answer_id, number),
            "name": call.function.name,
            "input": _input(call.function.arguments),
        }
        for number, call in enumerate(message.tool_calls)
    ]
    return ([text_block(text)] if text else []) + uses


def _input(arguments: str) -> dict[str, Any]:
    """Return the arguments as an object; of an answer that was cut inside them the API has none either."""
    try:
        value = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}

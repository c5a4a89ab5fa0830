"""Chunks built for speed from values that a dialect has already read.

A chunk is three entities; validating them costs more than decoding the frame they came from. These builders
skip validation, which is safe because every value has its final type here; a test holds them to what the
constructors make.
"""

from __future__ import annotations

from typing import Any, TypeVar

from modelbay.entities import (
    AssistantPromptMessage,
    Entity,
    LLMResultChunk,
    LLMResultChunkDelta,
    LLMUsage,
    PromptMessageRole,
    ToolCall,
    ToolCallFunction,
)

_E = TypeVar("_E", bound=Entity)
_set = object.__setattr__
_ASSISTANT = PromptMessageRole.ASSISTANT


def text_chunk(model: str, text: str) -> LLMResultChunk:
    """Return a chunk that adds text."""
    return _chunk(model, text, None, [], {"content"})


def reasoning_chunk(model: str, reasoning: str) -> LLMResultChunk:
    """Return a chunk that adds reasoning."""
    return _chunk(model, "", reasoning, [], {"content", "reasoning_content"})


def tool_chunk(
    model: str, index: int, *, call_id: str = "", name: str = "", arguments: str = ""
) -> LLMResultChunk:
    """Return a chunk that adds a piece to the tool call number `index` of the answer."""
    function = trusted(ToolCallFunction, {"name": name, "arguments": arguments}, {"name", "arguments"})
    call = trusted(
        ToolCall,
        {"id": call_id, "type": "function", "function": function, "index": index},
        {"id", "function", "index"},
    )
    return _chunk(model, "", None, [call], {"content", "tool_calls"})


def last_chunk(
    model: str, usage: LLMUsage | None, finish_reason: str, opaque_body: Any = None
) -> LLMResultChunk:
    """Return the chunk that ends an answer."""
    message = AssistantPromptMessage(content="", opaque_body=opaque_body)
    delta = LLMResultChunkDelta(index=0, message=message, usage=usage, finish_reason=finish_reason)
    return LLMResultChunk(model=model, delta=delta)


def _chunk(
    model: str, content: str, reasoning: str | None, calls: list[ToolCall], given: set[str]
) -> LLMResultChunk:
    message = trusted(
        AssistantPromptMessage,
        {
            "role": _ASSISTANT,
            "content": content,
            "name": None,
            "tool_calls": calls,
            "reasoning_content": reasoning,
            "opaque_body": None,
        },
        given,
    )
    delta = trusted(
        LLMResultChunkDelta,
        {"index": 0, "message": message, "usage": None, "finish_reason": None},
        {"index", "message"},
    )
    return trusted(
        LLMResultChunk,
        {"model": model, "prompt_messages": [], "system_fingerprint": None, "notices": [], "delta": delta},
        {"model", "delta"},
    )


def trusted(cls: type[_E], values: dict[str, Any], given: set[str]) -> _E:
    """Return an entity of exactly these values; pydantic's `model_construct` does this four times slower."""
    entity = cls.__new__(cls)
    _set(entity, "__dict__", values)
    _set(entity, "__pydantic_fields_set__", given)
    _set(entity, "__pydantic_extra__", {})
    _set(entity, "__pydantic_private__", None)
    return entity

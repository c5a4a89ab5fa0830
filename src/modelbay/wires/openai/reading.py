"""What the answers of compatible servers say, in all the ways in which they say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import FinishReason, LLMUsage
from modelbay.wires.json_text import to_json
from modelbay.wires.openai.shapes import object_of, objects_of, text_of
from modelbay.wires.usage import llm_usage

_FINISH_REASONS = {
    "function_call": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "max_output_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "sensitive": FinishReason.CONTENT_FILTER,
}


def finish_reason(word: Any, *, calls_tools: bool) -> str:
    """Return why the model stopped; servers say "stop", or nothing, beside tool calls too."""
    known = str(word or FinishReason.STOP).lower()
    reason = _FINISH_REASONS.get(known, known)
    if calls_tools and reason == FinishReason.STOP:
        return FinishReason.TOOL_CALLS.value
    return str(reason)


def content_of(value: Any) -> tuple[str, str]:
    """Return the text and the reasoning in a `content`: a string, null, or a list of parts."""
    if isinstance(value, str):
        return value, ""
    if value is None:
        return "", ""
    if not isinstance(value, list):
        return to_json(value), ""
    texts, reasoning = [], []
    for part in value:
        if isinstance(part, Mapping) and part.get("type") in ("thinking", "reasoning"):
            reasoning.append(_thought(part))
        elif isinstance(part, Mapping):
            texts.append(text_of(part.get("text")))
        else:
            texts.append(str(part))
    return "".join(texts), "".join(reasoning)


def reasoning_of(delta: Mapping[str, Any]) -> str:
    """Return the reasoning beside the content: under either name, else in the typed list."""
    for name in ("reasoning_content", "reasoning"):
        if text := delta.get(name):
            return content_of(text)[0]
    details = objects_of(delta.get("reasoning_details"))
    return "".join(text_of(detail.get("text") or detail.get("summary")) for detail in details)


def usage_of(usage: Any) -> LLMUsage | None:
    """Return a usage in the form of chat completions or responses; None if there are no numbers in it."""
    if not isinstance(usage, Mapping):
        return None
    prompt = _count(usage, "prompt_tokens", "input_tokens")
    completion = _count(usage, "completion_tokens", "output_tokens")
    total = _count(usage, "total_tokens")
    read = _object(usage, "prompt_tokens_details", "input_tokens_details")
    written = _object(usage, "completion_tokens_details", "output_tokens_details")
    reasoning = _count(written, "reasoning_tokens")
    if not (prompt or completion or total):
        return None
    if reasoning and total == prompt + completion + reasoning:
        completion += reasoning  # some count reasoning apart from the answer, and bill it like the answer
    elif not prompt:
        prompt = max(total - completion, 0)
    return llm_usage(
        prompt=prompt,
        completion=completion,
        cached=_count(read, "cached_tokens")
        or _count(usage, "cached_tokens", "prompt_cache_hit_tokens", "num_cached_tokens"),
        cache_write=_count(read, "cache_write_tokens"),
        reasoning=reasoning,
    )


def no_usage() -> LLMUsage:
    """Return the usage of an answer that reports none: whoever needs numbers has to count."""
    return llm_usage(prompt=0, completion=0).model_copy(update={"estimated": True})


def _count(values: Mapping[str, Any], *names: str) -> int:
    for name in names:
        value = values.get(name)
        if value and isinstance(value, (int, float)) and value > 0:
            return int(value)
    return 0


def _object(values: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((value for name in names if (value := object_of(values.get(name)))), {})


def _thought(part: Mapping[str, Any]) -> str:
    inner = part.get("thinking") or part.get("text") or part.get("reasoning")
    return content_of(inner)[0] if isinstance(inner, list) else text_of(inner)

"""What the fields of an answer mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import FinishReason, LLMUsage
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.gemini.state import KEY, Part
from modelbay.wires.usage import llm_usage

_FILTERED = (
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "LANGUAGE"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
)
_FINISH_REASONS = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    **dict.fromkeys(_FILTERED, FinishReason.CONTENT_FILTER),
}
_PASSING = frozenset({"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE"})  # another attempt may go well
_FAILURES = _PASSING | {"UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "OTHER"}
_COUNTED = frozenset(
    {"promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount"}
    | {"toolUsePromptTokenCount", "totalTokenCount"}
)


def refuse_failure(reason: str, message: Any) -> None:
    """Raise the error that a reason to stop stands for, if it is one.

    Raises:
        InvokeBadRequestError: The model could not answer; retryable where it only slipped.
    """
    if reason in _FAILURES:
        said = f": {message}" if isinstance(message, str) and message else ""
        raise InvokeBadRequestError(
            f"the model ended its answer with {reason}{said}", code=reason, retryable=reason in _PASSING
        )


def finish_reason_of(reason: str, *, calls: bool) -> str:
    """Return why the model stopped; a reason without a name of ours keeps its own."""
    if calls and reason == "STOP":
        return FinishReason.TOOL_CALLS
    return _FINISH_REASONS.get(reason, reason.lower())


def usage_of(usage: Mapping[str, Any]) -> LLMUsage:
    """Return the usage. Thoughts are billed as output; what tools read is input.

    What else the API tells (`trafficType`, counts by modality, …) is kept under the family's name.
    """
    thoughts = _count(usage, "thoughtsTokenCount")
    counted = llm_usage(
        prompt=_count(usage, "promptTokenCount") + _count(usage, "toolUsePromptTokenCount"),
        completion=_count(usage, "candidatesTokenCount") + thoughts,
        cached=_count(usage, "cachedContentTokenCount"),
        reasoning=thoughts,
    )
    counted.estimated = not usage
    more = {name: value for name, value in usage.items() if name not in _COUNTED and value is not None}
    return counted.model_copy(update={KEY: more}) if more else counted


def _count(values: Mapping[str, Any], name: str) -> int:
    """Return a number of tokens; 0 for what is none."""
    value = values.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def is_plain(parts: list[Part]) -> bool:
    """Whether one text and the calls after it say all that the parts do, their order included."""
    return all("functionCall" in part for part in parts[1:]) and not any(map(_says_more, parts))


def _says_more(part: Part) -> bool:
    if "functionCall" in part:
        return len(part) > 1 or any(
            value for name, value in part["functionCall"].items() if name not in ("name", "args")
        )
    return part.keys() != {"text"}

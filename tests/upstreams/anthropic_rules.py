"""What Anthropic refuses beyond its published schemas: facts about models and messages, as data.

Source: the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Complaint

from .anthropic_messages import is_genuine, thinks
from .described import Body, Rule, required

_BASE_5 = frozenset({"no-sampling", "adaptive", "no-prefill", "effort", "xhigh", "max"})
_ALWAYS = _BASE_5 | {"think-always"}
_FREE = _ALWAYS | {"no-forced-tool"}
MODELS: Mapping[str, frozenset[str]] = {
    "claude-haiku-4-5": frozenset({"budget"}),
    "claude-sonnet-4-5": frozenset({"budget"}),
    "claude-opus-4-5": frozenset({"budget"}),
    "claude-sonnet-4-6": frozenset({"budget", "adaptive", "no-prefill", "effort", "max"}),
    "claude-opus-4-6": frozenset({"budget", "adaptive", "no-prefill", "effort", "max"}),
    "claude-opus-4-7": _BASE_5,
    "claude-opus-4-8": _BASE_5,
    "claude-sonnet-5": _BASE_5,
    "claude-opus-5": _BASE_5,
    "claude-haiku-5-5": _BASE_5,
    "claude-fable-5": _ALWAYS,
    "claude-mythos-5": _ALWAYS,
    "claude-sonnet-5-5": _FREE,
    "claude-opus-5-5": _FREE,
    "claude-fable-5-1": _FREE,
    "claude-mythos-5-1": _FREE,
}
MOST_CACHE_MARKS = 4
LEAST_BUDGET = 1024
_SIGNED = frozenset({"thinking", "redacted_thinking"})


def facts(model: str) -> frozenset[str]:
    """Return what is special about a model; dated names count as the model they begin with."""
    names = [name for name in MODELS if model == name or model.startswith(f"{name}-20")]
    return MODELS[max(names, key=len)] if names else frozenset({"budget"})


def entry(name: str) -> dict[str, Any]:
    """Write a model as the listing does."""
    dates = {"created_at": "2026-01-01T00:00:00Z", "deprecated_at": None, "retires_at": None}
    limits = {"max_input_tokens": 200_000, "max_tokens": 64_000}
    return {"id": name, "type": "model", "display_name": name, "lifecycle": "active"} | dates | limits


def _no(message: str, param: str | None) -> Complaint:
    return Complaint(message, param, "invalid_request_error")


def positive_limit(body: Body) -> Complaint | None:
    """`max_tokens` is at least 1."""
    return (
        None
        if body["max_tokens"] >= 1
        else _no("max_tokens: must be greater than or equal to 1", "max_tokens")
    )


def no_sampling(body: Body) -> Complaint | None:
    """Models from Opus 4.7 on take no sampling parameters, and none does while it thinks by budget."""
    given = [
        name for name in ("temperature", "top_p", "top_k") if body.get(name) not in {None, _DEFAULTS[name]}
    ]
    if given and "no-sampling" in facts(body["model"]):
        return _no(f"{given[0]}: this model does not support sampling parameters", given[0])
    if given and thinks(body):
        return _no(f"{given[0]}: may not be set when thinking is enabled", given[0])
    return None


_DEFAULTS: Mapping[str, Any] = {"temperature": 1, "top_p": None, "top_k": None}


def temperature_in_range(body: Body) -> Complaint | None:
    """The temperature is 0 to 1."""
    if 0 <= (body.get("temperature") or 0) <= 1:
        return None
    return _no("temperature: range: 0..1", "temperature")


def fitting_thinking(body: Body) -> Complaint | None:
    """Budgets are for older models, adaptive thinking for newer ones, and some think always."""
    thinking, known = body.get("thinking") or {}, facts(body["model"])
    kind = thinking.get("type")
    if kind == "enabled":
        return _budget(body, thinking, known)
    if kind == "adaptive" and "adaptive" not in known:
        return _no("thinking.type: adaptive thinking is not supported on this model", "thinking.type")
    if kind == "disabled" and "think-always" in known:
        return _no("thinking.type: thinking cannot be disabled on this model", "thinking.type")
    return None


def _budget(body: Body, thinking: Mapping[str, Any], known: frozenset[str]) -> Complaint | None:
    where = "thinking.budget_tokens"
    if "budget" not in known:
        return _no(f"{where}: not supported on this model; use adaptive thinking", where)
    if thinking["budget_tokens"] < LEAST_BUDGET:
        return _no(f"{where}: Input should be greater than or equal to {LEAST_BUDGET}", where)
    if thinking["budget_tokens"] >= body["max_tokens"]:
        return _no("`max_tokens` must be greater than `thinking.budget_tokens`", "max_tokens")
    return None


def fitting_effort(body: Body) -> Complaint | None:
    """Effort is for newer models, and its highest levels for some of them."""
    effort, known = (body.get("output_config") or {}).get("effort"), facts(body["model"])
    if effort is None:
        return None
    if "effort" not in known or (effort in {"xhigh", "max"} and effort not in known):
        return _no(f"output_config.effort: '{effort}' is not supported on this model", "output_config.effort")
    return None


def free_choice(body: Body) -> Complaint | None:
    """Nobody forces a tool on a model that thinks."""
    if (body.get("tool_choice") or {}).get("type") not in {"any", "tool"}:
        return None
    if thinks(body) or "no-forced-tool" in facts(body["model"]):
        return _no("tool_choice: forced tool use is not allowed when thinking is enabled", "tool_choice")
    return None


def few_cache_marks(body: Body) -> Complaint | None:
    """There are at most four cache breakpoints."""
    blocks = [*_blocks_of(body), *(body.get("tools") or ())]
    system = body.get("system")
    blocks += system if isinstance(system, list) else []
    marks = sum(1 for block in blocks if block.get("cache_control")) + bool(body.get("cache_control"))
    if marks <= MOST_CACHE_MARKS:
        return None
    message = f"A maximum of {MOST_CACHE_MARKS} blocks with cache_control may be provided. Found {marks}."
    return _no(message, "cache_control")


def no_empty_text(body: Body) -> Complaint | None:
    """Text blocks and messages are not empty; only the last answer of the model may be begun."""
    if not body["messages"]:
        return _no("messages: at least one message is required", "messages")
    for place, message in enumerate(body["messages"]):
        empty = message["content"] in ("", [])
        if empty or any(block.get("type") == "text" and not block["text"] for block in _blocks(message)):
            where = f"messages.{place}.content"
            return _no(f"{where}: text content blocks must be non-empty", where)
    return None


def good_prefill(body: Body) -> Complaint | None:
    """A begun answer is refused by newer models, and may not end in white space."""
    last = body["messages"][-1]
    if last["role"] != "assistant":
        return None
    if "no-prefill" in facts(body["model"]):
        return _no("This model does not support assistant message prefill.", "messages")
    content = last["content"]
    text = content if isinstance(content, str) else content[-1].get("text", "")
    if text != text.rstrip():
        return _no("messages: final assistant content cannot end with trailing whitespace", "messages")
    return None


def answered_tools(body: Body) -> Complaint | None:
    """The results of all calls of a turn come first in the next user message, and no others."""
    called: set[str] = set()
    for place, message in enumerate(body["messages"]):
        blocks, where = _blocks(message), f"messages.{place}"
        results = [block for block in blocks if block.get("type") == "tool_result"]
        given = {block["tool_use_id"] for block in results}
        if given - called:
            return _no(f"{where}: unexpected `tool_use_id` in `tool_result`: {min(given - called)}", where)
        if called - given:
            return _no(f"{where}: `tool_use` without `tool_result` block: {min(called - given)}", where)
        if results and blocks[: len(results)] != results:
            return _no(f"{where}: `tool_result` blocks must come first in the message", where)
        called = {block["id"] for block in blocks if block.get("type") == "tool_use"}
    return _no(f"messages: `tool_use` without `tool_result`: {min(called)}", "messages") if called else None


def replayed_thinking(body: Body) -> Complaint | None:
    """In a tool loop the model's turn begins with its thinking, genuine and unaltered."""
    for place, message in enumerate(body["messages"]):
        blocks, where = _blocks(message), f"messages.{place}.content"
        for index, block in enumerate(blocks):
            if block.get("type") in _SIGNED and not is_genuine(block):
                return _no(f"{where}.{index}: Invalid `signature` in `thinking` block", f"{where}.{index}")
        calls = any(block.get("type") == "tool_use" for block in blocks)
        if thinks(body) and calls and _in_loop(body, place) and blocks[0].get("type") not in _SIGNED:
            return _no(f"{where}.0.type: Expected `thinking` or `redacted_thinking`", f"{where}.0.type")
    return None


def _in_loop(body: Body, place: int) -> bool:
    """Tell whether everything after a turn of the model is still tool results and calls."""
    later = [message for message in body["messages"][place + 1 :] if message["role"] == "user"]
    return all(any(block.get("type") == "tool_result" for block in _blocks(message)) for message in later)


def _blocks(message: Mapping[str, Any]) -> list[Any]:
    content = message["content"]
    return content if isinstance(content, list) else []


def _blocks_of(body: Body) -> Iterator[Any]:
    for message in body["messages"]:
        yield from _blocks(message)


_SHARED: Sequence[Rule] = (
    no_empty_text,
    few_cache_marks,
    free_choice,
    fitting_effort,
    answered_tools,
    good_prefill,
    replayed_thinking,
)
RULES: Mapping[str, Sequence[Rule]] = {
    "/v1/messages": (
        required("model", "max_tokens", "messages"),
        *(positive_limit, no_sampling, temperature_in_range, fitting_thinking),
        *_SHARED,
    ),
    "/v1/messages/count_tokens": (required("model", "messages"), *_SHARED),
}

"""What a client of chat completions asks beyond the content of its call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.wires.asked import HINT, Fields, wrong
from modelbay.wires.openai.serving.chat_calls import json_text
from modelbay.wires.serving import Wishes

_NUMBERS = (
    *("temperature", "top_p", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty"),
)
_WHOLE = ("seed", "n", "top_k", "top_logprobs", "thinking_budget")
_TEXTS = ("reasoning_effort", "reasoning_summary", "verbosity", "service_tier")
_AS_THEY_COME = ("prompt_caching", "documents", "safety_mode")
_FORMATS = ("text", "json_object")
_SWITCHES = {"enabled": True, "adaptive": True, "disabled": False}


NEUTRAL: Mapping[str, Any] = {
    "n": 1,
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
    "logit_bias": {},
    "tool_choice": "auto",
    "function_call": "auto",
    "parallel_tool_calls": True,
    "response_format": "text",
    "verbosity": "medium",
    "modalities": ["text"],
    "reasoning_effort": "none",
    "service_tier": "auto",
    "store": False,
    # Hints, whatever they say: they make a call cheaper or traceable, and change nothing in its answer.
    "metadata": HINT,
    "prompt_cache_key": HINT,
    "prompt_cache_retention": HINT,
    "prompt_cache_options": HINT,
    "safety_identifier": HINT,
}


def read_parameters(wishes: Wishes, fields: Fields) -> None:
    """Read what both generations of the API have in common: how long, how random, which seed."""
    for name in _NUMBERS:
        wish(wishes, name, fields.number(name))
    for name in _WHOLE:
        wish(wishes, name, whole(fields, name))
    for name in _TEXTS:
        wish(wishes, name, fields.text(name))
    for name in _AS_THEY_COME:
        wish(wishes, name, fields.take(name))
    wish(wishes, "max_tokens", whole(fields, "max_tokens"))


def read_chat_parameters(wishes: Wishes, fields: Fields) -> None:
    """Read what only conversations have."""
    read_parameters(wishes, fields)
    wish(wishes, "max_tokens", whole(fields, "max_completion_tokens"), "max_completion_tokens")
    wish(wishes, "logprobs", fields.flag("logprobs"))
    _read_format(wishes, fields.take("response_format"))
    _read_thinking(wishes, fields)
    _read_reasoning(wishes, fields)


def read_stop(fields: Fields) -> list[str]:
    """Return the stop sequences: one string, or a list."""
    stop = fields.take("stop")
    if stop is None or isinstance(stop, str):
        return [stop] if stop else []
    if not isinstance(stop, list) or not all(isinstance(text, str) for text in stop):
        raise wrong("stop", "must be a string or a list of strings")
    return stop


def read_stream(wishes: Wishes, fields: Fields) -> tuple[bool, dict[str, Any]]:
    """Return whether the answer is to be streamed, and what that is to look like."""
    stream, given = fields.flag("stream") or False, fields.take("stream_options")
    if given is None:
        return stream, {}
    inner = Fields(given, "stream_options")
    options = {"include_usage": inner.flag("include_usage") or False}
    inner.flag("include_obfuscation")  # nothing is padded here
    if rest := _some(inner.rest()):
        wishes.extras["stream_options"] = rest
    return stream, options


def read_rest(wishes: Wishes, fields: Fields) -> None:
    """Keep the fields that nobody has taken."""
    wishes.extras |= _some(fields.rest())


def wish(wishes: Wishes, ours: str, value: Any, field: str = "") -> None:
    """Note a parameter; `field` is what the client calls it, where that is another name."""
    if value is None:
        return
    wishes.parameters[ours] = value
    if field:
        wishes.fields[ours] = field


def whole(fields: Fields, name: str) -> int | None:
    """Return a whole number, or None."""
    value = fields.take(name)
    if value is not None and type(value) is not int:
        raise wrong(name, "must be a whole number")
    return value


def _some(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _read_format(wishes: Wishes, value: Any) -> None:
    """Read the form of the answer; one that only some upstreams know (a grammar) is kept as it came."""
    if value is None:
        return
    fields = Fields(value, "response_format")
    kind = fields.required_text("type")
    if kind in _FORMATS:
        wish(wishes, "response_format", kind)
    elif kind == "json_schema":
        schema = _schema(fields.take("json_schema"))
        wish(wishes, "response_format", kind)
        wish(wishes, "json_schema", json_text(schema, "response_format.json_schema"), "response_format")
    else:
        wishes.extras["response_format"] = value


def _schema(value: Any) -> dict[str, Any]:
    fields = Fields(value, "response_format.json_schema")
    found = {
        "name": fields.required_text("name"),
        "schema": fields.take("schema"),
        "strict": fields.flag("strict"),
        "description": fields.text("description"),
    }
    if found["schema"] is None:
        found["schema"] = {}
    if not isinstance(found["schema"], dict):
        raise wrong("response_format.json_schema.schema", "must be an object: a JSON Schema")
    return _some(found) | _some(fields.rest())


def _read_thinking(wishes: Wishes, fields: Fields) -> None:
    """Read the switch for reasoning: our own (true or false), or the object that several upstreams share."""
    value = fields.take("thinking")
    if value is None or isinstance(value, bool):
        wish(wishes, "thinking", value)
        return
    inner = Fields(value, "thinking")
    kind, budget = inner.text("type"), whole(inner, "budget_tokens")
    if kind in _SWITCHES and not _some(inner.rest()):
        wish(wishes, "thinking", _SWITCHES[kind])
        wish(wishes, "thinking_budget", budget, "thinking.budget_tokens")
        _is_said(wishes, "thinking", value)
    wishes.extras["thinking"] = value


def _read_reasoning(wishes: Wishes, fields: Fields) -> None:
    """Read the object that some upstreams have in place of `reasoning_effort`."""
    value = fields.take("reasoning")
    if value is None:
        return
    inner = Fields(value, "reasoning")
    effort = inner.text("effort")
    if effort and not _some(inner.rest()):
        wish(wishes, "reasoning_effort", effort, "reasoning.effort")
        _is_said(wishes, "reasoning", value)
    wishes.extras["reasoning"] = value


def _is_said(wishes: Wishes, field: str, value: Any) -> None:
    """Let the client's form of a parameter go to upstreams that share it, and be passed over for others."""
    wishes.neutral = {**wishes.neutral, field: value}

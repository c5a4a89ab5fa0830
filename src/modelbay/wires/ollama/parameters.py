"""Parameters: most of them are runtime options of the model, a few stand in the request itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall
from modelbay.wires.json_schema import answer_format

_OPTION_NAMES = {"max_tokens": "num_predict", "context_size": "num_ctx"}
_TOP_LEVEL = ("format", "keep_alive", "logprobs", "top_logprobs", "suffix", "template", "raw", "context")
_TRANSLATED = {
    *_TOP_LEVEL,
    "json_schema",
    "n",
    "parallel_tool_calls",
    "reasoning_effort",
    "response_format",
    "think",
    "think_level",
    "thinking",
    "tool_choice",
}
_LEVELS = {"minimal": "low", "xhigh": "max"}

Fields = dict[str, Any]


def to_fields(call: ChatCall) -> Fields:
    """Return the request's fields besides the conversation and the tools."""
    _refuse(call.parameters)
    fields: Fields = {"model": call.model, "stream": call.stream}
    fields |= {name: call.parameters[name] for name in _TOP_LEVEL if call.parameters.get(name) is not None}
    fields |= _format(call.parameters) | _think(call.parameters)
    if "keep_alive" in call.options:
        fields.setdefault("keep_alive", call.options["keep_alive"])
    options = runtime_options(call.options)
    options |= {
        _OPTION_NAMES.get(name, name): value
        for name, value in call.parameters.items()
        if name not in _TRANSLATED and value is not None
    }
    if call.stop:
        options["stop"] = list(call.stop)
    return fields | ({"options": options} if options else {})


def runtime_options(options: Mapping[str, Any]) -> Fields:
    """Return the runtime options that the model's declaration sets."""
    return {"num_ctx": options["num_ctx"]} if options.get("num_ctx") else {}


def _refuse(parameters: Mapping[str, Any]) -> None:
    if parameters.get("n") not in (None, 1):
        raise InvokeBadRequestError(f"n: {parameters['n']} answers cannot be asked for; this API gives one")
    if parameters.get("tool_choice") not in (None, "auto", "none"):
        raise InvokeBadRequestError(
            f"tool_choice: this API cannot force a call, so {parameters['tool_choice']!r} is not possible"
        )
    if parameters.get("parallel_tool_calls") is False:
        raise InvokeBadRequestError("parallel_tool_calls: this API cannot be kept to one call at a time")


def _format(parameters: Mapping[str, Any]) -> Fields:
    wanted = answer_format(parameters)
    if wanted.schema is not None:
        return {"format": wanted.schema}
    return {"format": "json"} if wanted.kind == "json_object" else {}


def _think(parameters: Mapping[str, Any]) -> Fields:
    """Return `think`: on or off, or how much. Off wins over a level; a level means on."""
    on = parameters.get("thinking", parameters.get("think"))
    level = parameters.get("reasoning_effort") or parameters.get("think_level")
    if on is False or level == "none":
        return {"think": False}
    if level:
        return {"think": _LEVELS.get(level, level)}
    return {} if on is None else {"think": on}

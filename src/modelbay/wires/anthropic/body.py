"""The body of a request for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic.cache import with_breakpoints
from modelbay.wires.anthropic.conversation import to_conversation
from modelbay.wires.anthropic.thinking import thinking_fields
from modelbay.wires.anthropic.tools import to_tool, to_tool_choice
from modelbay.wires.extras import checked_extras
from modelbay.wires.family import ChatCall
from modelbay.wires.json_schema import answer_format

_SAMPLING = {"temperature": 1, "top_p": 1, "top_k": None}  # with what each value means as much as none
_TRANSLATED = {
    *_SAMPLING,
    "effort",
    "json_schema",
    "max_tokens",
    "metadata",
    "n",
    "output_config",
    "parallel_tool_calls",
    "prompt_caching",
    "reasoning_effort",
    "response_format",
    "thinking",
    "thinking_budget",
    "thinking_display",
    "tool_choice",
}

_SAID = ("max_tokens", "messages", "stop_sequences", "stream", "system", "tools")
_SHARED = ("metadata", "output_config")  # of which Modelbay names a part
BETAS = "anthropic_beta"  # among the extras what the client's header of that name lists: no field of the body

Body = dict[str, Any]


def to_body(call: ChatCall) -> Body:
    """Return the body; InvokeBadRequestError, naming it, for what the API cannot do."""
    _refuse_several_answers(call.parameters)
    max_tokens = _max_tokens(call)
    thinking = thinking_fields(call, max_tokens)
    effort = thinking.pop("effort", None)
    conversation = to_conversation(call.messages, system_turns=bool(call.options.get("system_turns")))
    optional: Body = {
        "system": conversation.system,
        "tools": [to_tool(tool) for tool in call.tools],
        "tool_choice": to_tool_choice(call.parameters, call.tools),
        "stop_sequences": list(call.stop),
        "output_config": _output_config(call.parameters, effort),
        "metadata": _metadata(call),
        "stream": call.stream,
    }
    body: Body = {"model": call.model, "max_tokens": max_tokens, "messages": conversation.messages}
    body |= {name: value for name, value in optional.items() if value}
    body |= thinking | _sampling(call, thinking)
    body |= {name: value for name, value in call.parameters.items() if name not in _TRANSLATED}
    caching = call.parameters.get("prompt_caching", call.options.get("prompt_caching"))
    return _with_extras(with_breakpoints(body, caching) if caching else body, call.extras)


def _with_extras(body: Body, extras: Mapping[str, Any]) -> Body:
    """Return the body with the fields of a client of this API, as they came; an object keeps what it has."""
    for name, value in checked_extras(extras, *_SAID).items():
        if name in _SHARED and isinstance(value, Mapping):
            body[name] = {**body.get(name, {}), **value}
        elif name != BETAS:
            body[name] = value
    return body


def _refuse_several_answers(parameters: Mapping[str, Any]) -> None:
    if parameters.get("n") not in (None, 1):
        raise InvokeBadRequestError(f"n: {parameters['n']} answers cannot be asked for; this API gives one")


def _max_tokens(call: ChatCall) -> int:
    limit = call.parameters.get("max_tokens") or call.options.get("max_tokens")
    if limit is None:
        raise InvokeBadRequestError("max_tokens: this API needs it; give the parameter")
    return int(limit)


def _sampling(call: ChatCall, thinking: Body) -> Body:
    given = {name: call.parameters[name] for name in _SAMPLING if call.parameters.get(name) is not None}
    if thinking.get("thinking", {}).get("type") == "enabled":
        return {}  # the API refuses them beside a thinking budget, and the rules' defaults may have set them
    if call.options.get("sampling", True):
        return given
    for name, value in given.items():
        if value != _SAMPLING[name]:
            raise InvokeBadRequestError(f"{name}: this model does not take it; leave the parameter out")
    return {}


def _output_config(parameters: Mapping[str, Any], effort: str | None) -> Body:
    config: Body = dict(parameters.get("output_config") or {})
    wanted = answer_format(parameters)
    if wanted.kind == "json_object":
        raise InvokeBadRequestError(
            "response_format: this API has no 'json_object'; give 'json_schema' and a schema"
        )
    if wanted.schema is not None:
        config["format"] = {"type": "json_schema", "schema": wanted.schema}
    return config | ({"effort": effort} if effort else {})


def _metadata(call: ChatCall) -> Body:
    metadata = dict(call.parameters.get("metadata") or {})
    return metadata | ({"user_id": call.user} if call.user else {})

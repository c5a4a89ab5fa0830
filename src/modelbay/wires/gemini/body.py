"""The body of a request for an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.extras import checked_extras
from modelbay.wires.family import ChatCall
from modelbay.wires.gemini.conversation import to_conversation
from modelbay.wires.gemini.thinking import thinking_config
from modelbay.wires.gemini.tools import OWN, to_tool_config, to_tools
from modelbay.wires.json_schema import answer_format

_NAMES = {"max_tokens": "maxOutputTokens"}
_SAMPLING = {"temperature": 1, "top_p": None, "top_k": None}  # with what each value means as much as none
_TRANSLATED = {
    *OWN,
    *_SAMPLING,
    "include_thoughts",
    "json_schema",
    "media_resolution",
    "n",
    "parallel_tool_calls",
    "reasoning_effort",
    "response_format",
    "service_tier",
    "thinking",
    "thinking_budget",
    "tool_choice",
}
_SAID = ("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "labels")
_JSON = "application/json"
_WORD = re.compile(r"_([a-z0-9])")

Body = dict[str, Any]


def to_body(call: ChatCall) -> Body:
    """Return the body; InvokeBadRequestError, naming it, for what the API cannot do."""
    parameters = call.parameters
    if parameters.get("n") not in (None, 1):
        raise InvokeBadRequestError(f"n: {parameters['n']} answers cannot be asked for; this API gives one")
    signatures = bool(call.options.get("thought_signatures"))
    conversation = to_conversation(call.messages, signatures=signatures)
    optional: Body = {
        "systemInstruction": {"parts": conversation.system} if conversation.system else None,
        "tools": to_tools(call.tools, parameters),
        "toolConfig": to_tool_config(parameters, call.tools),
        "generationConfig": _generation_config(call),
        "serviceTier": parameters.get("service_tier"),
        "labels": call.options.get("labels"),
    }
    body: Body = {"contents": conversation.contents}
    body |= {name: value for name, value in optional.items() if value}
    return body | dict(checked_extras(call.extras, *_SAID))


def _generation_config(call: ChatCall) -> Body:
    parameters = call.parameters
    config = {
        _NAMES.get(name) or _camel_case(name): value
        for name, value in parameters.items()
        if name not in _TRANSLATED and value is not None
    }
    config |= _sampling(call) | _answer_format(call)
    if parameters.get("media_resolution"):
        config["mediaResolution"] = f"MEDIA_RESOLUTION_{str(parameters['media_resolution']).upper()}"
    if call.stop:
        config["stopSequences"] = list(call.stop)
    thinking = thinking_config(call)
    return config | ({"thinkingConfig": thinking} if thinking else {})


def _sampling(call: ChatCall) -> Body:
    given = {name: call.parameters[name] for name in _SAMPLING if call.parameters.get(name) is not None}
    if call.options.get("sampling", True):
        return {_camel_case(name): value for name, value in given.items()}
    for name, value in given.items():
        if value != _SAMPLING[name]:
            raise InvokeBadRequestError(f"{name}: this model does not take it; leave the parameter out")
    return {}


def _answer_format(call: ChatCall) -> Body:
    wanted = answer_format(call.parameters)
    if wanted.kind == "text":
        return {}
    if call.tools and not call.options.get("schema_with_tools", True):
        raise InvokeBadRequestError("response_format: this model answers in JSON only without tools")
    config: Body = {"responseMimeType": _JSON}
    if wanted.schema is not None:
        config["responseJsonSchema"] = wanted.schema
    return config


def _camel_case(name: str) -> str:
    return _WORD.sub(lambda found: found[1].upper(), name)


def to_counted(body: Mapping[str, Any]) -> Body:
    """Return of a body what can be counted."""
    return {name: value for name, value in body.items() if name not in ("labels", "serviceTier")}

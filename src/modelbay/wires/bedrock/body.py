"""The body of a request for an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.bedrock.address import CROSS_REGION
from modelbay.wires.bedrock.cache import with_cache_points
from modelbay.wires.bedrock.conversation import to_conversation
from modelbay.wires.bedrock.reasoning import Reasoning, at_place, merged, reasoning_of
from modelbay.wires.bedrock.tools import answer_tool, claude_tool_choice, to_tool_config
from modelbay.wires.extras import checked_extras
from modelbay.wires.family import ChatCall
from modelbay.wires.json_schema import answer_format
from modelbay.wires.json_text import to_json

_SAMPLING = {"temperature": 1, "top_p": 1, "top_k": None}  # with what each value means as much as none
_TRANSLATED = {
    *_SAMPLING,
    CROSS_REGION,
    "effort",
    "guardrail_id",
    "guardrail_version",
    "json_schema",
    "latency",
    "max_tokens",
    "n",
    "parallel_tool_calls",
    "prompt_caching",
    "reasoning_effort",
    "response_format",
    "service_tier",
    "thinking",
    "thinking_budget",
    "tool_choice",
}
_SAID = ("inferenceConfig", "messages", "system", "toolConfig")
_NOT_IN_METADATA = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,.-]")
_LONGEST_METADATA = 256

Body = dict[str, Any]


def to_body(call: ChatCall) -> Body:
    """Return the body; InvokeBadRequestError, naming it, for what the API cannot do."""
    parameters = call.parameters
    if parameters.get("n") not in (None, 1):
        raise InvokeBadRequestError(f"n: {parameters['n']} answers cannot be asked for; this API gives one")
    reasoning = reasoning_of(call)
    conversation = to_conversation(call.messages, system=bool(call.options.get("system", True)))
    sampling = _sampling(call, reasoning)
    optional: Body = {
        "system": conversation.system,
        "inferenceConfig": _inference_config(call, sampling, bare=reasoning.bare),
        "toolConfig": to_tool_config(call, conversation.messages),
        "additionalModelRequestFields": _own_fields(call, reasoning, sampling),
        "outputConfig": _output_config(call, reasoning.effort),
        "guardrailConfig": _guardrail(parameters),
        "requestMetadata": _metadata(call),
        "performanceConfig": {"latency": parameters["latency"]} if parameters.get("latency") else None,
        "serviceTier": {"type": parameters["service_tier"]} if parameters.get("service_tier") else None,
    }
    body: Body = {"messages": conversation.messages}
    body |= {name: value for name, value in optional.items() if value}
    caching = parameters.get("prompt_caching", call.options.get("prompt_caching"))
    body = with_cache_points(body, caching) if caching else body
    return {**body, **checked_extras(call.extras, *_SAID)} if call.extras else body


def _sampling(call: ChatCall, reasoning: Reasoning) -> Body:
    given = {name: call.parameters[name] for name in _SAMPLING if call.parameters.get(name) is not None}
    if not reasoning.takes_sampling:
        return {}  # the rules' defaults may have set them
    if call.options.get("sampling", True):
        return given
    for name, value in given.items():
        if value != _SAMPLING[name]:
            raise InvokeBadRequestError(f"{name}: this model does not take it; leave the parameter out")
    return {}


def _inference_config(call: ChatCall, sampling: Body, *, bare: bool) -> Body:
    limit = call.parameters.get("max_tokens") or call.options.get("max_tokens")
    config = {
        "maxTokens": int(limit) if limit and not bare else None,
        "temperature": sampling.get("temperature"),
        "topP": sampling.get("top_p"),
        "stopSequences": list(call.stop) or None,
    }
    return {name: value for name, value in config.items() if value is not None}


def _own_fields(call: ChatCall, reasoning: Reasoning, sampling: Body) -> Body:
    """Return what only the model itself knows: `additionalModelRequestFields`."""
    rest = {name: value for name, value in call.parameters.items() if name not in _TRANSLATED}
    fields = merged(reasoning.fields, {name: value for name, value in rest.items() if value is not None})
    if sampling.get("top_k"):
        place = call.options.get("top_k_field", "top_k")
        if not place:
            raise InvokeBadRequestError("top_k: this model does not take it; leave the parameter out")
        fields = merged(fields, at_place(str(place), sampling["top_k"]))
    if call.options.get("claude_tool_choice"):
        fields = merged(fields, claude_tool_choice(call))
    return fields


def _output_config(call: ChatCall, effort: str | None) -> Body:
    config: Body = {"effort": effort} if effort else {}
    wanted = answer_format(call.parameters)
    if wanted.kind == "json_object":
        raise InvokeBadRequestError(
            "response_format: this API has no 'json_object'; give 'json_schema' and a schema"
        )
    if wanted.schema is not None and not answer_tool(call):
        schema = {"schema": to_json(wanted.schema), "name": wanted.name}
        if wanted.description:
            schema["description"] = wanted.description
        config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    return config


def _guardrail(parameters: Mapping[str, Any]) -> Body | None:
    name = parameters.get("guardrail_id")
    if not name:
        return None
    version = str(parameters.get("guardrail_version") or "DRAFT")
    return {"guardrailIdentifier": str(name), "guardrailVersion": version}


def _metadata(call: ChatCall) -> Body | None:
    """Return who calls, for the provider's invocation logs, in the letters that they allow."""
    if call.options.get("request_metadata") is not True:
        return None
    metadata = {"source": "modelbay"}
    if call.user:
        metadata["user"] = _NOT_IN_METADATA.sub("_", call.user)[:_LONGEST_METADATA]
    return metadata

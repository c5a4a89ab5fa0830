"""The responses API, as OpenAI and the servers compatible with it speak it."""

from __future__ import annotations

from typing import Any

from modelbay.entities import LLMResult, PromptMessageTool, fold
from modelbay.wires.extras import checked_extras
from modelbay.wires.family import ChatCall, Endpoint, Framing
from modelbay.wires.json_schema import answer_format
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.parameters import put, reasoning_effort, wanted, write_parameters, write_user
from modelbay.wires.openai.parts import own_state
from modelbay.wires.openai.posting import post
from modelbay.wires.openai.responses_input import to_input
from modelbay.wires.openai.responses_output import chunks_of
from modelbay.wires.openai.responses_stream import ResponseReader
from modelbay.wires.openai.tools import checked_choice, function_of, tools_of_the_provider, write_parallel
from modelbay.wires.openai.upstream_errors import raise_error_in
from modelbay.wires.request import Request

_NO_PLACE_FOR = ("seed", "presence_penalty", "frequency_penalty", "logit_bias")
_NAMES = {
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "reasoning_summary": "reasoning.summary",
    "verbosity": "text.verbosity",
}
_SAID = ("input", "instructions", "previous_response_id", "store", "stream")
_FEWEST_TOKENS = 16  # the server refuses a smaller max_output_tokens


class Responses:
    """`POST /responses`, stateless unless the option `store` says otherwise.

    The API has no stop sequences: whoever calls has to cut the answer (`client_side_stop`).
    """

    name = "openai.responses"
    framing: Framing = "sse"
    client_side_stop = True

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; what the upstream cannot be told is refused by name."""
        found = wanted(call, refuse=_NO_PLACE_FOR)
        found.pop("stop", None)
        instructions, items = to_input(call)
        body: dict[str, Any] = {"model": call.model, "input": items, "stream": call.stream}
        if instructions:
            body["instructions"] = instructions
        body["store"] = bool(found.pop("store", call.options.get("store", False)))
        _write_include(body, call, found)
        _raise_to_fewest(found, call)
        write_parameters(body, call, found, _NAMES)
        _write_format(body, found)
        _write_tools(body, call, found)
        write_user(body, call.user, call.options)
        _write_extras(body, call)
        return post(endpoint, "responses", body, call.options)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        response = answer_object(body)
        raise_error_in(response)
        return fold(chunks_of(response, call.model))

    def to_chunks(self, call: ChatCall) -> ResponseReader:
        """Return a reader for one streamed answer."""
        return ResponseReader(call)


def _write_include(body: dict[str, Any], call: ChatCall, found: dict[str, Any]) -> None:
    """Ask for what a later turn needs, and for log probabilities."""
    include = list(found.pop("include", ()))
    if not body["store"] and reasoning_effort(call) != "none":
        include.append("reasoning.encrypted_content")
    if found.pop("logprobs", False) or found.get("top_logprobs"):
        include.append("message.output_text.logprobs")
    if include:
        body["include"] = list(dict.fromkeys(include))
    summary = call.options.get("reasoning_summary")
    if summary and reasoning_effort(call) != "none":
        found.setdefault("reasoning_summary", summary)


def _raise_to_fewest(found: dict[str, Any], call: ChatCall) -> None:
    if "max_tokens" in found:
        fewest = call.options.get("max_tokens_min", _FEWEST_TOKENS)
        found["max_tokens"] = max(found["max_tokens"], fewest)


def _write_format(body: dict[str, Any], found: dict[str, Any]) -> None:
    wish = answer_format(found)
    if wish.kind == "json_object":
        put(body, "text.format", {"type": "json_object"})
    elif wish.kind == "json_schema":
        schema: dict[str, Any] = {"type": "json_schema", "name": wish.name, "schema": wish.schema}
        if wish.strict is not None:
            schema["strict"] = wish.strict
        if wish.description:
            schema["description"] = wish.description
        put(body, "text.format", schema)


def _write_tools(body: dict[str, Any], call: ChatCall, found: dict[str, Any]) -> None:
    choice = checked_choice(call, found)
    # The server takes a tool for strict unless it is told; most schemas do not keep to the strict subset.
    functions = [
        {"type": "function", "strict": False, **function_of(tool), **_asked_strict(tool)}
        for tool in call.tools
    ]
    # A client of this dialect that has tools of the provider's own too sends all of them, in its order.
    tools = [*call.extras.get("tools", functions), *tools_of_the_provider(call, found)]
    if tools:
        body["tools"] = tools
    if choice is not None:
        is_tool = any(tool.name == choice for tool in call.tools)
        body["tool_choice"] = {"type": "function", "name": choice} if is_tool else choice
    write_parallel(body, call, found)


def _asked_strict(tool: PromptMessageTool) -> dict[str, Any]:
    """Return the strictness that a client of this dialect left to the server; its silence means yes."""
    state = own_state(tool.unknown_fields.get("opaque_body"))
    known = "strict" in state and isinstance(state["strict"], bool | None)
    return {"strict": state["strict"]} if known else {}


def _write_extras(body: dict[str, Any], call: ChatCall) -> None:
    """Write what a client of this dialect asks beyond our names, last; dots lead into objects."""
    for name, value in checked_extras(call.extras, *_SAID).items():
        if name != "tools":
            put(body, name, value)

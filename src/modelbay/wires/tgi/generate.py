"""Texts to continue at `/generate` and `/generate_stream`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import LLMResult, fold
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.extras import checked_extras
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing
from modelbay.wires.json_schema import answer_format
from modelbay.wires.json_text import answer_object
from modelbay.wires.plain_text import to_text
from modelbay.wires.request import Request
from modelbay.wires.tgi.stream import TokenReader

# What the API has no word for, with the values that ask for nothing.
_NO_PLACE_FOR: Mapping[str, tuple[Any, ...]] = {
    "tool_choice": ("auto", "none"),
    "parallel_tool_calls": (True, False),
    "presence_penalty": (0,),
    "reasoning_effort": ("none",),
    "thinking": (False,),
    "n": (1,),
}
_FORMATS = {"response_format", "json_schema"}


class GenerateDialect:
    """Speaks of texts to continue; it knows no tools and no turns."""

    name = "tgi.generate"
    framing: Framing = "sse"
    client_side_stop = True  # the server leaves the stop sequence in the text

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        if call.tools:
            raise InvokeBadRequestError("tools: text generation takes none; call the endpoint's chat API")
        parameters = _sampling(call.parameters) | _grammar(call.parameters) | {"details": True}
        if call.stop:
            parameters["stop"] = list(call.stop)
        parameters |= checked_extras(call.extras, "inputs", "parameters", "stream")
        body = {"inputs": to_text(call.messages), "parameters": parameters}
        path = "generate_stream" if call.stream else "generate"
        return endpoint.request("POST", endpoint.url(path), json=body)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        answer = answer_object(body[0] if isinstance(body, list) and body else body)
        reader = TokenReader(call)
        return fold([*reader.read_object(answer), *reader.close()])

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return TokenReader(call)


def _sampling(parameters: Mapping[str, Any]) -> dict[str, Any]:
    for name, neutral in _NO_PLACE_FOR.items():
        if parameters.get(name) not in (None, *neutral):
            raise InvokeBadRequestError(f"{name}: text generation has no such parameter; leave it out")
    found = {
        name: value
        for name, value in parameters.items()
        if value is not None and name not in _FORMATS and name not in _NO_PLACE_FOR
    }
    if "max_tokens" in found:
        found["max_new_tokens"] = found.pop("max_tokens")
    return _without_neutral(found)


def _without_neutral(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out the values that mean "as usual" and that the server refuses."""
    if found.get("temperature") == 0:
        del found["temperature"]
        found["do_sample"] = False
    if found.get("top_p", 0) >= 1:
        del found["top_p"]
    if found.get("top_k", 1) <= 0:
        del found["top_k"]
    return found


def _grammar(parameters: Mapping[str, Any]) -> dict[str, Any]:
    wanted = answer_format(parameters)
    if wanted.kind == "text":
        return {}
    return {"grammar": {"type": "json", "value": wanted.schema or {"type": "object"}}}

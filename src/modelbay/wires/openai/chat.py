"""The chat completions API, as OpenAI and the servers compatible with it speak it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import LLMResult, fold
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.extras import checked_extras
from modelbay.wires.failures import message_of
from modelbay.wires.family import ChatCall, Endpoint, Framing, Options
from modelbay.wires.json_schema import answer_format
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.messages import prefilled, to_messages
from modelbay.wires.openai.parameters import merge, wanted, write_parameters, write_user
from modelbay.wires.openai.parts import bytes_only
from modelbay.wires.openai.posting import post
from modelbay.wires.openai.stream import ChatReader
from modelbay.wires.openai.tools import write_tools
from modelbay.wires.openai.upstream_errors import raise_error_in
from modelbay.wires.request import Request

_PATH = "chat/completions"


class ChatCompletions:
    """`POST /chat/completions`."""

    name = "openai.chat"
    framing: Framing = "sse"
    client_side_stop = False

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; what the upstream cannot be told is refused by name."""
        found = wanted(call)
        if self.client_side_stop:
            found.pop("stop", None)
        body: dict[str, Any] = {"model": call.model, "messages": to_messages(call)}
        write_parameters(
            body, call, found, {"max_tokens": call.options.get("max_tokens_field", "max_tokens")}
        )
        _write_format(body, found)
        write_tools(body, call, found)
        write_user(body, call.user, call.options)
        write_stream(body, call)
        merge(body, checked_extras(call.extras, "messages", "stream"))
        return post(endpoint, _PATH, body, _with_path(call))

    def needs_bytes(self, options: Options) -> frozenset[str]:
        """Return the kinds of files that have no place for an address."""
        return bytes_only(options)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        return whole(ChatReader(call), answer_object(body))

    def to_chunks(self, call: ChatCall) -> ChatReader:
        """Return a reader for one streamed answer."""
        return ChatReader(call)


class ChatCompletionsWithoutStop(ChatCompletions):
    """`POST /chat/completions` of models that refuse stop sequences: whoever calls has to cut the answer."""

    client_side_stop = True


def write_stream(body: dict[str, Any], call: ChatCall) -> None:
    """Write whether the answer is streamed, and with its usage; some servers refuse the second question."""
    body["stream"] = call.stream
    if call.stream and call.options.get("stream_usage", True):
        body["stream_options"] = {"include_usage": True}


def whole(reader: ChatReader, body: dict[str, Any]) -> LLMResult:
    """Return an answer that came whole, read as a stream of one chunk."""
    raise_error_in(body)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        told = message_of(body)
        raise InvokeServerUnavailableError(f"the provider's answer has no 'choices'{told and ': '}{told}")
    return fold([*reader.take(body), *reader.end()])


def _with_path(call: ChatCall) -> Options:
    """Return the options; an answer that was begun, or is to be streamed, may have another place."""
    path = call.options.get("prefill", {}).get("path")
    if path and prefilled(call):
        return {**call.options, "path": path}
    paths = call.options.get("path")
    if call.stream and isinstance(paths, Mapping) and "stream" in paths:
        return {**call.options, "path": paths["stream"]}
    return call.options


def _write_format(body: dict[str, Any], found: dict[str, Any]) -> None:
    wish = answer_format(found)
    if wish.kind == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif wish.kind == "json_schema":
        schema: dict[str, Any] = {"name": wish.name, "schema": wish.schema}
        if wish.strict is not None:
            schema["strict"] = wish.strict
        if wish.description:
            schema["description"] = wish.description
        body["response_format"] = {"type": "json_schema", "json_schema": schema}

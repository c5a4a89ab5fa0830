"""Converse: one form of conversation for the models of all vendors."""

from __future__ import annotations

from typing import Any

from modelbay.entities import LLMResult
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.bedrock.address import base_name, profile_of, to_url
from modelbay.wires.bedrock.answer import to_result
from modelbay.wires.bedrock.body import to_body
from modelbay.wires.bedrock.errors import to_error
from modelbay.wires.bedrock.stream import ConverseReader
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing, Options
from modelbay.wires.json_text import answer_object
from modelbay.wires.request import Request

_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")


class ConverseDialect:
    """Speaks of conversations at `/model/{id}/converse` and `/converse-stream`."""

    name = "bedrock.converse"
    framing: Framing = "aws-events"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        name = profile_of(call.model, call.parameters, call.options)
        url = to_url(endpoint, name, "converse-stream" if call.stream else "converse")
        return endpoint.request("POST", url, json=to_body(call), to_error=to_error)

    def needs_bytes(self, options: Options) -> frozenset[str]:
        """Return the kinds of files that are sent as bytes, or are at S3 already."""
        return frozenset({"image", "document", "video", "audio"})

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        return to_result(call, body)

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return ConverseReader(call)


class CountingConverseDialect(ConverseDialect):
    """The same for models whose tokens the API counts."""

    def to_count_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request that counts the call's input tokens without asking for an answer; it is free.

        It takes the model itself, whatever profile is called.
        """
        url = to_url(endpoint, base_name(call.model), "count-tokens")
        body = to_body(call)
        counted = {name: body[name] for name in _COUNTED if name in body}
        return endpoint.request(
            "POST", url, json={"input": {"converse": counted}}, to_error=to_error, idempotent=True
        )

    def to_count(self, body: Any) -> int:
        """Return the number of input tokens."""
        count = answer_object(body).get("inputTokens")
        if not isinstance(count, int):
            raise InvokeServerUnavailableError("the provider's answer has no number 'inputTokens'")
        return count

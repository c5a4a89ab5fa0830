"""Conversations at `generateContent` and `streamGenerateContent`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import LLMResult, fold
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing
from modelbay.wires.gemini.address import post, resource
from modelbay.wires.gemini.body import to_body, to_counted
from modelbay.wires.gemini.stream import PartReader
from modelbay.wires.json_text import answer_object
from modelbay.wires.request import Request


class GenerateDialect:
    """Speaks of conversations at a model's `generateContent`."""

    name = "gemini.generate"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        verb = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        return post(endpoint, call.model, call.options, verb, to_body(call))

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer, which has the form of a stream's only event."""
        reader = PartReader(call)
        return fold([*reader.read_answer(answer_object(body)), *reader.close()])

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return PartReader(call)

    def to_count_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request that counts the call's input tokens without asking for an answer; it is free."""
        body = to_counted(to_body(call))
        if call.options.get("count", "wrapped") == "wrapped":
            body = {"generateContentRequest": {"model": resource(call.model), **body}}
        else:
            body.pop("toolConfig", None)
        return post(endpoint, call.model, call.options, "countTokens", body, idempotent=True)

    def to_count(self, body: Any) -> int:
        """Return the number of input tokens."""
        count = answer_object(body).get("totalTokens", 0)
        if not isinstance(count, int):
            raise InvokeServerUnavailableError("the provider's answer has no number 'totalTokens'")
        return count

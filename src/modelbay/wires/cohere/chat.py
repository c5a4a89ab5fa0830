"""Conversations at `/v2/chat`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import LLMResult
from modelbay.wires.cohere.address import to_url
from modelbay.wires.cohere.answer import to_result
from modelbay.wires.cohere.body import to_body
from modelbay.wires.cohere.stream import ChatReader
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing
from modelbay.wires.request import Request


class ChatDialect:
    """Speaks of conversations at `/v2/chat`."""

    name = "cohere.chat"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        return endpoint.request("POST", to_url(endpoint, "v2/chat"), json=to_body(call))

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        return to_result(call, body)

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return ChatReader(call)

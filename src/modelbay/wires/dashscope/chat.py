"""Conversations: at `text-generation`, or at `multimodal-generation` for models that see and hear."""

from __future__ import annotations

from typing import Any

from modelbay.entities import LLMResult, fold
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.dashscope.body import to_body
from modelbay.wires.dashscope.errors import raise_error_in, to_error
from modelbay.wires.dashscope.stream import ChatReader
from modelbay.wires.family import ChatCall, Endpoint, Framing
from modelbay.wires.json_text import answer_object
from modelbay.wires.request import Request

TEXT = "api/v1/services/aigc/text-generation/generation"
MULTIMODAL = "api/v1/services/aigc/multimodal-generation/generation"
STREAMED = {"Accept": "text/event-stream", "X-DashScope-SSE": "enable"}
"""By these headers, and nothing in the body, an answer is streamed."""


class Generation:
    """Speaks of conversations in the API's own way."""

    name = "dashscope.generation"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        url = endpoint.url(MULTIMODAL if call.options.get("multimodal") else TEXT)
        headers = STREAMED if call.stream else {}
        return endpoint.request("POST", url, headers=headers, json=to_body(call), to_error=to_error)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer, which has the form of a stream's only event."""
        answer = answer_object(body)
        raise_error_in(answer)
        if not isinstance(answer.get("output"), dict):
            raise InvokeServerUnavailableError("the provider's answer has no object 'output'")
        reader = ChatReader(call)
        return fold([*reader.take(answer), *reader.close()])

    def to_chunks(self, call: ChatCall) -> ChatReader:
        """Return a reader for one streamed answer."""
        return ChatReader(call)

"""Conversations by HTTP: OpenAI's dialect, under a base of the model's own, with the upstream's codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from modelbay.entities import LLMResult, LLMResultChunk
from modelbay.errors import InvokeAuthorizationError, InvokeError
from modelbay.wires.error_codes import recast
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.chat import ChatCompletions, whole
from modelbay.wires.openai.stream import ChatReader
from modelbay.wires.request import Event, Request
from modelbay.wires.spark.conversation import checked
from modelbay.wires.spark.errors import CODES, raise_error_in, to_error

_THINKING = {"enabled": {"thinking": {"type": "enabled"}}, "disabled": {"thinking": {"type": "disabled"}}}


class HttpChat(ChatCompletions):
    """`POST <base>/chat/completions`."""

    name = "spark.http"
    client_side_stop = True

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request, with the password as bearer and without a signature."""
        if "Authorization" not in endpoint.headers:
            raise InvokeAuthorizationError("credential 'api_password' is empty: the HTTP interface needs it")
        request = super().to_request(_as_openai(checked(call)), replace(endpoint, signer=None))
        return replace(request, to_error=to_error)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        answer = answer_object(body)
        raise_error_in(answer)
        return whole(SparkReader(call), answer)

    def to_chunks(self, call: ChatCall) -> ChatReader:
        """Return a reader for one streamed answer."""
        return SparkReader(call)


class SparkReader(ChatReader):
    """Reads one answer, whose single tool call may stand in place of a list."""

    def read(self, frame: Event | bytes) -> list[LLMResultChunk]:
        """Return what this frame adds; the upstream's code says what an error is."""
        try:
            return super().read(frame)
        except InvokeError as error:
            raise recast(error, CODES) from None

    def _tool_chunks(self, delta: Mapping[str, Any]) -> list[LLMResultChunk]:
        calls = delta.get("tool_calls")
        return super()._tool_chunks({**delta, "tool_calls": [calls]} if isinstance(calls, dict) else delta)


def _as_openai(call: ChatCall) -> ChatCall:
    """Return the call as OpenAI's dialect is to be told of it."""
    base = str(call.options.get("base") or "v1").strip("/")
    extra: dict[str, Any] = {"tool_calls_switch": True} if call.tools else {}
    options = {
        "path": f"{base}/chat/completions",
        "stream_usage": False,
        "merge_roles": True,
        "skip_empty": True,
        "extra_body": extra,
        "thinking": _THINKING if call.options.get("thinking") else {},
    }
    return replace(call, model=str(call.options.get("domain") or call.model), options=options)

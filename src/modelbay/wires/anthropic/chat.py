"""The messages API."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from modelbay.entities import LLMResult
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.anthropic.address import to_headers, to_url
from modelbay.wires.anthropic.answer import to_result
from modelbay.wires.anthropic.body import BETAS, to_body
from modelbay.wires.anthropic.stream import MessageReader
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing
from modelbay.wires.json_text import answer_object
from modelbay.wires.request import Request

_COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
)
_BETA = re.compile(r"[A-Za-z0-9._:-]+")
_ANY_LIMIT = 1_000_000  # counting needs no limit of the answer, but a thinking budget has to fit below one


class MessagesDialect:
    """Speaks of conversations at `/v1/messages`."""

    name = "anthropic.messages"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        body = to_body(call)
        if not call.options.get("raw_predict"):
            return self._post("v1/messages", call, endpoint, body)
        verb = "streamRawPredict" if call.stream else "rawPredict"
        return self._post(f"{call.options.get('path')}:{verb}", call, endpoint, _raw(call, body, "model"))

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        return to_result(call, body)

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return MessageReader(call)

    def to_count_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request that counts the call's input tokens without asking for an answer; it is free."""
        options = dict(call.options) | {"max_tokens": _ANY_LIMIT}
        body = to_body(replace(call, options=options))
        # What a client of this API asks beside its messages it asks of the count: the API judges that.
        asked = {*_COUNTED, *call.extras}
        counted = {name: value for name, value in body.items() if name in asked}
        path = "v1/messages/count_tokens"
        if call.options.get("raw_predict"):
            models = str(call.options.get("path")).rpartition("/")[0]
            path, counted = f"{models}/count-tokens:rawPredict", _raw(call, counted)
        return replace(self._post(path, call, endpoint, counted), idempotent=True)

    def to_count(self, body: Any) -> int:
        """Return the number of input tokens."""
        count = answer_object(body).get("input_tokens")
        if not isinstance(count, int):
            raise InvokeServerUnavailableError("the provider's answer has no number 'input_tokens'")
        return count

    def _post(self, path: str, call: ChatCall, endpoint: Endpoint, body: dict[str, Any]) -> Request:
        headers = to_headers(endpoint, {**call.options, "betas": _betas(call)})
        return endpoint.request("POST", to_url(endpoint, path), headers=headers, json=body)


def _raw(call: ChatCall, body: dict[str, Any], *without: str) -> dict[str, Any]:
    """Return the body for a server that takes the version in it, and some fields elsewhere."""
    kept = {name: value for name, value in body.items() if name not in without}
    return {"anthropic_version": call.options["raw_predict"], **kept}


def _betas(call: ChatCall) -> list[str]:
    """Return the names of the model's betas and of those that a client of this API asks for."""
    asked = call.extras.get(BETAS) or []
    asked = asked.split(",") if isinstance(asked, str) else asked
    if not isinstance(asked, list) or not all(map(_is_beta, asked)):
        raise InvokeBadRequestError(f"{BETAS}: must be a list of names such as 'files-api-2025-04-14'")
    names = [*(call.options.get("betas") or ()), *asked]
    return list(dict.fromkeys(name.strip() for name in names))


def _is_beta(name: Any) -> bool:
    return isinstance(name, str) and _BETA.fullmatch(name.strip()) is not None

"""A fake of Anthropic's messages API.

Source: JSON Schemas of the official SDK 2.11.0 (November 2026), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.upstream import Handler

from . import anthropic_messages as messages
from . import anthropic_rules as sheet
from .conversation import reply_to, words_in
from .described import Body, DescribedUpstream, Rule

VERSION = "2023-06-01"
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicUpstream(DescribedUpstream):
    """A fake `https://api.anthropic.com`; the base of a client is `upstream.url`, without `/v1`."""

    file = "anthropic.schemas.json"
    free_types = frozenset({"InputSchemaTyped"})
    schemas: ClassVar[Mapping[str, str]] = {
        "/v1/messages": "MessageCreateParams",
        "/v1/messages/count_tokens": "MessageCountTokensParams",
    }
    # The SDK types no sampling any more, yet older models take it; the sheet's rules say which.
    known_extensions: ClassVar[frozenset[str]] = frozenset(
        {"temperature", "top_p", "top_k", "context_management"}
    )
    request_id_header = "request-id"

    def __init__(self, **options: Any) -> None:
        self.models: Sequence[str] = tuple(sheet.MODELS)
        self.largest_page = 1000
        self._ids = count(1)
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /v1/messages": self._message,
            "POST /v1/messages/count_tokens": self._count,
            "GET /v1/models": self._list,
            "GET /v1/models/{model}": self._model,
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return sheet.RULES.get(path, ())

    def fields(self, request: Request) -> Any:
        """Return the body without `stream`: the description was made for requests that do not stream."""
        body = request.body
        if isinstance(body, dict) and isinstance(body.get("stream"), bool):
            return {name: value for name, value in body.items() if name != "stream"}
        return body

    def unauthorised(self, request: Request) -> Answer | None:
        """Ask for the key (`x-api-key`, or a bearer token as gateways do), then for the version header."""
        given = request.headers.get("x-api-key") or request.headers.get("authorization", "")
        if self.key is not None and given.removeprefix("Bearer ") != self.key:
            return self.error(401, "invalid x-api-key")
        return None

    def complain(self, request: Request) -> Complaint | None:
        """Check the version header, then the body."""
        if request.headers.get("anthropic-version") != VERSION:
            return Complaint("anthropic-version: header is required", "anthropic-version")
        return super().complain(request)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"type": "error", "error": {type, message}, "request_id"}`."""
        return json_answer(_error(status, message), status)

    def error_event(self, message: str) -> bytes:
        """Write the `error` event of a stream."""
        return sse(_error(529, message), "error")

    def _message(self, request: Request) -> Answer:
        body: Body = request.body
        reply = self.reply_for(request, lambda: reply_to(messages.asked(body)))
        return messages.answer(body, reply, f"msg_{next(self._ids)}")

    def _count(self, request: Request) -> Answer:
        return json_answer({"input_tokens": words_in(request.body["messages"])})

    def _list(self, request: Request) -> Answer:
        limit = min(int(request.query.get("limit", "20")), self.largest_page)
        after = request.query.get("after_id", "")
        start = list(self.models).index(after) + 1 if after in self.models else 0
        page = list(self.models[start : start + limit])
        more = start + limit < len(self.models)
        ends = {"first_id": page[0] if page else None, "last_id": page[-1] if page else None}
        return json_answer({"data": [sheet.entry(name) for name in page], "has_more": more} | ends)

    def _model(self, request: Request) -> Answer:
        name = request.path.removeprefix("/v1/models/")
        return json_answer(sheet.entry(name)) if name in self.models else self.error(404, f"model: {name}")


def _error(status: int, message: str) -> dict[str, Any]:
    kind = KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": None}

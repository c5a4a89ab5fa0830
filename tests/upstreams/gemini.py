"""A fake of the Gemini API of AI Studio.

Source: JSON Schemas of the official SDK 3.4.0 (November 2026), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.upstream import Handler, as_mapping

from . import gemini_content as content
from . import gemini_rules as sheet
from .conversation import reply_to, words_in
from .described import Body, DescribedUpstream
from .made_up import vector

BASE = "/v1beta"
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
SIZE = 3072


def error_body(status: int, message: str, details: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Write `{"error": {code, message, status, details}}`."""
    word = STATUSES.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")
    error = {"code": status, "message": message, "status": word} | (
        {"details": list(details)} if details else {}
    )
    return {"error": error}


class GeminiUpstream(DescribedUpstream):
    """A fake `https://generativelanguage.googleapis.com`; the base of a client is `upstream.url` + /v1beta.

    `call_ids` says whether calls have ids; `page` is the most models that one page of the list holds.
    """

    file = "gemini.schemas.json"

    def __init__(self, **options: Any) -> None:
        self.models: Sequence[str] = tuple(sheet.MODELS)
        self.call_ids = False
        self.page = 1000
        self._ids = count(1)
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints; the verb stands behind a colon."""
        return {"POST /v1beta/models/{model}": self._do, "GET /v1beta/models": self._list}

    def unauthorised(self, request: Request) -> Answer | None:
        """Ask for the key; a wrong one is answered with 400, as if the request were at fault."""
        given = request.headers.get("x-goog-api-key") or request.query.get("key")
        if self.key is None or given == self.key:
            return None
        if not given:
            return self.error(403, "Method doesn't allow unregistered callers.")
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        return json_answer(error_body(400, "API key not valid.", details), 400)

    def complain(self, request: Request) -> Complaint | None:
        """Check the body against the published types, then against the sheet."""
        if request.method != "POST":
            return None
        model, verb = named(request.path)
        body = request.body
        if not isinstance(body, dict):
            return Complaint("Invalid JSON payload received.", None, "INVALID_ARGUMENT")
        if verb == "countTokens":
            return self._complain_of_count(model, body)
        return self.complain_of(model, verb, body)

    def complain_of(self, model: str, verb: str, body: Body) -> Complaint | None:
        """Return what is wrong with a body for a verb."""
        complaint = self.by_types(verb, body)
        if complaint is not None:
            return complaint
        return next(filter(None, (rule(body) for rule in sheet.rules(verb, model))), None)

    def _complain_of_count(self, model: str, body: Body) -> Complaint | None:
        inner = as_mapping(body.get("generateContentRequest"))
        if body.keys() == {"contents"}:
            return self.complain_of(model, "generateContent", body)
        if body.keys() != {"generateContentRequest"} or inner.get("model") != f"models/{model}":
            return Complaint("contents or generateContentRequest with its model is required", "contents")
        counted = {name: value for name, value in inner.items() if name != "model"}
        return self.complain_of(model, "generateContent", counted)

    def by_types(self, verb: str, body: Body) -> Complaint | None:
        """Check each field that has a published type; the request as a whole has none."""
        if verb == "batchEmbedContents":
            return None
        unknown = sorted(body.keys() - sheet.GENERATE_KEYS)
        if unknown:
            return Complaint(
                f"Unknown name {unknown[0]!r}: Cannot find field.", unknown[0], "INVALID_ARGUMENT"
            )
        if self._specification is None:
            return None
        for name, place, value in _typed(body):
            complaint = self._specification.of(name).complaint(value)
            if complaint is not None:
                return Complaint(f"{place}: {complaint.message}", place, "INVALID_ARGUMENT")
        return None

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write an error."""
        return json_answer(error_body(status, message), status)

    def error_event(self, message: str) -> bytes:
        """Write the error of a stream."""
        return sse(error_body(503, message))

    def _do(self, request: Request) -> Answer:
        model, verb = named(request.path)
        if verb == "countTokens":
            counted = request.body.get("generateContentRequest") or request.body
            return json_answer({"totalTokens": words_in(counted["contents"])})
        if verb == "batchEmbedContents":
            return self._embed(request.body)
        return self.generate(request, model, verb)

    def generate(self, request: Request, model: str, verb: str) -> Answer:
        """Answer a conversation."""
        streamed = verb == "streamGenerateContent"
        if streamed and request.query.get("alt") != "sse":
            return self.error(400, "this fake streams with alt=sse only")
        reply = self.reply_for(request, lambda: reply_to(content.asked(request.body)))
        name = f"response{next(self._ids)}"
        return content.answer(request.body, reply, name, streamed=streamed, model=model, ids=self.call_ids)

    def _embed(self, body: Body) -> Answer:
        sizes = [each.get("outputDimensionality") or SIZE for each in body["requests"]]
        texts = [str(each["content"]["parts"]) for each in body["requests"]]
        pairs = zip(texts, sizes, strict=True)
        return json_answer({"embeddings": [{"values": vector(text, size)} for text, size in pairs]})

    def _list(self, request: Request) -> Answer:
        size = min(self.page, int(request.query.get("pageSize", "50")))
        start = int(request.query.get("pageToken", "0"))
        rows = [sheet.entry(name) for name in self.models[start : start + size]]
        more = {"nextPageToken": str(start + size)} if start + size < len(self.models) else {}
        return json_answer({"models": rows, **more})


def named(path: str) -> tuple[str, str]:
    """Return model and verb of a path: `…/models/<model>:<verb>`."""
    model, _, verb = path.rpartition("/")[2].rpartition(":")
    return model, verb


def _typed(body: Body) -> Iterator[tuple[str, str, Any]]:
    """Yield each field that has a published type: the type's name, the place, the value."""
    single = {
        "systemInstruction": "Content",
        "toolConfig": "ToolConfig",
        "generationConfig": "GenerationConfig",
    }
    several = {"contents": "Content", "tools": "Tool", "safetySettings": "SafetySetting"}
    for field, name in single.items():
        if field in body:
            yield name, field, body[field]
    for field, name in several.items():
        for place, value in enumerate(body.get(field) or ()):
            yield name, f"{field}[{place}]", value

"""A fake of Cohere's v2 API: chat, embed, rerank.

Source: JSON Schemas of the official SDK 7.3.1 (November 2026), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Request, json_answer, sse
from modelbay.sdk.testing.upstream import Handler

from . import cohere_chat as chat
from . import cohere_rules as sheet
from .conversation import reply_to, text_of, words_in
from .described import Body, DescribedUpstream, Rule
from .made_up import as_base64, ranking, vector


class CohereUpstream(DescribedUpstream):
    """A fake `https://api.cohere.com`; the base of a client is `upstream.url`, without a version."""

    file = "cohere.schemas.json"
    free_types: ClassVar[frozenset[str] | None] = frozenset()
    schemas: ClassVar[Mapping[str, str]] = {
        "/v2/chat": "V2ChatRequest",
        "/v2/embed": "V2EmbedRequest",
        "/v2/rerank": "V2RerankRequest",
    }
    known_extensions: ClassVar[frozenset[str]] = frozenset(
        {"stream"}
    )  # the SDK has a method of its own for it

    def __init__(self, **options: Any) -> None:
        self.dimensions: int | None = None
        self.largest_page = 1000
        self._ids = count(1)
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /v2/chat": self._chat,
            "POST /v2/embed": self._embed,
            "POST /v2/rerank": self._rerank,
            "POST /v1/tokenize": self._tokenize,
            "POST /v1/check-api-key": self._check,
            "GET /v1/models": self._list,
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return sheet.RULES.get(path, ())

    def fields(self, request: Request) -> Any:
        """Return the body; the check of a key may come without one."""
        return request.body if request.raw or request.path != "/v1/check-api-key" else {}

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"id", "message"}`."""
        return json_answer({"id": f"err-{next(self._ids)}", "message": message}, status)

    def error_event(self, message: str) -> bytes:
        """Write the end of a stream that failed."""
        return sse(
            {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": message}}, "message-end"
        )

    def _chat(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(chat.asked(request.body)))
        return chat.answer(request.body, reply, f"chat-{next(self._ids)}")

    def _embed(self, request: Request) -> Answer:
        body = request.body
        texts = _texts(body)
        size = body.get("output_dimension") or self.dimensions or sheet.dimensions(body["model"])
        rows = [vector(text, size) for text in texts]
        kinds = body.get("embedding_types") or ["float"]
        billed = {"images": len(body["images"])} if body.get("images") else {"input_tokens": words_in(texts)}
        embeddings = {kind: [_as(kind, row) for row in rows] for kind in kinds}
        shown = {"texts": body["texts"]} if body.get("texts") else {}
        meta = {"api_version": {"version": "2"}, "billed_units": billed}
        named = {"id": f"embed-{next(self._ids)}", "response_type": "embeddings_by_type"}
        return json_answer(named | {"embeddings": embeddings, "meta": meta} | shown)

    def _rerank(self, request: Request) -> Answer:
        body = request.body
        best = ranking(body["query"], body["documents"])[: body.get("top_n") or len(body["documents"])]
        results = [{"index": place, "relevance_score": score} for place, score in best]
        units = -(-len(body["documents"]) // 100)
        meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": units}}
        return json_answer({"id": f"rerank-{next(self._ids)}", "results": results, "meta": meta})

    def _tokenize(self, request: Request) -> Answer:
        words = str(request.body["text"]).split()
        return json_answer({"tokens": list(range(len(words))), "token_strings": words})

    def _check(self, request: Request) -> Answer:
        return json_answer({"valid": True, "organization_id": "org-1", "owner_id": "owner-1"})

    def _list(self, request: Request) -> Answer:
        wanted = request.query.get("endpoint")
        models = [entry for entry in sheet.entries() if wanted is None or wanted in entry["endpoints"]]
        size = min(int(request.query.get("page_size", "20")), self.largest_page)
        start = int(request.query.get("page_token", "0"))
        following = str(start + size) if start + size < len(models) else None
        return json_answer({"models": models[start : start + size], "next_page_token": following})


def _texts(body: Body) -> list[str]:
    given = body.get("texts") or body.get("images")
    return list(given) if given else [text_of(item["content"]) for item in body.get("inputs") or ()]


def _as(kind: str, row: Sequence[float]) -> Any:
    if kind == "float":
        return row
    if kind == "base64":
        return as_base64(row)
    signed = [max(-127, min(127, round(value * 1000))) for value in row]
    if kind in {"int8", "binary"}:
        return signed if kind == "int8" else signed[::8]
    return [value + 127 for value in (signed if kind == "uint8" else signed[::8])]

"""A fake of Jina's embeddings and rerank. No description is published: the sheet of 2026-11-21 decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Answer, Request, json_answer
from modelbay.sdk.testing.upstream import Handler

from . import jina_rules as sheet
from .conversation import words_in
from .described import DescribedUpstream, Rule
from .made_up import as_base64, ranking, vector


class JinaUpstream(DescribedUpstream):
    """A fake `https://api.jina.ai`; its `base_url` is `upstream.url + "/v1"`."""

    def __init__(self, **options: Any) -> None:
        self.dimensions: int | None = None
        super().__init__(**options)

    @property
    def base_url(self) -> str:
        """What a client is given as its base."""
        return f"{self.url}/v1"

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /v1/embeddings": self._embed,
            "POST /v1/rerank": self._rerank,
            "GET /v1/models": self._list,
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules; unknown keys are among them here."""
        rules = sheet.RULES.get(path, ())
        return rules[1:] if self.lenient else rules

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"detail": "…"}`, and for a validation error the list of what is wrong."""
        if status != 422:
            return json_answer({"detail": message}, status)
        place = ["body", *(param or "").split(".")]
        return json_answer({"detail": [{"loc": place, "msg": message, "type": code or "value_error"}]}, 422)

    def _embed(self, request: Request) -> Answer:
        body = request.body
        texts = [
            _text(item) for item in (body["input"] if isinstance(body["input"], list) else [body["input"]])
        ]
        size = body.get("dimensions") or self.dimensions or sheet.MODELS[body["model"]].size
        packed = body.get("embedding_type") == "base64"
        rows = [vector(text, size) for text in texts]
        data = [
            {"object": "embedding", "index": index, "embedding": as_base64(row) if packed else row}
            for index, row in enumerate(rows)
        ]
        used = words_in(texts)
        usage = {"total_tokens": used, "prompt_tokens": used}
        return json_answer({"model": body["model"], "object": "list", "usage": usage, "data": data})

    def _rerank(self, request: Request) -> Answer:
        body = request.body
        documents = [_text(document) for document in body["documents"]]
        best = ranking(_text(body["query"]), documents)[: body.get("top_n") or len(documents)]
        results: list[dict[str, Any]] = [{"index": place, "relevance_score": score} for place, score in best]
        if body.get("return_documents", True):
            results = [result | {"document": {"text": documents[result["index"]]}} for result in results]
        usage = {"total_tokens": words_in(documents)}
        return json_answer({"model": body["model"], "usage": usage, "results": results})

    def _list(self, request: Request) -> Answer:
        data = [{"id": name, "object": "model", "owned_by": "jina-ai"} for name in sheet.MODELS]
        return json_answer({"object": "list", "data": data})


def _text(item: Any) -> str:
    return item if isinstance(item, str) else str(next(iter(item.values())))

"""A fake of Voyage's embeddings and rerank. No description is published: the sheet of 2026-11-21 decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.upstream import Handler

from .conversation import words_in
from .described import Body, DescribedUpstream, Rule, required
from .made_up import as_base64, ranking, vector

_SORT = {"model", "input_type", "output_dimension", "output_dtype", "encoding_format"}
_KEYS = {
    "/v1/embeddings": _SORT | {"input", "truncation"},
    "/v1/contextualizedembeddings": _SORT | {"inputs"},
    "/v1/multimodalembeddings": (_SORT - {"output_dtype"}) | {"inputs", "truncation"},
    "/v1/rerank": {"model", "query", "documents", "top_k", "return_documents", "truncation"},
}
_LENGTHS = (256, 512, 1024, 2048)
_KINDS = ("float", "int8", "uint8", "binary", "ubinary")
_SHORTENED = ("voyage-4", "voyage-3.5", "voyage-3-large", "voyage-code-3", "voyage-code-4", "voyage-context")
_MOST = 1000


class VoyageUpstream(DescribedUpstream):
    """A fake `https://api.voyageai.com`; its `base_url` is `upstream.url + "/v1"`."""

    @property
    def base_url(self) -> str:
        """What a client is given as its base."""
        return f"{self.url}/v1"

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /v1/embeddings": self._embed,
            "POST /v1/contextualizedembeddings": self._embed_groups,
            "POST /v1/multimodalembeddings": self._embed_contents,
            "POST /v1/rerank": self._rerank,
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        mine = "documents" if path.endswith("rerank") else "input" if path == "/v1/embeddings" else "inputs"
        return (_only(path), required("model", mine), _right_place(path), _good_list(mine), _good_sort)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"detail": "…"}`."""
        return json_answer({"detail": message}, status)

    def _embed(self, request: Request) -> Answer:
        body = request.body
        rows = _rows(body["input"], body)
        return json_answer(_list(rows, body, words_in(body["input"])))

    def _embed_groups(self, request: Request) -> Answer:
        body = request.body
        groups = [
            {"object": "list", "index": place, "data": _rows(texts, body)[::-1]}
            for place, texts in enumerate(body["inputs"])
        ]
        return json_answer(_list(groups[::-1], body, words_in(body["inputs"])))

    def _embed_contents(self, request: Request) -> Answer:
        body = request.body
        texts = [str(item["content"]) for item in body["inputs"]]
        answer = _list(_rows(texts, body), body, words_in(texts))
        answer["usage"] |= {"text_tokens": answer["usage"]["total_tokens"], "image_pixels": 0}
        return json_answer(answer)

    def _rerank(self, request: Request) -> Answer:
        body = request.body
        documents = body["documents"]
        best = ranking(body["query"], documents)[: body.get("top_k") or len(documents)]
        rows: list[dict[str, Any]] = [{"index": place, "relevance_score": score} for place, score in best]
        if body.get("return_documents"):
            rows = [row | {"document": documents[row["index"]]} for row in rows]
        return json_answer(_list(rows, body, words_in(documents)))


def _rows(texts: Sequence[str], body: Body) -> list[dict[str, Any]]:
    size = body.get("output_dimension") or 1024
    kind = body.get("output_dtype", "float")
    rows = [vector(text, size) for text in texts]
    if kind != "float":
        rows = [[float(round(number * 100)) for number in row] for row in rows]
    packed = body.get("encoding_format") == "base64"
    return [
        {"object": "embedding", "embedding": as_base64(row) if packed else row, "index": place}
        for place, row in enumerate(rows)
    ]


def _list(rows: Sequence[Any], body: Body, tokens: int) -> dict[str, Any]:
    return {"object": "list", "data": rows, "model": body["model"], "usage": {"total_tokens": tokens}}


def _only(path: str) -> Rule:
    def rule(body: Body) -> Complaint | None:
        unknown = sorted(set(body) - _KEYS[path])
        return (
            Complaint(f"Argument '{unknown[0]}' is not supported by our API", unknown[0]) if unknown else None
        )

    return rule


def _right_place(path: str) -> Rule:
    """Each kind of model is served at its own address."""

    def rule(body: Body) -> Complaint | None:
        name = str(body["model"])
        kind = next((kind for kind in ("rerank", "context", "multimodal") if kind in name), "embeddings")
        if path.startswith(f"/v1/{kind}"):
            return None
        return Complaint(f"Model {name} is not supported.", "model")

    return rule


def _good_list(name: str) -> Rule:
    """Texts are not empty, and not more than a thousand."""

    def rule(body: Body) -> Complaint | None:
        items = body[name]
        if isinstance(items, list) and 0 < len(items) <= _MOST and all(items):
            return None
        return Complaint(f"'{name}' must hold 1 to {_MOST} entries that are not empty", name)

    return rule


def _good_sort(body: Body) -> Complaint | None:
    """Vectors have one of four lengths, where the model can be shortened, and one of five kinds."""
    length, kind = body.get("output_dimension"), body.get("output_dtype", "float")
    if body.get("input_type") not in (None, "query", "document"):
        return Complaint("'input_type' must be 'query' or 'document'", "input_type")
    if length is not None and not (length in _LENGTHS and str(body["model"]).startswith(_SHORTENED)):
        return Complaint(f"'output_dimension' {length} is not supported", "output_dimension")
    if kind not in _KINDS or (kind != "float" and body.get("encoding_format")):
        return Complaint(f"'output_dtype' {kind} is not supported here", "output_dtype")
    return None

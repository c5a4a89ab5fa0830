"""A fake of text-embeddings-inference: vectors and ranks as bare lists, and the limits of one model.

Source: TEI's OpenAPI file (2026-07-24), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.upstream import Handler

from .described import Body, DescribedUpstream, Rule, required
from .made_up import ranking, vector

EMBEDDER, RERANKER = "BAAI/bge-m3", "BAAI/bge-reranker-v2-m3"
DIMENSIONS, LONGEST, MOST_TEXTS = 64, 512, 32
PROMPTS = frozenset({"query", "document"})
_ERROR_TYPES = {413: "Validation", 422: "Validation", 424: "Backend", 429: "Overloaded"}


class TEIUpstream(DescribedUpstream):
    """A fake server of one model; the base of a client is `upstream.url`.

    Args:
        ranks: Whether the model ranks; else it embeds. None: both, as no real server does.
    """

    file = "tei.openapi.json"
    schemas: ClassVar[Mapping[str, str]] = {"/embed": "EmbedRequest", "/rerank": "RerankRequest"}

    def __init__(self, *, ranks: bool | None = None, **options: Any) -> None:
        self.ranks = ranks
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        served: dict[str, Handler] = {"GET /info": self._info, "GET /health": lambda request: Answer()}
        if self.ranks is not True:
            served["POST /embed"] = self._embed
        if self.ranks is not False:
            served["POST /rerank"] = self._rerank
        return served

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (required("inputs"), _few_texts("inputs"), _known_prompt) if path == "/embed" else _RANKS

    def complain(self, request: Request) -> Complaint | None:
        """Check as usual; whatever is wrong with a body is 422 here."""
        found = super().complain(request)
        return found and replace(found, status=422)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"error": text, "error_type": kind}`."""
        return json_answer({"error": message, "error_type": _ERROR_TYPES.get(status, "Backend")}, status)

    def _embed(self, request: Request) -> Answer:
        body: Body = request.body
        texts = [body["inputs"]] if isinstance(body["inputs"], str) else body["inputs"]
        long = next((text for text in texts if len(text.split()) > LONGEST), None)
        if long is not None and not body.get("truncate"):
            said = f"`inputs` must have less than {LONGEST} tokens. Given: {len(long.split())}"
            return self.error(413, f"Input validation error: {said}")
        return json_answer([vector(text, body.get("dimensions") or DIMENSIONS) for text in texts])

    def _rerank(self, request: Request) -> Answer:
        rows = ranking(request.body["query"], request.body["texts"])
        return json_answer([{"index": place, "score": score} for place, score in rows])

    def _info(self, request: Request) -> Answer:
        kind: dict[str, Any] = {"embedding": {"pooling": "cls"}}
        if self.ranks:
            labels = {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
            kind = {"reranker": labels}
        return json_answer(INFO | {"model_id": RERANKER if self.ranks else EMBEDDER, "model_type": kind})


def _few_texts(name: str) -> Rule:
    def rule(body: Body) -> Complaint | None:
        if not isinstance(body[name], list) or len(body[name]) <= MOST_TEXTS:
            return None
        said = f"batch size {len(body[name])} > maximum allowed batch size {MOST_TEXTS}"
        return Complaint(said, name, "Validation", 422)

    return rule


def _known_prompt(body: Body) -> Complaint | None:
    if body.get("prompt_name") in (None, *PROMPTS):
        return None
    return Complaint("default prompt not found in model", "prompt_name", "Validation", 422)


_RANKS = (required("query", "texts"), _few_texts("texts"))
INFO = {
    "model_dtype": "float16",
    "served_model_name": "model",
    "max_concurrent_requests": 512,
    "max_input_length": LONGEST,
    "max_batch_tokens": 16384,
    "max_client_batch_size": MOST_TEXTS,
    "auto_truncate": False,
    "tokenization_workers": 2,
    "version": "1.9.3",
}

"""A fake of NVIDIA's hosted catalog and of a NIM server: OpenAI's dialect, and a ranking of its own.

Source: the provider sheet of 2026-11-21; chat is checked against OpenAI's published description.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.upstream import Handler

from .conversation import words_in
from .described import Body, Rule, required
from .made_up import ranking
from .openai import OpenAIUpstream

_RANKING_KEYS = {"model", "query", "passages", "truncate"}
_VECTOR_KEYS = {"model", "input", "input_type", "encoding_format", "truncate", "dimensions"}
_TRUNCATE = (None, "NONE", "START", "END")
_MOST = 512


class NvidiaUpstream(OpenAIUpstream):
    """A fake `https://integrate.api.nvidia.com`, or NIM server; its `base_url` is `upstream.url + "/v1"`."""

    schemas: ClassVar[Mapping[str, str]] = {"/v1/chat/completions": "CreateChatCompletionRequest"}
    request_id_header = "nvcf-reqid"

    def __init__(self, **options: Any) -> None:
        super().__init__(compatible=True, extensions=("chat_template_kwargs", "nvext"), **options)
        self.models = ("meta/llama-3.1-8b-instruct", "NV-Embed-QA", "nvidia/llama-nemotron-rerank-1b-v2")

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        inner = super().routes()
        kept = ("POST /v1/chat/completions", "POST /v1/embeddings", "GET /v1/models")
        return {name: inner[name] for name in kept} | {
            "POST /v1/ranking": self._rank,
            "POST /v1/retrieval/{place}": self._rank,
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        if path == "/v1/ranking" or path.startswith("/v1/retrieval/"):
            return (required("model", "query", "passages"), _good_ranking)
        return (*super().rules(path), *((_good_sort,) if path == "/v1/embeddings" else (_few_fields,)))

    def complain(self, request: Request) -> Complaint | None:
        """Refuse with the status that the back ends' framework has for a bad field."""
        complaint = super().complain(request)
        return complaint and replace(complaint, status=422 if complaint.status == 400 else complaint.status)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write a problem as the gateway in front of the models does."""
        problem = {"type": f"urn:nvcf:problem-details:{status}", "title": "Problem", "status": status}
        return json_answer(problem | {"detail": message}, status)

    def _rank(self, request: Request) -> Answer:
        body = request.body
        passages = [passage.get("text", "") for passage in body["passages"]]
        best = ranking(body["query"].get("text", ""), passages)
        rows = [{"index": place, "logit": math.log((score + 0.01) / (1.01 - score))} for place, score in best]
        return json_answer({"rankings": rows, "usage": {"total_tokens": words_in(passages)}})


def _few_fields(body: Body) -> Complaint | None:
    """Back ends refuse fields that only OpenAI has."""
    found = sorted(
        {"user", "store", "service_tier", "max_completion_tokens", "safety_identifier"} & set(body)
    )
    return Complaint(f"Extra inputs are not permitted: {found[0]}", found[0]) if found else None


def _good_sort(body: Body) -> Complaint | None:
    """A text is a question or a passage, and somebody has to say which."""
    unknown = sorted(set(body) - _VECTOR_KEYS)
    if unknown:
        return Complaint(f"Extra inputs are not permitted: {unknown[0]}", unknown[0])
    if body.get("input_type") not in ("query", "passage"):
        return Complaint("'input_type' parameter is required for asymmetric models", "input_type")
    return _known_cut(body)


def _known_cut(body: Body) -> Complaint | None:
    return None if body.get("truncate") in _TRUNCATE else Complaint("truncate: unknown value", "truncate")


def _good_ranking(body: Body) -> Complaint | None:
    """A query and up to 512 passages, each with a text or an image that is not empty, and nothing else."""
    unknown = sorted(set(body) - _RANKING_KEYS)
    if unknown:
        return Complaint(f"Extra inputs are not permitted: {unknown[0]}", unknown[0])
    passages = body["passages"]
    if not isinstance(passages, list) or not 0 < len(passages) <= _MOST:
        return Complaint(f"expected 1 to {_MOST} passages", "passages")
    for place, item in enumerate((body["query"], *passages)):
        if not isinstance(item, dict) or not item or not item.keys() <= {"text", "image"}:
            return Complaint("expected an object with text or image", f"passages.{place - 1}")
        if not all(item.values()):
            return Complaint("string should have at least 1 character", f"passages.{place - 1}")
    return _known_cut(body)

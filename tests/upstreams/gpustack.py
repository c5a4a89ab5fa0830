"""A fake of a GPUStack gateway: deployed models with and without instances, usage with timings.

Source: the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer

from .described import Body, Rule
from .openai import OpenAIUpstream

DEPLOYED: Mapping[str, Mapping[str, Any]] = {
    "qwen3": {"categories": ["llm"], "meta": {"n_ctx": 32768}},
    "bge-m3": {"categories": ["embedding"], "meta": {"n_ctx": 8192}},
    "bge-reranker": {"categories": ["reranker"], "meta": {"n_ctx": 512}},
    "whisper": {"categories": ["speech_to_text"]},
    "cosyvoice": {"categories": ["text_to_speech"], "meta": {"voices": ["Chinese Female"]}},
    "painter": {"categories": ["image"]},
}
EXTENSIONS = {"repetition_penalty", "structured_outputs", "guided_json", "enable_thinking"}
RERANK_KEYS = frozenset({"model", "query", "documents", "top_n"})


def top_n_of_all(body: Body) -> Complaint | None:
    """Rerank is described by the sheet alone; the number of answers is always asked for."""
    unknown = sorted(body.keys() - RERANK_KEYS)
    if unknown:
        return Complaint(f"Extra inputs are not permitted: {unknown}", unknown[0], status=422)
    return None if body.get("top_n") else Complaint("top_n must be positive", "top_n", status=422)


class GPUStackUpstream(OpenAIUpstream):
    """A fake cluster; a client is given `upstream.url`, with or without a version."""

    def __init__(self, **options: Any) -> None:
        self.deployed = dict(DEPLOYED)
        self.stopped: set[str] = set()
        super().__init__(compatible=True, extensions=EXTENSIONS, **options)
        self.models = tuple(self.deployed)

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules: a model is deployed, and an instance of it is running."""
        own = (top_n_of_all,) if path == "/v1/rerank" else ()
        return (*super().rules(path), self._running, *own)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write OpenAI's envelope with a number as its code."""
        error = {"message": message, "type": code or "Error", "code": status, "param": param}
        return json_answer({"error": error}, status)

    def _running(self, body: Body) -> Complaint | None:
        name = body.get("model")
        if name not in self.deployed:
            return Complaint(f"Model '{name}' not found", "model", "NotFound", 404)
        if name in self.stopped:
            return Complaint(f"No running instances available for model '{name}'", None, "Unavailable", 503)
        return None

    def _list(self, request: Request) -> Answer:
        data = [{"id": name, "object": "model", **told} for name, told in self.deployed.items()]
        return json_answer({"object": "list", "data": data})

"""A fake of Hugging Face: the router to inference providers, serverless embeddings, and who a token is of.

Source: the provider sheet of 2026-11-21. The router's list is written as its clients read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.upstream import Handler

from .described import Body, Rule, required
from .made_up import vector
from .openai import OpenAIUpstream

CHAT_MODEL, EMBEDDER = "Qwen/Qwen3-8B", "sentence-transformers/all-MiniLM-L6-v2"
DIMENSIONS, PATH = 48, "/hf-inference/models/"
_TASK = "/pipeline/feature-extraction"
_EMBEDDING_KEYS = frozenset({"inputs", "normalize", "truncate", "prompt_name"})


class HuggingFaceUpstream(OpenAIUpstream):
    """A fake `https://router.huggingface.co`, which stands in for the Hub too.

    Args:
        tokens: Whether the embedding model answers with a vector for each token, as unpooled models do.
    """

    def __init__(self, *, tokens: bool = False, **options: Any) -> None:
        self.tokens = tokens
        super().__init__(compatible=True, **options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /v1/chat/completions": self._chat,
            "GET /v1/models": lambda request: json_answer({"object": "list", "data": LISTED}),
            "GET /api/whoami-v2": lambda request: json_answer({"type": "user", "name": "somebody"}),
            f"POST {PATH}{{model}}": self._features,
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (required("inputs"), _known_keys) if path.startswith(PATH) else super().rules(path)

    def _features(self, request: Request) -> Answer:
        if not request.path.endswith(_TASK) or request.path.count("/") != PATH.count("/") + 3:
            return self.error(404, f"Not Found: {request.path}")
        texts = request.body["inputs"]
        found = [vector(text, DIMENSIONS) for text in ([texts] if isinstance(texts, str) else texts)]
        return json_answer([[row, row] for row in found] if self.tokens else found)


def _known_keys(body: Body) -> Complaint | None:
    unknown = next((name for name in body if name not in _EMBEDDING_KEYS), None)
    return Complaint(f"Unknown parameter: '{unknown}'.", unknown) if unknown else None


LISTED: list[dict[str, Any]] = [
    {
        "id": CHAT_MODEL,
        "object": "model",
        "created": 1745700000,
        "owned_by": "Qwen",
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "providers": [
            {"provider": "one", "status": "live", "context_length": 32768, "supports_tools": False},
            {"provider": "two", "status": "live", "context_length": 40960, "supports_tools": True},
            {"provider": "three", "status": "staging", "context_length": 131072},
        ],
    },
    {
        "id": "google/gemma-3-27b-it",
        "object": "model",
        "created": 1745700000,
        "owned_by": "google",
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "providers": [{"provider": "one", "status": "live"}],
    },
]

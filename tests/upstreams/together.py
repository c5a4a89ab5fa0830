"""A fake of Together's API.

Source: the published OpenAPI document (2026-04-28), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Request, json_answer

from . import openai_vectors as vectors
from .openai import OpenAIUpstream

MODELS = [
    {
        "id": "vendor/chat",
        "object": "model",
        "created": 1,
        "type": "chat",
        "display_name": "Chat",
        "context_length": 131072,
        "pricing": {"hourly": 0, "input": 0.15, "output": 0.6, "base": 0, "finetune": 0},
    },
    {"id": "vendor/embed", "object": "model", "created": 1, "type": "embedding", "context_length": 512},
    {"id": "vendor/rank", "object": "model", "created": 1, "type": "rerank"},
    {"id": "vendor/paint", "object": "model", "created": 1, "type": "image"},
]


class TogetherUpstream(OpenAIUpstream):
    """A fake `https://api.together.xyz`; its `base_url` is `upstream.url + "/v1"`."""

    file = "together.openapi.json"
    schemas: ClassVar[Mapping[str, str]] = {
        "/v1/chat/completions": "ChatCompletionRequest",
        "/v1/completions": "CompletionRequest",
        "/v1/embeddings": "EmbeddingsRequest",
        "/v1/rerank": "RerankRequest",
        "/v1/audio/speech": "AudioSpeechRequest",
        "/v1/audio/transcriptions": "AudioTranscriptionRequest",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(
            compatible=True, reasoning_key="reasoning", quirks={"usage-on-every-chunk"}, **options
        )
        self.extensions = frozenset()
        self.dimensions = 768

    def fields(self, request: Request) -> Any:
        """Return the body; the document wants an index in calls that come back, which only answers have."""
        body = super().fields(request)
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
            return body
        return {**body, "messages": [_with_places(message) for message in body["messages"]]}

    def _list(self, request: Request) -> Answer:
        return json_answer(MODELS)

    def _rerank(self, request: Request) -> Answer:
        told = vectors.rerank({**request.body, "return_documents": True})
        used = {**told["usage"], "prompt_tokens": told["usage"]["total_tokens"], "completion_tokens": 0}
        return json_answer({"object": "rerank", "id": "rerank-1", **told, "usage": used})


def _with_places(message: Any) -> Any:
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not calls:
        return message
    return {**message, "tool_calls": [{"index": place, **call} for place, call in enumerate(calls)]}

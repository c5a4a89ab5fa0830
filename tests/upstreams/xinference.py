"""A fake of an Xinference server: models described one by one, FastAPI's errors, CRLF events with pings.

Source: the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse

from .described import Body, Rule
from .openai import OpenAIUpstream

LLM = {"model_type": "LLM", "model_format": "pytorch", "model_lang": ["en", "zh"], "quantization": "none"}
DESCRIPTIONS: Mapping[str, Mapping[str, Any]] = {
    "chat-uid": LLM | {"model_name": "qwen3", "model_ability": ["chat", "tools"], "context_length": 32768},
    "eyes-uid": LLM
    | {
        "model_name": "qwen3-vl",
        "model_ability": ["chat", "vision", "hybrid"],
        "context_length": 65536,
        "strict_system_first": True,
    },
    "base-uid": LLM | {"model_name": "llama-2", "model_ability": ["generate"], "context_length": 4096},
    "embed-uid": {"model_type": "embedding", "model_name": "bge-m3", "dimensions": 1024, "max_tokens": 8192},
    "rank-uid": {"model_type": "rerank", "model_name": "bge-reranker", "max_tokens": 512},
    "ear-uid": {"model_type": "audio", "model_name": "whisper", "model_family": "whisper"},
    "mouth-uid": {
        "model_type": "audio",
        "model_name": "CosyVoice-300M-SFT",
        "model_family": "CosyVoice",
        "model_ability": ["text2audio"],
    },
    "film-uid": {"model_type": "video", "model_name": "CogVideoX", "model_ability": ["text2video"]},
}
EXTENSIONS = {"repetition_penalty", "lora_name", "enable_thinking"}
RERANK_KEYS = frozenset(
    {"model", "query", "documents", "top_n", "return_documents", "max_chunks_per_doc", "return_len", "kwargs"}
)


def known_rerank_keys(body: Body) -> Complaint | None:
    """Rerank is described by the sheet alone."""
    unknown = sorted(body.keys() - RERANK_KEYS)
    return Complaint(f"extra fields not permitted: {unknown}", unknown[0], status=422) if unknown else None


class XinferenceUpstream(OpenAIUpstream):
    """A fake `http://localhost:9997`; a client is given `upstream.url`, without `/v1`."""

    def __init__(self, **options: Any) -> None:
        self.descriptions = dict(DESCRIPTIONS)
        super().__init__(compatible=True, extensions=EXTENSIONS, quirks=("crlf", "comments"), **options)
        self.models = tuple(self.descriptions)
        self.dimensions = 1024

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules: a model is launched and of the type that is asked for."""
        own = (known_rerank_keys,) if path == "/v1/rerank" else ()
        return (*super().rules(path), self._launched, *own)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"detail": "text"}`."""
        return json_answer({"detail": message}, status)

    def error_event(self, message: str) -> bytes:
        """Write the error of a stream: its words alone."""
        return sse({"error": message}).replace(b"\n", b"\r\n")

    def _launched(self, body: Body) -> Complaint | None:
        if body.get("model") in self.descriptions:
            return None
        return Complaint(f"[address=0.0.0.0:1] Model not found in the model list, uid: {body.get('model')}")

    def _list(self, request: Request) -> Answer:
        data = [{"id": uid, "object": "model", **told} for uid, told in self.descriptions.items()]
        return json_answer({"object": "list", "data": data})

    def _model(self, request: Request) -> Answer:
        uid = unquote(request.path.removeprefix("/v1/models/"))
        if uid in self.descriptions:
            return json_answer(self.descriptions[uid])
        return self.error(400, f"Model not found in the model list, uid: {uid}")

"""A fake of Ollama: newline-delimited JSON, tool calls as objects, models asked from the server.

Source: Ollama's OpenAPI file (2026-08-21), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, ndjson
from modelbay.sdk.testing.upstream import Handler

from . import ollama_chat as chat
from .conversation import reply_to, words_in
from .described import Body, DescribedUpstream, Rule, required
from .made_up import vector

CREATED = "2026-11-21T00:00:00Z"
CAPABILITIES: Mapping[str, Sequence[str]] = {
    "llama3.2:latest": ("completion", "tools"),
    "qwen3:8b": ("completion", "tools", "thinking"),
    "gemma3:4b": ("completion", "vision"),
    "gpt-oss:20b": ("completion", "tools", "thinking"),
    "tinyllama:latest": ("completion",),
    "nomic-embed-text:latest": ("embedding",),
}
CONTEXT_LENGTH, EMBEDDING_LENGTH = 32_768, 768


class OllamaUpstream(DescribedUpstream):
    """A fake `http://localhost:11434`; the base of a client is `upstream.url`, without `/api`."""

    file = "ollama.openapi.json"
    schemas: ClassVar[Mapping[str, str]] = {
        "/api/chat": "ChatRequest",
        "/api/generate": "GenerateRequest",
        "/api/embed": "EmbedRequest",
        "/api/show": "ShowRequest",
    }
    # Taken by the server although its own description leaves them out.
    known_extensions: ClassVar[frozenset[str]] = frozenset(
        {"thinking", "tool_name", "tool_call_id", "id", "index", "template", "context"}
    )

    def __init__(self, *, key: str | None = None, **options: Any) -> None:
        self.models: Mapping[str, Sequence[str]] = CAPABILITIES
        super().__init__(key=key, **options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /api/chat": self._chat,
            "POST /api/generate": self._generate,
            "POST /api/embed": self._embed,
            "POST /api/show": self._show,
            "GET /api/tags": self._tags,
            "GET /api/ps": self._running,
            "GET /api/version": lambda request: json_answer({"version": "0.12.0"}),
            "GET /": lambda request: Answer(body=b"Ollama is running", content_type="text/plain"),
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        messages = ("messages",) if path == "/api/chat" else ("input",) if path == "/api/embed" else ()
        return (required("model", *messages), self._known, *((self._able,) if path != "/api/show" else ()))

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"error": "text"}`."""
        return json_answer({"error": message}, status)

    def error_event(self, message: str) -> bytes:
        """Write the error line of a stream."""
        return ndjson({"error": message})

    def _known(self, body: Body) -> Complaint | None:
        if self._capabilities(body["model"]):
            return None
        return Complaint(f"model '{body['model']}' not found", "model", status=404)

    def _able(self, body: Body) -> Complaint | None:
        """Tools and thinking are refused by models without them."""
        able = self._capabilities(body["model"])
        for field, capability in (("tools", "tools"), ("think", "thinking")):
            if body.get(field) and capability not in able:
                what = f"registry.ollama.ai/library/{body['model']} does not support {capability}"
                return Complaint(what, field)
        if "input" not in body and "completion" not in able:
            return Complaint(f'"{body["model"]}" does not support chat', "model")
        return None

    def _capabilities(self, model: str) -> Sequence[str]:
        return self.models.get(model if ":" in model else f"{model}:latest", ())

    def _chat(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(chat.asked(request.body)))
        return chat.answer(request.body, reply, CREATED)

    def _generate(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(chat.asked_to_generate(request.body)))
        return chat.generated(request.body, reply, CREATED)

    def _embed(self, request: Request) -> Answer:
        body = request.body
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vectors = [vector(text, body.get("dimensions") or EMBEDDING_LENGTH) for text in texts]
        counted = {"prompt_eval_count": words_in(texts), "total_duration": 1_000_000, "load_duration": 1000}
        return json_answer({"model": body["model"], "embeddings": vectors} | counted)

    def _show(self, request: Request) -> Answer:
        lengths = {"llama.context_length": CONTEXT_LENGTH, "llama.embedding_length": EMBEDDING_LENGTH}
        info = {"general.architecture": "llama"} | lengths
        shown = {"parameters": "", "license": "", "modified_at": CREATED, "template": "{{ .Prompt }}"}
        able = list(self._capabilities(request.body["model"]))
        return json_answer(shown | {"details": _DETAILS, "model_info": info, "capabilities": able})

    def _tags(self, request: Request) -> Answer:
        common = {"modified_at": CREATED, "size": 1_000_000, "digest": "0" * 64, "details": _DETAILS}
        return json_answer({"models": [{"name": name, "model": name} | common for name in self.models]})

    def _running(self, request: Request) -> Answer:
        name = next(iter(self.models))
        running = {"name": name, "model": name, "size": 1_000_000, "digest": "0" * 64, "details": _DETAILS}
        running |= {"expires_at": CREATED, "size_vram": 0, "context_length": 4096}
        return json_answer({"models": [running]})


_DETAILS = {
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "3.2B",
    "quantization_level": "Q4_K_M",
}

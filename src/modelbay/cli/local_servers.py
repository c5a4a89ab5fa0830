"""Servers on this machine: which of the usual ones answers, and what it has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from modelbay import AsyncModelbay, Timeouts, TransportSettings
from modelbay.entities import AIModelEntity, ModelFeature, ModelType
from modelbay.errors import ModelbayError

PATIENCE = 0.3  # seconds: what runs on this machine answers at once, and a person waits
_MOST_ASKED = 5  # models that are asked what they can
_TOOLS = {"function_calling_type": "tool_call", "stream_function_calling": "supported"}
_WORDS = {
    ModelType.TEXT_EMBEDDING: ("embed", "bge-m3", "bge-large", "bge-small", "minilm", "e5-"),
    ModelType.RERANK: ("rerank",),
    ModelType.SPEECH2TEXT: ("whisper",),
    ModelType.TTS: ("tts", "kokoro"),
    ModelType.MODERATION: ("moderation",),
}


class LocalServer(NamedTuple):
    """A kind of server, the provider that speaks to it, where it usually listens, and how long to wait."""

    name: str
    provider: str
    url: str
    patience: float = PATIENCE

    @property
    def credentials(self) -> dict[str, Any]:
        """What the provider needs to call it."""
        if self.provider == "ollama":
            return {"base_url": self.url}
        return {"endpoint_url": self.url, "mode": "chat", "context_size": "4096", **_TOOLS}


LOCAL_SERVERS = (
    LocalServer("Ollama", "ollama", "http://127.0.0.1:11434"),
    LocalServer("LM Studio", "openai_api_compatible", "http://127.0.0.1:1234/v1"),
    LocalServer("an OpenAI-compatible server (vLLM)", "openai_api_compatible", "http://127.0.0.1:8000/v1"),
    LocalServer(
        "an OpenAI-compatible server (LocalAI, llama.cpp)",
        "openai_api_compatible",
        "http://127.0.0.1:8080/v1",
    ),
)


class Found(NamedTuple):
    """A server that answered, and one of its models for each type that it has."""

    server: LocalServer
    models: Mapping[ModelType, str]


def find_local(servers: Sequence[LocalServer]) -> Found | None:
    """Return the first of the servers that answers and has a language model; all are asked at once."""
    return asyncio.run(_find_local(servers))


async def _find_local(servers: Sequence[LocalServer]) -> Found | None:
    answers = await asyncio.gather(*(_ask(server) for server in servers))
    return next((found for found in answers if found is not None), None)


async def _ask(server: LocalServer) -> Found | None:
    limit = server.patience
    timeouts = Timeouts(connect=limit, first_byte=limit, idle=limit, total=limit)
    settings = TransportSettings(timeouts=timeouts, retries=0, trust_env=False)
    given = {server.provider: server.credentials}
    async with AsyncModelbay(given, environment=False, transport=settings) as bay:
        try:
            models = by_type(await bay.fetch_models(server.provider))
            if ModelType.LLM not in models:
                return None
            return await _choose(bay, server, models)
        except ModelbayError:
            return None  # nothing there, or nothing that we know how to talk to


async def _choose(
    bay: AsyncModelbay, server: LocalServer, models: Mapping[ModelType, Sequence[str]]
) -> Found:
    """Take the first language model that can call tools where the server says so, else the first."""
    firsts = {kind: names[0] for kind, names in models.items()}
    if server.provider != "ollama":
        return Found(server, firsts)
    for name in models[ModelType.LLM][:_MOST_ASKED]:
        schema = await bay.llm(f"{server.provider}/{name}").schema()
        if schema and ModelFeature.TOOL_CALL in (schema.features or []):
            return Found(server, {**firsts, ModelType.LLM: name})
    return Found(server, firsts)


def by_type(models: Sequence[AIModelEntity]) -> dict[ModelType, list[str]]:
    """Return the names of a server's models by type. Most servers say no type; then the name tells."""
    found: dict[ModelType, list[str]] = {}
    for model in models:
        if not model.deprecated:
            found.setdefault(_type(model), []).append(model.model)
    return found


def _type(model: AIModelEntity) -> ModelType:
    if model.model_type is not ModelType.LLM:
        return model.model_type
    name = model.model.lower()
    guesses = (kind for kind, words in _WORDS.items() if any(word in name for word in words))
    return next(guesses, ModelType.LLM)

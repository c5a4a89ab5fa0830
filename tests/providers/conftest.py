"""How the built-in providers meet their fake upstreams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.jina import JinaUpstream
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.catalog import Catalog
from modelbay.entities import ModelType
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.testing import FakeUpstream
from modelbay.sdk.testing.conformance import ABILITIES, Subject
from modelbay.wires.transport import Transport

LLM, EMBEDDING, RERANK = ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK
SPEECH2TEXT, TTS, MODERATION = ModelType.SPEECH2TEXT, ModelType.TTS, ModelType.MODERATION
KEY = "test-key"
CATALOG = Catalog()


@dataclass(frozen=True)
class Arrangement:
    """One provider, one fake, and the models to call."""

    name: str
    provider: str
    upstream: Callable[[], FakeUpstream]
    credentials: Callable[[FakeUpstream], dict[str, Any]]
    models: dict[ModelType, str]
    secret: str
    without: frozenset[str] = field(default_factory=frozenset)
    length_word: str = "length"

    @property
    def abilities(self) -> frozenset[str]:
        """What the provider's wire can carry."""
        return ABILITIES - self.without

    def __str__(self) -> str:
        return self.name

    @asynccontextmanager
    async def subject(self) -> AsyncIterator[Subject]:
        """Start the fake and yield the provider under test."""
        plugin = CATALOG.provider(self.provider)
        code = ProviderCode(plugin.folder, plugin.provider, tuple(plugin.models))
        async with self.upstream() as upstream, Transport() as unused:
            host = InProcessHost(unused)
            yield Subject(
                upstream=upstream,
                make=lambda model_type: host.model(code, model_type),
                credentials=self.credentials(upstream),
                models=self.models,
                secret=self.secret,
                abilities=self.abilities,
                length_word=self.length_word,
            )


def _openai(upstream: FakeUpstream) -> dict[str, Any]:
    return {"openai_api_key": KEY, "openai_api_base": upstream.url, "api_protocol": "chat"}


def _compatible(upstream: FakeUpstream) -> dict[str, Any]:
    return {
        "endpoint_url": f"{upstream.url}/v1",
        "api_key": KEY,
        "mode": "chat",
        "context_size": "8192",
        "max_chunks": "16",
        "max_tokens_to_sample": "4096",
        "function_calling_type": "tool_call",
        "stream_function_calling": "supported",
        "agent_thought_support": "supported",
        "vision_support": "support",
        "voices": "alloy",
    }


ARRANGEMENTS = [
    Arrangement(
        "openai",
        "openai",
        OpenAIUpstream,
        _openai,
        {
            LLM: "gpt-4.1-mini",
            EMBEDDING: "text-embedding-3-small",
            MODERATION: "omni-moderation-latest",
            SPEECH2TEXT: "gpt-4o-transcribe",
            TTS: "tts-1",
        },
        "openai_api_key",
        without=frozenset({"reasoning"}),
    ),
    Arrangement(
        "openai-responses",
        "openai",
        OpenAIUpstream,
        lambda upstream: _openai(upstream) | {"api_protocol": "responses"},
        {LLM: "gpt-5.4"},
        "openai_api_key",
        length_word="max_output_tokens",
    ),
    Arrangement(
        "openai_api_compatible",
        "openai_api_compatible",
        lambda: OpenAIUpstream(compatible=True),
        _compatible,
        {
            LLM: "local-model",
            EMBEDDING: "local-embedding",
            RERANK: "local-rerank",
            SPEECH2TEXT: "w",
            TTS: "t",
        },
        "api_key",
    ),
    Arrangement(
        "anthropic",
        "anthropic",
        AnthropicUpstream,
        lambda upstream: {"anthropic_api_key": KEY, "anthropic_api_url": upstream.url},
        {LLM: "claude-sonnet-4-6"},
        "anthropic_api_key",
        length_word="max_tokens",
    ),
    Arrangement(
        "ollama",
        "ollama",
        lambda: OllamaUpstream(key=KEY),
        lambda upstream: {
            "base_url": upstream.url,
            "api_key": KEY,
            "context_size": "8192",
            "max_tokens": "4096",
        },
        {LLM: "llama3.2", EMBEDDING: "nomic-embed-text"},
        "api_key",
    ),
    Arrangement(
        "cohere",
        "cohere",
        CohereUpstream,
        lambda upstream: {"api_key": KEY, "base_url": upstream.url},
        {LLM: "command-a-03-2025", EMBEDDING: "embed-v4.0", RERANK: "rerank-v3.5"},
        "api_key",
        length_word="MAX_TOKENS",
    ),
    Arrangement(
        "jina",
        "jina",
        JinaUpstream,
        lambda upstream: {"api_key": KEY, "base_url": f"{upstream.url}/v1"},
        {EMBEDDING: "jina-embeddings-v3", RERANK: "jina-reranker-v2-base-multilingual"},
        "api_key",
    ),
]

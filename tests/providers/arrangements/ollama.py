"""A server of Ollama."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, LLM, Arrangement
from tests.upstreams.ollama import OllamaUpstream

ARRANGEMENTS = [
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
]

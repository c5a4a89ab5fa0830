"""Cohere."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, Arrangement
from tests.upstreams.cohere import CohereUpstream

ARRANGEMENTS = [
    Arrangement(
        "cohere",
        "cohere",
        CohereUpstream,
        lambda upstream: {"api_key": KEY, "base_url": upstream.url},
        {LLM: "command-a-03-2025", EMBEDDING: "embed-v4.0", RERANK: "rerank-v3.5"},
        "api_key",
        length_word="MAX_TOKENS",
    ),
]

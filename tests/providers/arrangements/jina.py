"""Jina AI."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, RERANK, Arrangement
from tests.upstreams.jina import JinaUpstream

ARRANGEMENTS = [
    Arrangement(
        "jina",
        "jina",
        JinaUpstream,
        lambda upstream: {"api_key": KEY, "base_url": f"{upstream.url}/v1"},
        {EMBEDDING: "jina-embeddings-v3", RERANK: "jina-reranker-v2-base-multilingual"},
        "api_key",
    ),
]

"""NVIDIA, as a server of one's own: the hosted ranking differs in its address only."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, Arrangement
from tests.upstreams.nvidia import NvidiaUpstream

ARRANGEMENTS = [
    Arrangement(
        "nvidia",
        "nvidia",
        NvidiaUpstream,
        lambda upstream: {"api_key": KEY, "endpoint_url": f"{upstream.url}/v1"},
        {
            LLM: "meta/llama-3.1-8b-instruct",
            EMBEDDING: "NV-Embed-QA",
            RERANK: "nvidia/llama-nemotron-rerank-1b-v2",
        },
        "api_key",
    ),
]

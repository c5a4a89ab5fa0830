"""Voyage AI."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, RERANK, Arrangement
from tests.upstreams.voyage import VoyageUpstream

ARRANGEMENTS = [
    Arrangement(
        f"voyage{kind}",
        "voyage",
        VoyageUpstream,
        lambda upstream: {"api_key": KEY, "base_url": f"{upstream.url}/v1"},
        {EMBEDDING: model, RERANK: "rerank-2.5"},
        "api_key",
    )
    for kind, model in (
        ("", "voyage-4"),
        ("-contextual", "voyage-context-4"),
        ("-multimodal", "voyage-multimodal-3.5"),
    )
]

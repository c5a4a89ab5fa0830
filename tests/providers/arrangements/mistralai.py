"""Mistral AI."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, LLM, MODERATION, SPEECH2TEXT, Arrangement
from tests.upstreams.mistral import MistralUpstream

ARRANGEMENTS = [
    Arrangement(
        "mistralai",
        "mistralai",
        MistralUpstream,
        lambda upstream: {"api_key": KEY, "base_url": f"{upstream.url}/v1"},
        {
            LLM: "mistral-medium-latest",
            EMBEDDING: "mistral-embed",
            MODERATION: "mistral-moderation-latest",
            SPEECH2TEXT: "voxtral-mini-latest",
        },
        "api_key",
    ),
]

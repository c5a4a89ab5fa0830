"""Google's Gemini API."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, LLM, Arrangement
from tests.upstreams.gemini import GeminiUpstream

ARRANGEMENTS = [
    Arrangement(
        name,
        "gemini",
        GeminiUpstream,
        lambda upstream: {"google_api_key": KEY, "google_base_url": upstream.url},
        {LLM: model, EMBEDDING: "gemini-embedding-001"},
        "google_api_key",
        length_word="MAX_TOKENS",
    )
    for name, model in (("gemini", "gemini-2.5-flash"), ("gemini-signed", "gemini-3-flash-preview"))
]

"""Anthropic."""

from __future__ import annotations

from tests.providers.arrangement import KEY, LLM, Arrangement
from tests.upstreams.anthropic import AnthropicUpstream

ARRANGEMENTS = [
    Arrangement(
        "anthropic",
        "anthropic",
        AnthropicUpstream,
        lambda upstream: {"anthropic_api_key": KEY, "anthropic_api_url": upstream.url},
        {LLM: "claude-sonnet-4-6"},
        "anthropic_api_key",
        length_word="max_tokens",
    ),
]

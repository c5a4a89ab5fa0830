"""OpenAI, by both of its APIs for conversations."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import (
    EMBEDDING,
    KEY,
    LLM,
    MODERATION,
    SPEECH2TEXT,
    TTS,
    Arrangement,
)
from tests.upstreams.openai import OpenAIUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    return {"openai_api_key": KEY, "openai_api_base": upstream.url, "api_protocol": "chat"}


ARRANGEMENTS = [
    Arrangement(
        "openai",
        "openai",
        OpenAIUpstream,
        _credentials,
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
        lambda upstream: _credentials(upstream) | {"api_protocol": "responses"},
        {LLM: "gpt-5.4"},
        "openai_api_key",
        length_word="max_output_tokens",
    ),
]

"""A server of LocalAI."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.localai import LocalAIUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    return {"server_url": upstream.url, "api_key": KEY, "context_size": "8192", "voices": "amy"}


ARRANGEMENTS = [
    Arrangement(
        "localai",
        "localai",
        lambda: LocalAIUpstream(key=KEY),
        _credentials,
        {LLM: "llama", EMBEDDING: "bert", RERANK: "ranker", SPEECH2TEXT: "whisper", TTS: "piper"},
        "api_key",
    ),
]

"""Any server that speaks OpenAI's dialect."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.openai import OpenAIUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    return {
        "endpoint_url": f"{upstream.url}/v1",
        "api_key": KEY,
        "mode": "chat",
        "context_size": "8192",
        "max_chunks": "16",
        "max_tokens_to_sample": "4096",
        "function_calling_type": "tool_call",
        "stream_function_calling": "supported",
        "agent_thought_support": "supported",
        "vision_support": "support",
        "voices": "alloy",
    }


ARRANGEMENTS = [
    Arrangement(
        "openai_api_compatible",
        "openai_api_compatible",
        lambda: OpenAIUpstream(compatible=True),
        _credentials,
        {
            LLM: "local-model",
            EMBEDDING: "local-embedding",
            RERANK: "local-rerank",
            SPEECH2TEXT: "w",
            TTS: "t",
        },
        "api_key",
    ),
]

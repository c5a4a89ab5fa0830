"""A cluster of GPUStack."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.gpustack import GPUStackUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    return {
        "endpoint_url": f"{upstream.url}/v1-openai",
        "api_key": KEY,
        "mode": "chat",
        "context_size": "8192",
        "max_tokens_to_sample": "4096",
        "function_calling_type": "tool_call",
        "stream_function_calling": "supported",
        "agent_thought_support": "supported",
        "structured_output_support": "supported",
        "compatibility_mode": "extended",
        "vision_support": "support",
        "voices": "Chinese Female",
    }


ARRANGEMENTS = [
    Arrangement(
        "gpustack",
        "gpustack",
        GPUStackUpstream,
        _credentials,
        {
            LLM: "qwen3",
            EMBEDDING: "bge-m3",
            RERANK: "bge-reranker",
            SPEECH2TEXT: "whisper",
            TTS: "cosyvoice",
        },
        "api_key",
    ),
]

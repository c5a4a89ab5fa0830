"""Tongyi: its own way of speaking, models that think, OpenAI's way, and speech over a websocket."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.dashscope import DashScopeCompatibleUpstream, DashScopeUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    return {"dashscope_api_key": KEY, "use_international_endpoint": "false", "api_base": upstream.url}


ARRANGEMENTS = [
    Arrangement(
        "tongyi",
        "tongyi",
        DashScopeUpstream,
        _credentials,
        {
            LLM: "qwen-plus",
            EMBEDDING: "text-embedding-v4",
            RERANK: "qwen3-rerank",
            SPEECH2TEXT: "qwen3-asr-flash",
            TTS: "qwen3-tts-flash",
        },
        "dashscope_api_key",
    ),
    Arrangement(
        "tongyi-multimodal",
        "tongyi",
        DashScopeUpstream,
        _credentials,
        {LLM: "qwen3.8-omni-flash"},  # always streamed, in lists of parts
        "dashscope_api_key",
    ),
    Arrangement(
        "tongyi-compatible",
        "tongyi",
        DashScopeCompatibleUpstream,
        lambda upstream: _credentials(upstream) | {"compatible_mode": "true"},
        {LLM: "qwen3.7-plus"},
        "dashscope_api_key",
    ),
    Arrangement(
        "tongyi-websocket",
        "tongyi",
        DashScopeUpstream,
        lambda upstream: _credentials(upstream) | {"speech_api": "dashscope_ws", "voices": "longxiaochun_v2"},
        {SPEECH2TEXT: "paraformer-realtime-v2", TTS: "cosyvoice-v2"},
        "dashscope_api_key",
    ),
]

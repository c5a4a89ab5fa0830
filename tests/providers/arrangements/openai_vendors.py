"""The hosted providers that speak OpenAI's dialect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.openai_vendors import VendorUpstream
from tests.upstreams.together import TogetherUpstream

from modelbay.entities import ModelType
from modelbay.sdk.testing import FakeUpstream


def _credentials(key: str) -> Callable[[FakeUpstream], dict[str, Any]]:
    def credentials(upstream: FakeUpstream) -> dict[str, Any]:
        assert isinstance(upstream, VendorUpstream)
        return {key: KEY, "endpoint_url": upstream.base_url}

    return credentials


def _vendor(name: str, models: dict[ModelType, str], *, key: str = "api_key", **more: Any) -> Arrangement:
    return Arrangement(name, name, partial(VendorUpstream, name), _credentials(key), models, key, **more)


ARRANGEMENTS = [
    _vendor("deepseek", {LLM: "deepseek-v4-pro"}),
    _vendor(
        "groq",
        {LLM: "openai/gpt-oss-120b", SPEECH2TEXT: "whisper-large-v3", TTS: "canopylabs/orpheus-v1-english"},
    ),
    _vendor(
        "openrouter",
        {
            LLM: "anthropic/claude-sonnet-5",
            EMBEDDING: "openai/text-embedding-3-small",
            RERANK: "cohere/rerank-v3.5",
        },
    ),
    _vendor("x", {LLM: "grok-4.20-non-reasoning"}),
    Arrangement(
        "x-responses",
        "x",
        partial(VendorUpstream, "x"),
        lambda upstream: {**_credentials("api_key")(upstream), "api_protocol": "responses"},
        {LLM: "grok-4.7"},
        "api_key",
        length_word="max_output_tokens",
    ),
    Arrangement(
        "togetherai",
        "togetherai",
        TogetherUpstream,
        lambda upstream: {"api_key": KEY, "endpoint_url": f"{upstream.url}/v1"},
        {
            LLM: "moonshotai/Kimi-K3",
            EMBEDDING: "BAAI/bge-base-en-v1.5",
            RERANK: "mine/rank",
            SPEECH2TEXT: "openai/whisper-large-v3",
            TTS: "canopylabs/orpheus-3b-0.1-ft",
        },
        "api_key",
    ),
    _vendor("moonshot", {LLM: "kimi-k3"}),
    _vendor(
        "siliconflow",
        {
            LLM: "zai-org/GLM-5.2",
            EMBEDDING: "BAAI/bge-m3",
            RERANK: "BAAI/bge-reranker-v2-m3",
            SPEECH2TEXT: "FunAudioLLM/SenseVoiceSmall",
            TTS: "FunAudioLLM/CosyVoice2-0.5B",
        },
    ),
    _vendor(
        "fireworks",
        {
            LLM: "accounts/fireworks/models/glm-5p3",
            EMBEDDING: "accounts/fireworks/models/qwen3-embedding-8b",
            RERANK: "accounts/fireworks/models/qwen3-reranker-8b",
        },
        key="fireworks_api_key",
    ),
]

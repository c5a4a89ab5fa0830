"""Servers of vLLM, new and old, and of SGLang."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, SPEECH2TEXT, Arrangement
from tests.upstreams.vllm import VLLMUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream, guided: str = "structured_outputs") -> dict[str, Any]:
    return {
        "endpoint_url": f"{upstream.url}/v1",
        "api_key": KEY,
        "context_size": "8192",
        "function_calling_type": "tool_call",
        "agent_thought_support": "supported",
        "vision_support": "support",
        "guided_decoding": guided,
    }


ARRANGEMENTS = [
    Arrangement(
        "vllm",
        "vllm",
        VLLMUpstream,
        _credentials,
        {LLM: "served", EMBEDDING: "embed", RERANK: "rank", SPEECH2TEXT: "whisper"},
        "api_key",
    ),
    Arrangement(
        "vllm-guided",
        "vllm",
        partial(VLLMUpstream, server="guided"),
        partial(_credentials, guided="guided"),
        {LLM: "served"},
        "api_key",
    ),
    Arrangement(
        "vllm-sglang",
        "vllm",
        partial(VLLMUpstream, server="sglang"),
        partial(_credentials, guided="sglang"),
        {LLM: "served"},
        "api_key",
    ),
]

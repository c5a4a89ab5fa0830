"""Servers of OpenLLM, of both generations."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, Arrangement
from tests.upstreams.openai import OpenAIUpstream
from tests.upstreams.openllm import LegacyOpenLLMUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream, generation: str) -> dict[str, Any]:
    return {
        "server_url": upstream.url,
        "api_key": KEY,
        "generation": generation,
        "context_size": "4096",
        "function_call_support": "true",
    }


ARRANGEMENTS = [
    Arrangement(
        "openllm",
        "openllm",
        partial(OpenAIUpstream, compatible=True),
        partial(_credentials, generation="current"),
        {LLM: "meta-llama/Llama-3.2-1B-Instruct", EMBEDDING: "served-embedding"},
        "api_key",
    ),
    Arrangement(
        "openllm-legacy",
        "openllm",
        LegacyOpenLLMUpstream,
        partial(_credentials, generation="legacy"),
        {LLM: "opt", EMBEDDING: "opt"},
        "api_key",
        without=frozenset({"tools", "parallel tools", "reasoning"}),  # it continues a text
    ),
]

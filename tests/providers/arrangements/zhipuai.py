"""Zhipu AI, by the key and by a token that it signs."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, LLM, RERANK, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.zhipuai import KEY, ZhipuUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    assert isinstance(upstream, ZhipuUpstream)
    return {"api_key": KEY, "base_url": upstream.base_url}


ARRANGEMENTS = [
    Arrangement(
        "zhipuai",
        "zhipuai",
        ZhipuUpstream,
        _credentials,
        {
            LLM: "glm-4.6",
            EMBEDDING: "embedding-3",
            RERANK: "rerank",
            SPEECH2TEXT: "glm-asr-2512",
            TTS: "glm-tts",
        },
        "api_key",
    ),
    Arrangement(
        "zhipuai-signed",
        "zhipuai",
        ZhipuUpstream,
        lambda upstream: _credentials(upstream) | {"auth_method": "signed_token"},
        {LLM: "glm-5.3"},
        "api_key",
        # The key itself is not sent: nothing can repeat it, and a key of another form makes no token.
        without=frozenset({"key"}),
    ),
]

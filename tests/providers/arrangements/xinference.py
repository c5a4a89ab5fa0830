"""A server of Xinference, with what other programs have asked it of a model and saved.

Without that each call is two requests; `test_local_servers` looks at those.
"""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.xinference import XinferenceUpstream

from modelbay.sdk.testing import FakeUpstream


def _saved(upstream: FakeUpstream) -> dict[str, Any]:
    form = {"server_url": upstream.url, "api_key": KEY, "invoke_timeout": "60", "max_retries": "3"}
    told = {"context_length": 32768, "max_tokens": 8192, "support_function_call": True, "voices": "中文女"}
    return form | told | {"completion_type": "chat", "support_vision": True}


ARRANGEMENTS = [
    Arrangement(
        "xinference",
        "xinference",
        XinferenceUpstream,
        _saved,
        {
            LLM: "chat-uid",
            EMBEDDING: "embed-uid",
            RERANK: "rank-uid",
            SPEECH2TEXT: "ear-uid",
            TTS: "mouth-uid",
        },
        "api_key",
    ),
]

"""MiniMax, of which older accounts have a group."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, LLM, TTS, Arrangement
from tests.upstreams.minimax import MiniMaxUpstream

ARRANGEMENTS = [
    Arrangement(
        "minimax",
        "minimax",
        lambda: MiniMaxUpstream(group="g-1"),
        lambda upstream: {
            "minimax_api_key": KEY,
            "minimax_group_id": "g-1",
            "endpoint_url": upstream.url,
            "batch_size": "1",
        },
        {LLM: "minimax-m2.7", EMBEDDING: "embo-01", TTS: "speech-2.6-turbo"},
        "minimax_api_key",
        length_word="max_tokens",
    ),
    Arrangement(
        "minimax-m3",
        "minimax",
        MiniMaxUpstream,
        lambda upstream: {"minimax_api_key": KEY, "endpoint_url": f"{upstream.url}/anthropic"},
        {LLM: "MiniMax-M3"},
        "minimax_api_key",
        length_word="max_tokens",
    ),
]

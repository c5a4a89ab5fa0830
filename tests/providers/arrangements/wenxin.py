"""Baidu Qianfan: with a key, with a token for an access key, and the first version of its API."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, LLM, RERANK, Arrangement
from tests.upstreams.wenxin import ACCESS_KEY, ACCESS_SECRET, CLIENT, KEY, SECRET, WenxinUpstream

from modelbay.sdk.testing import FakeUpstream

MODELS = {LLM: "ernie-4.5-turbo-128k", EMBEDDING: "embedding-v1", RERANK: "bce-reranker-base"}


def _by_key(upstream: FakeUpstream) -> dict[str, Any]:
    assert isinstance(upstream, WenxinUpstream)
    return {"api_key": KEY, "base_url": upstream.base_url}


def _by_access_key(upstream: FakeUpstream) -> dict[str, Any]:
    token_url = f"{upstream.url}/v1/BCE-BEARER/token"
    return _by_key(upstream) | {
        "api_key": ACCESS_KEY,
        "iam_secret_key": ACCESS_SECRET,
        "token_url": token_url,
    }


def _first_version(upstream: FakeUpstream) -> dict[str, Any]:
    assert isinstance(upstream, WenxinUpstream)
    token_url = f"{upstream.url}/oauth/2.0/token"
    return {"api_key": CLIENT, "secret_key": SECRET, "base_url": upstream.first_url, "token_url": token_url}


ARRANGEMENTS = [
    Arrangement("wenxin", "wenxin", WenxinUpstream, _by_key, MODELS, "api_key"),
    # The key itself is not sent where a token is: a wrong one is refused where tokens are given.
    Arrangement(
        "wenxin-iam",
        "wenxin",
        WenxinUpstream,
        _by_access_key,
        {LLM: "ernie-5.1"},
        "iam_secret_key",
        without=frozenset({"key"}),
    ),
    # The first version knows one function a turn, shows no reasoning, and has status 200 for every failure.
    Arrangement(
        "wenxin-v1",
        "wenxin",
        WenxinUpstream,
        _first_version,
        {LLM: "ernie-4.0-8k", EMBEDDING: "tao-8k", RERANK: "bce-reranker-base"},
        "secret_key",
        without=frozenset({"key", "reasoning", "parallel tools"}),
    ),
]

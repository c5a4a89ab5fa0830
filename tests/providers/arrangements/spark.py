"""iFLYTEK Spark, over the websocket and by HTTP."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, LLM, Arrangement
from tests.upstreams.spark import KEY, PASSWORD, SECRET, SparkUpstream
from tests.upstreams.spark_rules import APP

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    return {"app_id": APP, "api_key": KEY, "api_secret": SECRET, "base_url": upstream.url}


ARRANGEMENTS = [
    Arrangement(
        "spark",
        "spark",
        SparkUpstream,
        _credentials,
        {LLM: "spark-4.0-ultra", EMBEDDING: "spark-embedding"},
        "api_secret",
        # The secret is not sent, it signs: nothing can repeat it. One call of a function comes in an answer.
        without=frozenset({"key"}),
    ),
    Arrangement(
        "spark-http",
        "spark",
        SparkUpstream,
        lambda upstream: _credentials(upstream) | {"protocol": "http", "api_password": PASSWORD},
        {LLM: "spark-x2"},
        "api_password",
    ),
]

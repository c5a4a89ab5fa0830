"""Amazon Bedrock, with each way to authenticate that needs no machine of AWS."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, Arrangement
from tests.upstreams.bedrock import ACCESS_KEY, BedrockUpstream

from modelbay.sdk.testing import FakeUpstream


def _signed(upstream: FakeUpstream) -> dict[str, Any]:
    return {
        "auth_method": "Access_Secret_Key",
        "aws_access_key_id": ACCESS_KEY,
        "aws_secret_access_key": KEY,
        "aws_region": "eu-west-1",
        "bedrock_endpoint_url": upstream.url,
    }


ARRANGEMENTS = [
    Arrangement(
        "bedrock",
        "bedrock",
        BedrockUpstream,
        _signed,
        {
            LLM: "anthropic.claude-sonnet-4-6",
            EMBEDDING: "amazon.titan-embed-text-v2:0",
            RERANK: "cohere.rerank-v3-5:0",
        },
        "aws_secret_access_key",
        length_word="max_tokens",
    ),
    Arrangement(
        "bedrock-api-key",
        "bedrock",
        BedrockUpstream,
        lambda upstream: {
            "auth_method": "API_Key",
            "bedrock_api_key": KEY,
            "aws_region": "us-east-1",
            "bedrock_endpoint_url": upstream.url,
        },
        {LLM: "amazon.nova-lite-v1:0", EMBEDDING: "cohere.embed-v4:0", RERANK: "amazon.rerank-v1:0"},
        "bedrock_api_key",
        length_word="max_tokens",
    ),
]

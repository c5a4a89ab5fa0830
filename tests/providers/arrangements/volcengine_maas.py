"""Volcengine Ark: by API key, and by an access key for which temporary keys are given."""

from __future__ import annotations

from tests.providers.arrangement import EMBEDDING, KEY, LLM, Arrangement
from tests.upstreams.volcengine import ACCESS_KEY, ENDPOINT, ArkUpstream

ARRANGEMENTS = [
    Arrangement(
        "volcengine_maas",
        "volcengine_maas",
        ArkUpstream,
        lambda upstream: {
            "auth_method": "api_key",
            "volc_api_key": KEY,
            "api_endpoint_host": f"{upstream.url}/api/v3",
        },
        {LLM: "doubao-seed-2-1-pro-260915", EMBEDDING: "doubao-embedding-large-text-250515"},
        "volc_api_key",
    ),
    Arrangement(
        "volcengine_maas-aksk",
        "volcengine_maas",
        ArkUpstream,
        lambda upstream: {
            "auth_method": "aksk",
            "volc_access_key_id": ACCESS_KEY,
            "volc_secret_access_key": "volc-secret",
            "volc_region": "cn-beijing",
            "volc_openapi_host": upstream.url,
            "api_endpoint_host": f"{upstream.url}/api/v3",
            "endpoint_id": ENDPOINT,
            "base_model_name": "Doubao-Seed-2.0-pro",
        },
        {LLM: "our-endpoint"},
        "volc_access_key_id",
    ),
]

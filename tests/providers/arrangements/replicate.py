"""Replicate: official models and others.

Its models of speech are in `test_replicate`: which voices and limits they have, the provider is asked,
where the suite expects a refusal without any request.
"""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, Arrangement
from tests.upstreams.replicate import ReplicateUpstream, version_of

from modelbay.sdk.testing import FakeUpstream

VECTORS = "acme/one-vector"
# Its models take no tools, and it does not say why an answer ended.
WITHOUT = frozenset({"tools", "parallel tools", "reasoning", "length"})


def _credentials(upstream: FakeUpstream, **more: str) -> dict[str, Any]:
    return {"replicate_api_token": KEY, "base_url": f"{upstream.url}/v1", **more}


ARRANGEMENTS = [
    Arrangement(
        "replicate-official",
        "replicate",
        ReplicateUpstream,
        _credentials,
        {LLM: "meta/llama-3-8b-instruct"},
        "replicate_api_token",
        without=WITHOUT,
    ),
    Arrangement(
        "replicate-custom",
        "replicate",
        ReplicateUpstream,
        _credentials,
        {LLM: "acme/chatty"},
        "replicate_api_token",
        without=WITHOUT,
    ),
    Arrangement(
        "replicate-vectors",
        "replicate",
        ReplicateUpstream,
        lambda upstream: _credentials(upstream, model_version=version_of(VECTORS), input_field="text"),
        {EMBEDDING: VECTORS},
        "replicate_api_token",
    ),
]

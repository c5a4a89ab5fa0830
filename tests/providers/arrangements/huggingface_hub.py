"""Hugging Face: the router, serverless embeddings, and servers of TGI and TEI."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, RERANK, Arrangement
from tests.upstreams import huggingface, tei
from tests.upstreams.huggingface import HuggingFaceUpstream
from tests.upstreams.tei import TEIUpstream
from tests.upstreams.tgi import MODEL, TGIUpstream

from modelbay.sdk.testing import FakeUpstream

TOKEN = "huggingfacehub_api_token"


def _endpoint(upstream: FakeUpstream, **more: str) -> dict[str, Any]:
    where = {"huggingfacehub_api_type": "inference_endpoints", "huggingfacehub_endpoint_url": upstream.url}
    return {TOKEN: KEY, "context_size": "512", **where, **more}


def _hosted(upstream: FakeUpstream, path: str = "") -> dict[str, Any]:
    # Hosted models have no address of their own; the tests give them one.
    where = {"huggingfacehub_api_type": "hosted_inference_api"}
    return {TOKEN: KEY, "context_size": "512", **where, "huggingfacehub_endpoint_url": upstream.url + path}


ARRANGEMENTS = [
    Arrangement(
        "huggingface_hub-router",
        "huggingface_hub",
        HuggingFaceUpstream,
        lambda upstream: _hosted(upstream, "/v1"),
        {LLM: huggingface.CHAT_MODEL},
        TOKEN,
    ),
    Arrangement(
        "huggingface_hub-hosted",
        "huggingface_hub",
        HuggingFaceUpstream,
        lambda upstream: _hosted(upstream, "/hf-inference"),
        {EMBEDDING: huggingface.EMBEDDER},
        TOKEN,
    ),
    Arrangement(
        "huggingface_hub-tgi",
        "huggingface_hub",
        TGIUpstream,
        lambda upstream: _endpoint(upstream, task_type="text-generation"),
        {LLM: MODEL},
        TOKEN,
        without=frozenset({"tools", "parallel tools", "reasoning"}),  # it continues a text
    ),
    Arrangement(
        "huggingface_hub-tei",
        "huggingface_hub",
        TEIUpstream,
        lambda upstream: _endpoint(upstream, task_type="feature-extraction", max_chunks="32"),
        {EMBEDDING: tei.EMBEDDER, RERANK: tei.RERANKER},
        TOKEN,
    ),
]

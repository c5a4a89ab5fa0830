"""Vertex AI: Google's own models, and those of each kind of publisher."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, LLM, Arrangement
from tests.upstreams.vertex import PROJECT, VertexUpstream, key_file
from tests.wires.signing.rsa_keys import private_pem

from modelbay.sdk.testing import FakeUpstream

CALLER = "caller"  # the service account that the fake knows


def _upstream() -> FakeUpstream:
    return VertexUpstream(key=CALLER)


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    assert isinstance(upstream, VertexUpstream)
    return {
        "vertex_project_id": PROJECT,
        "vertex_location": "us-central1",
        "vertex_service_account_key": key_file(upstream, private_pem()),
        "vertex_endpoint": upstream.url,
    }


def _arrangement(name: str, models: dict[Any, str], word: str, without: frozenset[str]) -> Arrangement:
    return Arrangement(
        name, "vertex_ai", _upstream, _credentials, models, "", without=without, length_word=word
    )


# A wrong key is no key at all: it is refused before anything is sent.
_KEY = frozenset({"key"})
ARRANGEMENTS = [
    _arrangement("vertex_ai", {LLM: "gemini-3.5-flash", EMBEDDING: "text-embedding-005"}, "MAX_TOKENS", _KEY),
    _arrangement("vertex_ai-claude", {LLM: "claude-sonnet-4-6"}, "max_tokens", _KEY),
    _arrangement("vertex_ai-mistral", {LLM: "mistral-small-2503"}, "length", _KEY),
    _arrangement("vertex_ai-open", {LLM: "deepseek-ai/deepseek-v4.1-flash-maas"}, "length", _KEY),
    _arrangement(
        "vertex_ai-newest", {LLM: "gemini-3.8-flash", EMBEDDING: "gemini-embedding-2"}, "MAX_TOKENS", _KEY
    ),
]

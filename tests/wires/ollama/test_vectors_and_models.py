"""Vectors, relevance and models of Ollama's API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.ollama import OllamaUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    Meter,
    ModelFeature,
    ModelType,
    MultiModalContent,
    MultiModalContentType,
    MultiModalEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint, RerankCall
from modelbay.wires.ollama import MODELS
from modelbay.wires.ollama.embeddings import EmbedDialect
from modelbay.wires.ollama.rerank import RerankDialect

EMBED, RERANK = EmbedDialect(), RerankDialect()
IMAGE = MultiModalContent(content="AAAA", content_type=MultiModalContentType.IMAGE)


def test_a_long_text_is_refused_rather_than_cut() -> None:
    """The server's default is to cut in silence."""
    call = EmbeddingCall("nomic-embed-text", ["a", MultiModalContent(content="b")])
    request = EMBED.to_request(call, ENDPOINT)

    assert request.url == "http://upstream.example/api/embed"
    assert request.json == {"model": "nomic-embed-text", "input": ["a", "b"], "truncate": False}
    assert refusal_of(OllamaUpstream(), request) is None
    assert request.idempotent


def test_options_of_vectors() -> None:
    """They are the declaration's."""
    options = {"num_ctx": 512, "dimensions": 256, "keep_alive": "5m", "truncate": True}
    request = EMBED.to_request(EmbeddingCall("nomic-embed-text", ["a"], options=options), ENDPOINT)

    assert request.json == {
        "model": "nomic-embed-text",
        "input": ["a"],
        "truncate": True,
        "dimensions": 256,
        "keep_alive": "5m",
        "options": {"num_ctx": 512},
    }
    assert refusal_of(OllamaUpstream(), request) is None


def test_vectors_come_in_order() -> None:
    """One for each text, with what was read."""
    result = EMBED.to_result(
        EmbeddingCall("m", ["a", "b"]), {"embeddings": [[1.0, 0.0], [0, 1]], "prompt_eval_count": 2}
    )

    assert result.embeddings == [[1.0, 0.0], [0.0, 1.0]]
    assert (result.usage.tokens, result.usage.estimated) == (2, False)
    assert not isinstance(result, MultiModalEmbeddingResult)


def test_vectors_without_a_count_are_of_open_usage() -> None:
    """0 tokens would be priced."""
    assert EMBED.to_result(EmbeddingCall("m", ["a"]), {"embeddings": [[1.0]]}).usage.estimated


@pytest.mark.parametrize(
    "body", [{"embeddings": [[1.0]]}, {}, {"embeddings": [[1.0], None]}, [], {"embeddings": "x"}]
)
def test_vectors_that_are_missing_are_the_servers_fault(body: Any) -> None:
    """Every later vector would belong to another text."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("m", ["a", "b"]), body)


def test_images_are_refused_by_place() -> None:
    """The API has vectors of texts only."""
    with pytest.raises(InvokeBadRequestError, match=r"inputs\[1\]"):
        EMBED.to_request(EmbeddingCall("m", ["a", IMAGE]), ENDPOINT)
    with pytest.raises(InvokeBadRequestError, match=r"docs\[0\]"):
        RERANK.to_request(RerankCall("m", "q", [IMAGE]), ENDPOINT)


@pytest.mark.parametrize("base", ["http://h/", "http://h", "http://h/api/rerank"])
def test_reranking_of_servers_that_add_it(base: str) -> None:
    """Some declare the whole address."""
    request = RERANK.to_request(RerankCall("m", "q", ["a", "b"], top_n=1), Endpoint(base))

    assert request.url == "http://h/api/rerank"
    assert request.json == {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 1}


def test_a_ranking_has_usage_where_the_server_counts() -> None:
    """Not all do."""
    body = {"results": [{"index": 1, "relevance_score": 0.5}]}
    call = RerankCall("m", "q", ["a", "b"])

    assert RERANK.to_result(call, body).usage is None
    counted = RERANK.to_result(call, body | {"usage": {"total_tokens": 9}})
    assert counted.usage is not None
    assert (counted.usage.quantity, counted.usage.meter, counted.docs[0].text) == (
        Decimal(9),
        Meter.TOKEN,
        "b",
    )


def test_the_list_has_names_and_the_detail_has_the_rest() -> None:
    """Only the detail knows what a model can."""
    [listed] = MODELS.to_models({"models": [{"name": "llama3.2:latest"}]})
    request = MODELS.to_show_request("llama3.2:latest", ENDPOINT)
    info = {"general.architecture": "llama", "llama.context_length": 131072, "llama.vision.context_length": 1}
    body = {"capabilities": ["completion", "tools", "vision", "thinking", "insert"], "model_info": info}
    shown = MODELS.to_model("llama3.2:latest", body)

    assert MODELS.to_request(ENDPOINT).url == "http://upstream.example/api/tags"
    assert (request.url, request.json) == ("http://upstream.example/api/show", {"model": "llama3.2:latest"})
    assert refusal_of(OllamaUpstream(), request) is None
    assert (
        (listed.model, listed.model_type)
        == (shown.model, shown.model_type)
        == ("llama3.2:latest", ModelType.LLM)
    )
    assert shown.model_properties == {"mode": "chat", "context_size": 131072}
    assert {ModelFeature.TOOL_CALL, ModelFeature.VISION, ModelFeature.AGENT_THOUGHT} <= set(
        shown.features or []
    )


def test_embedding_models_are_known_by_their_capability() -> None:
    """Their vectors' length is filed under the architecture."""
    info = {"nomic-bert.context_length": 2048, "nomic-bert.embedding_length": 768}
    model = MODELS.to_model("nomic", {"capabilities": ["embedding"], "model_info": info})

    assert model.model_type == ModelType.TEXT_EMBEDDING
    assert model.model_properties == {"context_size": 2048, "embedding_size": 768}

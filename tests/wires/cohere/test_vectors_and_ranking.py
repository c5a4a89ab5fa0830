"""Vectors, relevance and models of Cohere's API."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.cohere import CohereUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    EmbeddingInputType,
    ModelFeature,
    ModelType,
    MultiModalContent,
    MultiModalContentType,
)
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.cohere.embeddings import EmbedDialect
from modelbay.wires.cohere.models import ModelsDialect
from modelbay.wires.cohere.rerank import RerankDialect
from modelbay.wires.family import EmbeddingCall, RerankCall

EMBED, RERANK, MODELS = EmbedDialect(), RerankDialect(), ModelsDialect()
PNG = MultiModalContent(content="iVBORw0KGgoAAA==", content_type=MultiModalContentType.IMAGE)
LINK = MultiModalContent(content="https://example.org/a.jpg", content_type=MultiModalContentType.IMAGE)


def body(call: EmbeddingCall) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    request = EMBED.to_request(call, ENDPOINT)
    assert request.url == "http://upstream.example/v2/embed"
    assert request.idempotent
    assert refusal_of(CohereUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


@pytest.mark.parametrize(
    ("input_type", "wanted"),
    [(EmbeddingInputType.DOCUMENT, "search_document"), (EmbeddingInputType.QUERY, "search_query")],
)
def test_documents_and_queries_are_told_apart(input_type: EmbeddingInputType, wanted: str) -> None:
    """The model places them differently; a text that is too long is refused, not cut."""
    call = EmbeddingCall("embed-v4.0", ["a", MultiModalContent(content="b")], input_type)

    assert body(call) == {
        "model": "embed-v4.0",
        "input_type": wanted,
        "embedding_types": ["float"],
        "truncate": "NONE",
        "texts": ["a", "b"],
    }


def test_options_of_vectors() -> None:
    """They are the declaration's."""
    options = {"embedding_type": "base64", "dimensions": 256, "truncate": "END"}
    sent = body(EmbeddingCall("embed-v4.0", ["a"], options=options))

    assert (sent["embedding_types"], sent["output_dimension"], sent["truncate"]) == (["base64"], 256, "END")


def test_images_are_inputs_beside_texts() -> None:
    """Base64 tells its own type; an address stays one."""
    sent = body(EmbeddingCall("embed-v4.0", ["a", PNG, LINK]))

    assert "texts" not in sent
    assert sent["inputs"] == [
        {"content": [{"type": "text", "text": "a"}]},
        {"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgoAAA=="}}]},
        {"content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.jpg"}}]},
    ]


def test_older_models_take_images_alone() -> None:
    """In a field and under an input type of their own."""
    options = {"image_form": "images"}
    sent = body(EmbeddingCall("embed-multilingual-v3.0", [PNG], options=options))

    assert (sent["input_type"], sent["images"]) == ("image", ["data:image/png;base64,iVBORw0KGgoAAA=="])
    with pytest.raises(InvokeBadRequestError, match="separate requests"):
        EMBED.to_request(EmbeddingCall("m", ["a", PNG], options=options), ENDPOINT)


def test_vectors_lie_under_the_name_of_their_form() -> None:
    """Both forms give the same floats."""
    packed = base64.b64encode(struct.pack("<2f", 0.5, -1)).decode()
    meta = {"billed_units": {"input_tokens": 3.0, "image_tokens": 4.0}}

    floats = EMBED.to_result(EmbeddingCall("m", ["a"]), {"embeddings": {"float": [[0.5, -1]]}, "meta": meta})
    bytes_ = EMBED.to_result(
        EmbeddingCall("m", ["a"], options={"embedding_type": "base64"}), {"embeddings": {"base64": [packed]}}
    )

    assert floats.embeddings == bytes_.embeddings == [[0.5, -1.0]]
    assert (floats.usage.tokens, floats.usage.estimated, bytes_.usage.estimated) == (7, False, True)


@pytest.mark.parametrize(
    "answer", [{}, {"embeddings": []}, {"embeddings": {"float": []}}, {"embeddings": {"int8": [[1]]}}]
)
def test_vectors_that_are_missing_are_the_servers_fault(answer: Any) -> None:
    """Every later vector would belong to another text."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("m", ["a"]), answer)


def test_an_unknown_form_of_vectors_is_refused() -> None:
    """Whole numbers are not the vectors the caller expects."""
    with pytest.raises(InvokeBadRequestError, match="embedding_type"):
        EMBED.to_request(EmbeddingCall("m", ["a"], options={"embedding_type": "int8"}), ENDPOINT)


def test_a_ranking_is_asked_for() -> None:
    """Without `top_n` all documents come back."""
    few = RerankCall("rerank-v3.5", "q", ["a", "b"], top_n=1, options={"max_tokens_per_doc": 512})
    request = RERANK.to_request(few, ENDPOINT)

    assert request.url == "http://upstream.example/v2/rerank"
    assert request.json == {
        "model": "rerank-v3.5",
        "query": "q",
        "documents": ["a", "b"],
        "top_n": 1,
        "max_tokens_per_doc": 512,
    }
    assert refusal_of(CohereUpstream(), request) is None
    assert "top_n" not in RERANK.to_request(RerankCall("m", "q", ["a"]), ENDPOINT).json
    with pytest.raises(InvokeBadRequestError, match="query"):
        RERANK.to_request(RerankCall("m", PNG, ["a"]), ENDPOINT)


@pytest.mark.parametrize(
    ("units", "wanted"),
    [
        ({"search_units": 2.0}, (Decimal(2), "search")),
        ({"input_tokens": 9.0}, (Decimal(9), "token")),
        ({}, None),
    ],
)
def test_rankings_are_billed_by_search_or_by_token(
    units: dict[str, float], wanted: tuple[Decimal, str] | None
) -> None:
    """It depends on the model; the answer says which."""
    answer = {"results": [{"index": 1, "relevance_score": 0.5}], "meta": {"billed_units": units}}
    result = RERANK.to_result(RerankCall("m", "q", ["a", "b"]), answer)

    assert [(doc.index, doc.text, doc.score) for doc in result.docs] == [(1, "b", 0.5)]
    assert (result.usage and (result.usage.quantity, result.usage.meter)) == wanted


def test_models_are_listed_by_what_they_serve() -> None:
    """One that serves several types is several models; other endpoints are none of ours."""
    rows = [
        {
            "name": "command-a",
            "endpoints": ["generate", "chat"],
            "context_length": 256000.0,
            "features": ["tools", "vision", "json_mode"],
        },
        {"name": "embed", "endpoints": ["embed", "classify"], "context_length": 512, "is_deprecated": True},
        {"name": "rate", "endpoints": ["rate"]},
        {"name": "both", "endpoints": ["embed", "rerank"], "features": None},
    ]
    models = MODELS.to_models({"models": rows})

    assert MODELS.to_request(ENDPOINT).url == "http://upstream.example/v1/models?page_size=1000"
    assert [(model.model, model.model_type, model.deprecated) for model in models] == [
        ("command-a", ModelType.LLM, False),
        ("embed", ModelType.TEXT_EMBEDDING, True),
        ("both", ModelType.TEXT_EMBEDDING, False),
        ("both", ModelType.RERANK, False),
    ]
    assert models[0].model_properties == {"mode": "chat", "context_size": 256000}
    assert {ModelFeature.TOOL_CALL, ModelFeature.VISION} <= set(models[0].features or [])

"""Vectors and relevance of Jina's API."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.jina import JinaUpstream
from tests.wires.wire_checks import refusal_of

from modelbay.entities import EmbeddingInputType, Meter, MultiModalContent, MultiModalContentType
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint, RerankCall
from modelbay.wires.jina.embeddings import EmbeddingDialect
from modelbay.wires.jina.rerank import RerankDialect
from modelbay.wires.request import Request

EMBED, RERANK = EmbeddingDialect(), RerankDialect()
ENDPOINT = Endpoint("http://upstream.example/v1", {"authorization": "Bearer secret-key"})
TASKS = {"tasks": {"document": "retrieval.passage", "query": "retrieval.query"}}
OBJECTS = {"input_form": "object"}
IMAGE = MultiModalContent(content="iVBORw0KGgoAAA==", content_type=MultiModalContentType.IMAGE)


def body(request: Request) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    assert refusal_of(JinaUpstream(), request) is None
    assert request.idempotent
    sent: dict[str, Any] = request.json
    return sent


def test_a_model_without_tasks_is_told_none() -> None:
    """It refuses the field."""
    call = EmbeddingCall("jina-embeddings-v2-base-en", ["a", MultiModalContent(content="b")])
    request = EMBED.to_request(call, ENDPOINT)

    assert request.url == "http://upstream.example/v1/embeddings"
    assert body(request) == {"model": "jina-embeddings-v2-base-en", "input": ["a", "b"]}


@pytest.mark.parametrize(
    ("input_type", "task"),
    [(EmbeddingInputType.DOCUMENT, "retrieval.passage"), (EmbeddingInputType.QUERY, "retrieval.query")],
)
def test_documents_and_queries_are_told_apart(input_type: EmbeddingInputType, task: str) -> None:
    """The words are the model's, so they are its options."""
    call = EmbeddingCall("jina-embeddings-v3", ["a"], input_type, options=TASKS)

    assert body(EMBED.to_request(call, ENDPOINT))["task"] == task


def test_a_model_may_know_only_one_side() -> None:
    """Some have a task for queries and none for documents."""
    options = {"tasks": {"query": "retrieval.query"}, **OBJECTS}
    call = EmbeddingCall("jina-clip-v2", ["a"], EmbeddingInputType.DOCUMENT, options=options)

    assert "task" not in body(EMBED.to_request(call, ENDPOINT))


def test_options_of_vectors() -> None:
    """They are the declaration's; unknown ones are none of the API's."""
    options = {
        "dimensions": 64,
        "embedding_type": "base64",
        "normalized": True,
        "late_chunking": True,
        "truncate": True,
        "other": 1,
    }
    sent = body(EMBED.to_request(EmbeddingCall("jina-embeddings-v3", ["a"], options=options), ENDPOINT))

    assert {name: sent.get(name) for name in options} == options | {"other": None}


def test_models_of_texts_and_images_take_objects() -> None:
    """An object says what an input is."""
    call = EmbeddingCall("jina-embeddings-v4", ["a", IMAGE], options=OBJECTS)

    assert body(EMBED.to_request(call, ENDPOINT))["input"] == [{"text": "a"}, {"image": "iVBORw0KGgoAAA=="}]


def test_images_for_a_model_of_texts_are_refused_by_place() -> None:
    """Their base64 would be embedded as a text."""
    with pytest.raises(InvokeBadRequestError, match=r"inputs\[1\]"):
        EMBED.to_request(EmbeddingCall("m", ["a", IMAGE]), ENDPOINT)
    with pytest.raises(InvokeBadRequestError, match="query"):
        RERANK.to_request(RerankCall("m", IMAGE, ["a"]), ENDPOINT)


def test_vectors_come_in_the_order_of_the_inputs() -> None:
    """Whatever order they came in, as floats or as base64."""
    packed = base64.b64encode(struct.pack("<2f", 0.5, -1)).decode()
    data = [{"index": 1, "embedding": [1, 0]}, {"index": 0, "embedding": packed}]

    result = EMBED.to_result(EmbeddingCall("m", ["a", "b"]), {"data": data, "usage": {"total_tokens": 4}})

    assert result.embeddings == [[0.5, -1.0], [1.0, 0.0]]
    assert (result.usage.tokens, result.usage.estimated) == (4, False)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1}]},
        {"data": 3},
        [],
    ],
)
def test_vectors_that_are_missing_are_the_servers_fault(answer: Any) -> None:
    """Every later vector would belong to another text."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("m", ["a", "b"]), answer)


def test_vectors_without_usage_are_of_open_usage() -> None:
    """0 tokens would be priced."""
    assert EMBED.to_result(EmbeddingCall("m", ["a"]), {"data": [{"embedding": [1.0]}]}).usage.estimated


def test_a_ranking_asks_for_no_texts_back() -> None:
    """The call has them."""
    call = RerankCall("jina-reranker-v2-base-multilingual", "q", ["a", "b"], top_n=1)
    request = RERANK.to_request(call, ENDPOINT)

    assert request.url == "http://upstream.example/v1/rerank"
    assert body(request) == {
        "model": "jina-reranker-v2-base-multilingual",
        "query": "q",
        "documents": ["a", "b"],
        "return_documents": False,
        "top_n": 1,
    }


def test_texts_and_images_are_ranked_together() -> None:
    """By the models that take objects."""
    sent = body(
        RERANK.to_request(RerankCall("jina-reranker-m0", "q", ["a", IMAGE], options=OBJECTS), ENDPOINT)
    )

    assert (sent["query"], sent["documents"]) == ({"text": "q"}, [{"text": "a"}, {"image": IMAGE.content}])


def test_a_ranking_is_read_by_place() -> None:
    """With the tokens that are billed."""
    rows = [{"index": 1, "relevance_score": 0.9, "document": {"text": "changed"}}]
    answer = {"results": rows, "usage": {"total_tokens": 9}}

    result = RERANK.to_result(RerankCall("m", "q", ["a", "b"]), answer)

    assert [(doc.index, doc.text, doc.score) for doc in result.docs] == [(1, "b", 0.9)]
    assert result.usage is not None
    assert (result.usage.quantity, result.usage.meter) == (Decimal(9), Meter.TOKEN)


def test_a_ranking_without_usage_says_so() -> None:
    """Not all compatible servers count."""
    assert RERANK.to_result(RerankCall("m", "q", ["a"]), {"results": []}).usage is None

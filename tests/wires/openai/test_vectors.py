"""Embeddings and reranking."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.described import specification

from modelbay.entities import EmbeddingInputType, Meter, MultiModalContent
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import (
    EmbeddingCall,
    Endpoint,
    RerankCall,
)
from modelbay.wires.openai import FAMILY

_FAMILY: Any = FAMILY  # of a family each dialect may be missing; not of this one

_ENDPOINT = Endpoint("https://upstream.test/v1")


def _is_described(name: Any, body: Any) -> Any:
    described = specification("openai.openapi.json")
    return described is None or described.of(name).complaint(body) is None


def _embed(inputs: Any, data: Any, options: Any = None, **answer: Any) -> Any:
    call = EmbeddingCall("embed", inputs, options=options or {})
    return _FAMILY.embedding.to_result(call, {"data": data, **answer})


def _base64(vector: Any) -> Any:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def test_an_embedding_request_is_as_the_published_description_says() -> None:
    """Vectors are asked for as base64; prefixes say what a text is embedded for."""
    options = {"query_prefix": "query:", "document_prefix": "passage:", "dimensions": 256}
    call = EmbeddingCall("embed", ["a", "b"], EmbeddingInputType.QUERY, user="u", options=options)
    request = _FAMILY.embedding.to_request(call, _ENDPOINT)

    assert _is_described("CreateEmbeddingRequest", request.json)
    assert request.json == {
        "model": "embed",
        "input": ["query: a", "query: b"],
        "encoding_format": "base64",
        "dimensions": 256,
    }
    assert (request.url, request.idempotent) == ("https://upstream.test/v1/embeddings", True)


def test_the_form_of_vectors_is_not_named_where_servers_fail_on_it() -> None:
    """Some servers refuse the field whatever its value."""
    call = EmbeddingCall("embed", ["a"], options={"encoding_format": "none"})

    assert "encoding_format" not in _FAMILY.embedding.to_request(call, _ENDPOINT).json


@given(
    st.lists(st.lists(st.floats(width=32, allow_nan=False), min_size=3, max_size=3), min_size=1, max_size=5)
)
def test_vectors_are_the_same_as_base64_and_as_numbers(vectors: Any) -> None:
    """Base64 holds exactly the 32-bit numbers."""
    inputs = ["x"] * len(vectors)
    packed = _embed(inputs, [{"index": i, "embedding": _base64(vector)} for i, vector in enumerate(vectors)])
    plain = _embed(inputs, [{"index": i, "embedding": vector} for i, vector in enumerate(vectors)])

    assert packed.embeddings == plain.embeddings == vectors


@given(st.permutations(range(6)))
def test_vectors_come_in_the_order_of_the_inputs(order: Any) -> None:
    """Servers answer in the order in which they finish."""
    data = [{"index": index, "embedding": [float(index)]} for index in order]

    assert _embed(["x"] * 6, data).embeddings == [[float(index)] for index in range(6)]


@pytest.mark.parametrize(
    "data",
    [
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [2.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": "no base64!"}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": ["a"]}],
        None,
    ],
)
def test_a_missing_vector_is_an_error(data: Any) -> None:
    """A vector in the wrong place would spoil an index silently."""
    with pytest.raises(InvokeServerUnavailableError):
        _embed(["a", "b"], data)


def test_an_embedding_without_usage_is_marked_so() -> None:
    """The kit counts the tokens itself then."""
    data = [{"embedding": [1.0]}]

    assert _embed(["a"], data).usage.estimated
    assert _embed(["a"], data, usage={"total_tokens": 3}).usage.tokens == 3


def test_an_image_is_embedded_as_a_conversation_where_the_server_can() -> None:
    """Elsewhere it is refused, by name."""
    image = MultiModalContent(content="iVBORw0KGgo=", content_type="image")
    call = EmbeddingCall("embed", [image], options={"images": "messages"})

    assert "input" not in (body := _FAMILY.embedding.to_request(call, _ENDPOINT).json)
    assert body["messages"][0]["content"][0]["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgo="
    with pytest.raises(InvokeBadRequestError, match=r"^inputs: "):
        _FAMILY.embedding.to_request(EmbeddingCall("embed", [image]), _ENDPOINT)


@pytest.mark.parametrize(("rows", "score"), [("results", "relevance_score"), ("data", "score")])
def test_documents_are_ranked_with_the_scores_of_the_server(rows: Any, score: Any) -> None:
    """Raw scores stay raw; texts are the caller's."""
    call = RerankCall("rank", "q", ["a", "b", "c"])
    body = {rows: [{"index": 1, score: -2.5}, {"index": 0, score: 7}, {"index": 2, score: 0}]}
    result = _FAMILY.rerank.to_result(call, {**body, "usage": {"total_tokens": 12}})

    assert [(doc.index, doc.text, doc.score) for doc in result.docs] == [
        (0, "a", 7),
        (2, "c", 0),
        (1, "b", -2.5),
    ]
    assert (result.usage.quantity, result.usage.meter) == (12, Meter.TOKEN)


def test_all_documents_are_asked_for_by_number() -> None:
    """Some servers answer with a few if they are not told."""
    body = _FAMILY.rerank.to_request(RerankCall("rank", "q", ["a", "b"]), _ENDPOINT).json

    assert body == {"model": "rank", "query": "q", "documents": ["a", "b"], "top_n": 2}

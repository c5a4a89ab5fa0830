"""Vectors and relevance of Voyage's API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.voyage import VoyageUpstream
from tests.wires.wire_checks import refusal_of

from modelbay.entities import EmbeddingInputType, Meter, MultiModalContent, MultiModalContentType
from modelbay.errors import DeclarationError, InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint, RerankCall
from modelbay.wires.request import Request
from modelbay.wires.vectors import base64_of_floats
from modelbay.wires.voyage.embeddings import EmbeddingDialect
from modelbay.wires.voyage.rerank import RerankDialect

EMBED, RERANK = EmbeddingDialect(), RerankDialect()
ENDPOINT = Endpoint("http://upstream.example/v1", {"authorization": "Bearer secret-key"})
LENGTHS = {"lengths": [256, 512, 1024, 2048]}
CONTEXTUAL = {"api": "contextual", **LENGTHS}
IMAGE = MultiModalContent(content="iVBORw0KGgoAAA==", content_type=MultiModalContentType.IMAGE)


def body(request: Request) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    assert refusal_of(VoyageUpstream(), request) is None
    assert request.idempotent
    sent: dict[str, Any] = request.json
    return sent


def test_texts_are_embedded_for_what_they_are_and_never_cut() -> None:
    """The API would cut the end of a long text without a word."""
    sent = body(EMBED.to_request(EmbeddingCall("voyage-4", ["a", MultiModalContent(content="b")]), ENDPOINT))

    assert sent == {
        "model": "voyage-4",
        "input": ["a", "b"],
        "input_type": "document",
        "truncation": False,
        "encoding_format": "base64",
    }


def test_the_length_of_vectors_is_the_callers_else_the_credentials() -> None:
    """Forms give numbers as text."""
    options = {**LENGTHS, "output_dimension": "512", "output_dtype": "int8"}
    call = EmbeddingCall("voyage-4", ["a"], EmbeddingInputType.QUERY, options=options)
    asked = EmbeddingCall("voyage-4", ["a"], parameters={"dimensions": 256}, options=options)

    sent = body(EMBED.to_request(call, ENDPOINT))

    assert (sent["input_type"], sent["output_dimension"], sent["output_dtype"]) == ("query", 512, "int8")
    assert "encoding_format" not in sent  # small numbers come as numbers
    assert body(EMBED.to_request(asked, ENDPOINT))["output_dimension"] == 256


def test_a_model_of_one_length_does_not_take_that_of_the_credentials() -> None:
    """One set of credentials serves all models; only a call that asks is refused."""
    options = {"output_dimension": "512", "output_dtype": "int8"}
    sent = body(EMBED.to_request(EmbeddingCall("voyage-law-2", ["a"], options=options), ENDPOINT))
    asked = EmbeddingCall("voyage-law-2", ["a"], parameters={"dimensions": 256})

    assert not {"output_dimension", "output_dtype"} & set(sent)
    with pytest.raises(InvokeBadRequestError, match=r"output_dimension.*256.*one length only"):
        EMBED.to_request(asked, ENDPOINT)


def test_a_length_that_the_model_has_not_is_refused_with_those_it_has() -> None:
    """The field is a free text."""
    call = EmbeddingCall("voyage-4", ["a"], options={**LENGTHS, "output_dimension": "300"})

    with pytest.raises(InvokeBadRequestError, match=r"'300'.*256, 512, 1024, 2048"):
        EMBED.to_request(call, ENDPOINT)


@pytest.mark.parametrize(
    ("kind", "together", "groups"),
    [
        (EmbeddingInputType.DOCUMENT, False, [["a"], ["b"]]),
        (EmbeddingInputType.DOCUMENT, True, [["a", "b"]]),
        (EmbeddingInputType.QUERY, True, [["a"], ["b"]]),
    ],
)
def test_chunks_know_of_each_other_only_if_they_are_said_to_be_of_one_document(
    kind: EmbeddingInputType, together: bool, groups: list[list[str]]
) -> None:
    """Chunks of different documents would lend each other what they do not share."""
    call = EmbeddingCall("voyage-context-4", ["a", "b"], kind, options={**CONTEXTUAL, "together": together})
    request = EMBED.to_request(call, ENDPOINT)

    assert body(request)["inputs"] == groups
    assert request.url == "http://upstream.example/v1/contextualizedembeddings"


@given(st.permutations([0, 1, 2]), st.permutations([0, 1]))
def test_nested_vectors_come_in_the_order_of_the_texts(outer: list[int], inner: list[int]) -> None:
    """Both levels are numbered, and neither has to be in order."""
    call = EmbeddingCall("voyage-context-4", list("abcdef"), options=CONTEXTUAL)
    groups = [
        {
            "index": place,
            "data": [{"index": each, "embedding": [float(place), float(each)]} for each in inner],
        }
        for place in outer
    ]

    result = EMBED.to_result(call, {"data": groups, "usage": {"total_tokens": 6}})

    assert result.embeddings == [[float(place), float(each)] for place in range(3) for each in range(2)]
    assert result.usage.total_tokens == 6


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (
            "iVBORw0KGgoAAA==",
            {"type": "image_base64", "image_base64": "data:image/png;base64,iVBORw0KGgoAAA=="},
        ),
        (
            "data:image/webp;base64,AA==",
            {"type": "image_base64", "image_base64": "data:image/webp;base64,AA=="},
        ),
        ("https://example.com/a.png", {"type": "image_url", "image_url": "https://example.com/a.png"}),
    ],
)
def test_images_go_by_address_or_with_their_type(content: str, part: dict[str, str]) -> None:
    """The API fetches addresses itself."""
    image = MultiModalContent(content=content, content_type=MultiModalContentType.IMAGE)
    call = EmbeddingCall("voyage-multimodal-3.5", ["a", image], options={"api": "multimodal"})

    assert body(EMBED.to_request(call, ENDPOINT))["inputs"] == [
        {"content": [{"type": "text", "text": "a"}]},
        {"content": [part]},
    ]


def test_an_image_for_a_model_of_texts_is_refused_by_its_place() -> None:
    """Sent as text, its bytes would be embedded as words."""
    with pytest.raises(InvokeBadRequestError, match=r"inputs\[1\].*not an image"):
        EMBED.to_request(EmbeddingCall("voyage-4", ["a", IMAGE]), ENDPOINT)
    with pytest.raises(InvokeBadRequestError, match=r"docs\[0\].*not an image"):
        RERANK.to_request(RerankCall("rerank-3", "q", [IMAGE]), ENDPOINT)


def test_packed_vectors_pass_unread() -> None:
    """Nobody here needs the numbers then."""
    packed = base64_of_floats([0.5, -1.0])
    answer = {"data": [{"index": 0, "embedding": packed}], "usage": {"total_tokens": 1}}

    plain = EMBED.to_result(EmbeddingCall("voyage-4", ["a"]), answer)
    passed = EMBED.to_result(
        EmbeddingCall("voyage-4", ["a"], parameters={"encoding_format": "base64"}), answer
    )

    assert plain.embeddings == [[0.5, -1.0]]
    assert passed.packed == [packed]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": None},
        {"data": ["x"]},
        {"data": [{"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": "0", "embedding": [1.0]}]},
        {"data": [{"index": 0}]},
        {"data": [{"index": 0, "embedding": "!"}]},
        {"data": [{"index": 0, "embedding": [1.0]}], "usage": []},
    ],
)
def test_an_answer_that_lacks_vectors_is_a_failure_of_the_server(answer: dict[str, Any]) -> None:
    """Of nonsense no vector may be made."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("voyage-4", ["a", "b"]), answer)


def test_an_unknown_api_is_a_slip_of_the_declaration() -> None:
    """It would lead to an address that does not exist."""
    with pytest.raises(DeclarationError, match=r"wire\.api: 'late'"):
        EMBED.to_request(EmbeddingCall("voyage-4", ["a"], options={"api": "late"}), ENDPOINT)


def test_the_best_documents_are_asked_for_under_the_apis_own_name() -> None:
    """It is `top_k` there, and the rows are in `data`."""
    call = RerankCall("rerank-3", "q", ["x", "y", "z"], top_n=2)
    sent = body(RERANK.to_request(call, ENDPOINT))
    rows = [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]

    result = RERANK.to_result(call, {"data": rows, "usage": {"total_tokens": 7}})

    assert (sent["top_k"], sent["truncation"], sent["return_documents"]) == (2, False, False)
    assert [(doc.index, doc.text, doc.score) for doc in result.docs] == [(2, "z", 0.9), (0, "x", 0.1)]
    assert result.usage
    assert result.usage.meter is Meter.TOKEN
    assert result.usage.quantity == 7


@pytest.mark.parametrize("answer", [{}, {"results": []}, {"data": [{"index": 5, "relevance_score": 1}]}, []])
def test_a_ranking_of_nothing_that_was_sent_is_a_failure_of_the_server(answer: Any) -> None:
    """A place that is no document's cannot be quoted."""
    with pytest.raises(InvokeServerUnavailableError):
        RERANK.to_result(RerankCall("rerank-3", "q", ["x"]), answer)

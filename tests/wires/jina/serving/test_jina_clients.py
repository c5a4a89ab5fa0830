"""Relevance and vectors as Jina clients ask for them, at addresses that others have too."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import ANSWER_ID, any_body, refused_or_read, told

from modelbay.entities import (
    EmbeddingInputType,
    Meter,
    MultiModalContent,
    RerankDocument,
    RerankResult,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere.serving import RERANK_V1
from modelbay.wires.family import EmbeddingCall, Endpoint, RerankCall
from modelbay.wires.jina.embeddings import EmbeddingDialect
from modelbay.wires.jina.rerank import RerankDialect
from modelbay.wires.jina.serving import EMBEDDINGS, ERRORS, RERANK
from modelbay.wires.openai.serving.embeddings import EMBEDDINGS as OPENAI
from modelbay.wires.usage import call_usage, embedding_usage

EMBED_WIRE, RERANK_WIRE = EmbeddingDialect(), RerankDialect()
ENDPOINT = Endpoint("https://u.test/v1")
RANKING = {"model": "rank", "query": "q", "documents": ["a", "b"]}
VECTORS = {"model": "embed", "input": ["a", "b"], "task": "text-matching"}


def ranked(texts: list[str]) -> RerankResult:
    docs = [RerankDocument(index=index, text=text, score=1 - index / 8) for index, text in enumerate(texts)]
    return RerankResult(model="rank", docs=docs, usage=call_usage(9, Meter.TOKEN))


@given(
    st.fixed_dictionaries(
        {
            "model": st.just("rank"),
            "query": st.text(max_size=8),
            "documents": st.lists(st.text(max_size=8), min_size=1, max_size=3),
            "return_documents": st.just(False),
        },
        optional={"top_n": st.integers(1, 3), "max_chunk_per_doc": st.integers(1, 9)},
    )
)
def test_a_ranking_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """What nobody here knows goes along to an upstream of the same dialect."""
    ask = RERANK.from_request(body)
    fitted = told(ask.wishes, RERANK_WIRE.takes, same_dialect=True)
    call = RerankCall(ask.model, ask.query, ask.docs, ask.top_n, parameters=fitted.fields)

    assert RERANK_WIRE.to_request(call, ENDPOINT).json == body


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.booleans())
def test_a_ranking_is_read_as_the_result_it_was_written_from(texts: list[str], quotes: bool) -> None:
    """An upstream of the same dialect answers as we do."""
    ask = RERANK.from_request({**RANKING, "documents": texts, "return_documents": quotes})
    body = RERANK.from_result(ask, ranked(texts), ANSWER_ID)

    assert RERANK_WIRE.to_result(RerankCall("rank", "q", texts), body) == ranked(texts)


def test_documents_are_quoted_unless_declined() -> None:
    """That is the API's default; clients read the texts from there."""
    documents = [{"text": "a", "id": 7}, "b"]
    ask = RERANK.from_request({**RANKING, "documents": documents})
    body = RERANK.from_result(ask, ranked(ask.docs), ANSWER_ID)

    assert (body["model"], body["object"], body["usage"]) == ("rank", "list", {"total_tokens": 9})
    assert body["results"] == [
        {"index": 0, "relevance_score": 1.0, "document": {"text": "a", "id": 7}},
        {"index": 1, "relevance_score": 0.875, "document": {"text": "b"}},
    ]


def test_one_answer_serves_the_clients_of_both_apis() -> None:
    """Cohere's first version has the same address; a body does not always say whose it is."""
    ask = RERANK_V1.from_request(RANKING)
    body = RERANK_V1.from_result(ask, ranked(ask.docs), ANSWER_ID)

    assert {"id", "results", "meta"} <= set(body)  # Cohere's
    assert {"model", "object", "usage", "results"} <= set(body)  # Jina's


@given(
    st.fixed_dictionaries(
        {
            "model": st.just("embed"),
            "input": st.lists(st.text(max_size=8), min_size=1, max_size=3),
            "embedding_type": st.just("base64"),
        },
        optional={
            "task": st.sampled_from(["text-matching", "classification"]),
            "dimensions": st.integers(1, 1024),
            "normalized": st.booleans(),
            "late_chunking": st.booleans(),
            "truncate": st.booleans(),
            "return_multivector": st.booleans(),
        },
    )
)
def test_a_request_for_vectors_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """It comes to OpenAI's address, and is known by its words."""
    ask = OPENAI.from_request(body)
    fitted = told(ask.wishes, EMBED_WIRE.takes, same_dialect=ask.wishes.dialect == EMBED_WIRE.name)
    inputs: list[Any] = list(ask.inputs)
    call = EmbeddingCall(ask.model, inputs, ask.input_type, parameters={**fitted.extras, **fitted.fields})

    assert EMBED_WIRE.to_request(call, ENDPOINT).json == body


@pytest.mark.parametrize(
    ("task", "side"),
    [("retrieval.query", EmbeddingInputType.QUERY), ("retrieval.passage", EmbeddingInputType.DOCUMENT)],
)
def test_the_sides_of_a_search_are_known_to_every_model(task: str, side: EmbeddingInputType) -> None:
    """They are no parameter, so a model of another provider can be asked the same."""
    ask = EMBEDDINGS.from_request({**VECTORS, "task": task, "late_chunking": False})

    assert ask.input_type is side
    assert told(ask.wishes, frozenset()).extras == {}


def test_inputs_may_be_objects() -> None:
    """Texts become what they are elsewhere; images stay images."""
    image = MultiModalContent(content="iVBORw0KGgo=", content_type="image")
    body = {"model": "clip", "input": [{"text": "a"}, "b", {"image": "iVBORw0KGgo="}]}

    assert OPENAI.from_request(body).inputs == ["a", "b", image]
    with pytest.raises(InvokeBadRequestError, match=r"^input\[0\]: "):
        OPENAI.from_request({"model": "clip", "input": [{"pdf": "https://a.test/a.pdf"}]})


@pytest.mark.parametrize(("form", "wanted"), [("base64", "AAAAPw=="), ("float", [0.5])])
def test_vectors_are_answered_in_openais_shape(form: str, wanted: Any) -> None:
    """Which was Jina's model."""
    result = TextEmbeddingResult(model="embed", embeddings=[[0.5]], usage=embedding_usage(2))
    ask = EMBEDDINGS.from_request({**VECTORS, "embedding_type": form})
    body = EMBEDDINGS.from_result(ask, result, ANSWER_ID)

    assert body["data"] == [{"object": "embedding", "index": 0, "embedding": wanted}]
    assert EMBED_WIRE.to_result(EmbeddingCall("embed", ["a"]), body) == result


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"embedding_type": "binary"}, "embedding_type"),
        ({"task": 3}, "task"),
        ({"normalized": 1}, "normalized"),
        ({"truncate": "END"}, "truncate"),
        ({"input": []}, "input"),
        ({"input": [{"text": "a", "image": "b"}]}, r"input\[0\]"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    """The client's developer has to find it."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        OPENAI.from_request({**VECTORS, **change})


@given(
    any_body(("model", "query", "documents", "top_n", "return_documents"), RANKING),
    any_body(("model", "input", "task", "embedding_type", "normalized"), VECTORS),
)
def test_nonsense_is_the_clients_mistake(ranking: Any, vectors: Any) -> None:
    """Never a failure of ours."""
    refused_or_read(RERANK.from_request, ranking)
    refused_or_read(EMBEDDINGS.from_request, vectors)
    refused_or_read(OPENAI.from_request, vectors)


def test_errors_are_told_to_both_kinds_of_clients() -> None:
    """Jina's read `detail`, Cohere's `message`."""
    body = ERRORS.from_error(InvokeBadRequestError("query: is required"), "r-1")

    assert body == {"detail": "query: is required", "message": "query: is required", "id": "r-1"}

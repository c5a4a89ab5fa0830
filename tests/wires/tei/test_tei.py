"""Embeddings and ranks as bare lists."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.published import as_published
from tests.upstreams.tei import INFO, TEIUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import EmbeddingInputType, ModelType, MultiModalContent, MultiModalContentType
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, RerankCall
from modelbay.wires.tei import FAMILY

EMBED: Any = FAMILY.embedding
RERANK: Any = FAMILY.rerank
MODELS: Any = FAMILY.models
CALL = RerankCall("bge", "q", ["a", "b", "c"], top_n=2)
fits = as_published("tei.openapi.json")


def embedded(*texts: str, **fields: Any) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    request = EMBED.to_request(EmbeddingCall("bge", texts, **fields), ENDPOINT)
    assert refusal_of(TEIUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


def test_the_server_refuses_what_it_would_have_to_cut() -> None:
    """Nothing is cut silently unless the model's options or the caller say so."""
    assert embedded("a", "b") == {"inputs": ["a", "b"], "truncate": False}
    assert embedded("a", options={"truncate": True, "normalize": False, "dimensions": 8}) == {
        "inputs": ["a"],
        "truncate": True,
        "normalize": False,
        "dimensions": 8,
    }


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("END", {"truncate": True, "truncation_direction": "Right"}),
        ("START", {"truncate": True, "truncation_direction": "Left"}),
        ("NONE", {"truncate": False}),
    ],
)
def test_a_caller_may_ask_which_end_is_cut(asked: str, sent: dict[str, Any]) -> None:
    """The words are those of all embeddings here."""
    assert embedded("a", parameters={"truncate": asked}) == {"inputs": ["a"]} | sent
    with pytest.raises(InvokeBadRequestError, match="truncate"):
        embedded("a", parameters={"truncate": "MIDDLE"})


def test_queries_and_documents_have_prompts_of_their_own() -> None:
    """The names are those of the model's configuration, which only its owner knows."""
    options = {"query_prompt": "query", "document_prompt": "document"}

    assert embedded("a", input_type=EmbeddingInputType.QUERY, options=options)["prompt_name"] == "query"
    assert embedded("a", options=options)["prompt_name"] == "document"
    assert "prompt_name" not in embedded("a", options={"query_prompt": ""})


def test_an_image_is_refused_by_its_place() -> None:
    """The server embeds text only."""
    image = MultiModalContent(
        content="https://pictures.example/a.png", content_type=MultiModalContentType.IMAGE
    )

    with pytest.raises(InvokeBadRequestError, match=r"inputs\[1\]"):
        EMBED.to_request(EmbeddingCall("bge", ["a", image]), ENDPOINT)
    with pytest.raises(InvokeBadRequestError, match=r"docs\[0\]"):
        RERANK.to_request(RerankCall("bge", "q", [image]), ENDPOINT)


def test_vectors_come_in_order_and_tokens_are_left_to_be_counted() -> None:
    """The native API tells no usage."""
    result = EMBED.to_result(EmbeddingCall("bge", ["a", "b"]), [[1.0, 0.0], [0.0, 1.0]])

    assert (result.embeddings, result.usage.estimated) == ([[1.0, 0.0], [0.0, 1.0]], True)


@pytest.mark.parametrize("body", [{}, [], [[1.0]], [["x"], ["y"]], [1.0, 2.0], [None, None], "text", None])
def test_malformed_vectors_are_a_server_failure(body: Any) -> None:
    """Two texts were sent, so there must be two lists of numbers."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("bge", ["a", "b"]), body)


def test_texts_are_ranked_and_cut_here() -> None:
    """The server has no `top_n`, and calls documents texts and relevance a score."""
    request = RERANK.to_request(CALL, ENDPOINT)
    assert refusal_of(TEIUpstream(), request) is None
    assert request.json == {
        "query": "q",
        "texts": ["a", "b", "c"],
        "truncate": False,
        "raw_scores": False,
        "return_text": False,
    }

    answer = [{"index": 2, "score": 0.9}, {"index": 0, "score": 0.5}, {"index": 1, "score": 0.1}]
    fits(answer, "RerankResponse")
    assert [(doc.index, doc.text) for doc in RERANK.to_result(CALL, answer).docs] == [(2, "c"), (0, "a")]


@pytest.mark.parametrize(
    "body", [{}, None, [1], [{}], [{"index": 3, "score": 1}], [{"index": 0}], [{"index": 0, "score": 1}] * 2]
)
def test_malformed_ranks_are_a_server_failure(body: Any) -> None:
    """A rank of a document that was not sent cannot be told from a mistake."""
    with pytest.raises(InvokeServerUnavailableError):
        RERANK.to_result(CALL, body)


def test_a_server_tells_what_it_serves_and_its_limits() -> None:
    """One server serves one model."""
    embedder = INFO | {"model_id": "bge", "model_type": {"embedding": {"pooling": "cls"}}}
    labels = {"id2label": {"0": "L"}, "label2id": {"L": 0}}
    fits(embedder, "Info")

    (told,) = MODELS.to_models(embedder)
    assert (told.model, told.model_type) == ("bge", ModelType.TEXT_EMBEDDING)
    assert told.model_properties == {"context_size": 512, "max_chunks": 32}
    ranker = MODELS.to_model("r", embedder | {"model_type": {"reranker": labels}})
    assert ranker.model_type is ModelType.RERANK
    malformed: tuple[Any, ...] = ({}, [], {"model_type": None}, embedder | {"max_input_length": "long"})
    for body in malformed:
        with pytest.raises(InvokeServerUnavailableError):
            MODELS.to_model("bge", body)

"""One name for a parameter here, another at each upstream; what has no name here is written as it is."""

from __future__ import annotations

from typing import Any

import pytest

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere.embeddings import EmbedDialect as CohereEmbed
from modelbay.wires.cohere.rerank import RerankDialect as CohereRerank
from modelbay.wires.family import EmbeddingCall, Endpoint, ModerationCall, RerankCall
from modelbay.wires.jina.embeddings import EmbeddingDialect as JinaEmbeddings
from modelbay.wires.jina.rerank import RerankDialect as JinaRerank
from modelbay.wires.ollama.embeddings import EmbedDialect as OllamaEmbed
from modelbay.wires.ollama.rerank import RerankDialect as OllamaRerank
from modelbay.wires.openai.embeddings import Embeddings
from modelbay.wires.openai.moderations import Moderations
from modelbay.wires.openai.rerank import Rerank

ENDPOINT = Endpoint("https://upstream.test/v1")
OPTIONS = {"dimensions": 64, "truncate": "END", "embedding_type": "float"}


def embedding(wire: Any, options: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
    call = EmbeddingCall("m", ["a"], parameters=parameters, options=options or {})
    body: dict[str, Any] = wire.to_request(call, ENDPOINT).json
    return body


@pytest.mark.parametrize(
    ("wire", "asked", "sent"),
    [
        (Embeddings(), {"dimensions": 8}, {"dimensions": 8, "encoding_format": "base64"}),
        (CohereEmbed(), {"dimensions": 8}, {"output_dimension": 8}),
        (CohereEmbed(), {"task": "clustering"}, {"input_type": "clustering"}),
        (CohereEmbed(), {"truncate": "START"}, {"truncate": "START"}),
        (JinaEmbeddings(), {"dimensions": 8, "truncate": "NONE"}, {"dimensions": 8, "truncate": False}),
        (JinaEmbeddings(), {"task": "separation"}, {"task": "separation"}),
        (OllamaEmbed(), {"dimensions": 8, "truncate": "END"}, {"dimensions": 8, "truncate": True}),
    ],
)  # fmt: skip
def test_vectors_are_asked_for_in_each_upstreams_words(
    wire: Any, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    """What the caller asks wins over what the model's options say."""
    assert set(asked) <= wire.takes
    for options in ({}, OPTIONS):
        body = embedding(wire, options, **asked, new_field=1)
        assert {name: body.get(name) for name in (*sent, "new_field")} == {**sent, "new_field": 1}


@pytest.mark.parametrize("wire", [JinaEmbeddings(), OllamaEmbed()])
def test_the_beginning_of_a_text_cannot_be_cut_where_only_the_end_is(wire: Any) -> None:
    """Cutting the other end would be another text."""
    with pytest.raises(InvokeBadRequestError, match=r"^truncate: "):
        embedding(wire, truncate="START")


def test_a_task_that_an_upstream_does_not_have_is_refused_by_name() -> None:
    """The words of one provider are not those of another."""
    with pytest.raises(InvokeBadRequestError, match=r"^task: "):
        embedding(CohereEmbed(), task="text-matching")


@pytest.mark.parametrize("wire", [Rerank(), CohereRerank(), JinaRerank(), OllamaRerank()])
def test_a_ranking_carries_what_has_no_name_here(wire: Any) -> None:
    """A client of the same dialect knows what it asks."""
    call = RerankCall("m", "q", ["a"], parameters={"new_field": [1]})

    assert wire.to_request(call, ENDPOINT).json["new_field"] == [1]


def test_a_judgement_carries_what_has_no_name_here() -> None:
    """As above."""
    call = ModerationCall("m", ["a"], parameters={"new_field": 1})

    assert Moderations().to_request(call, ENDPOINT).json == {"model": "m", "input": ["a"], "new_field": 1}

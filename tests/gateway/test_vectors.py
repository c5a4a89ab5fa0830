"""Vectors, relevance and moderation, in the shapes of those who made the clients."""

from __future__ import annotations

import struct
from base64 import b64decode
from typing import Any

import pytest
from tests.gateway.conftest import Serve
from tests.upstreams.made_up import vector
from tests.upstreams.published import as_published

SMALL = "openai/text-embedding-3-small"
DOCS = ["sun in Rome", "rain in Oslo", "rain"]


async def embeddings(serve: Serve, model: str = SMALL, *, lanes: bool = True, **fields: Any) -> Any:
    """Ask for vectors as OpenAI's clients do."""
    served = await serve("openai", "cohere", "jina", lanes=lanes)
    return await served.post("/v1/embeddings", {"model": model, "input": ["one", "two"], **fields})


def floats(text: str) -> list[float]:
    """Return a vector that was written as base64."""
    data = b64decode(text)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


LANES = pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])


@LANES
async def test_vectors_in_input_order(serve: Serve, lanes: bool) -> None:
    """As numbers, if nothing else is asked."""
    answer = await embeddings(serve, lanes=lanes)

    assert [each["index"] for each in answer.json["data"]] == [0, 1]
    assert answer.json["data"][1]["embedding"] == pytest.approx(vector("two", 1536))
    assert answer.json["usage"] == {"prompt_tokens": 2, "total_tokens": 2}


@LANES
@pytest.mark.parametrize(
    "model", [SMALL, "cohere/embed-v4.0", "jina/jina-embeddings-v3", "sandbox-embedding"]
)
async def test_vectors_as_base64(serve: Serve, model: str, lanes: bool) -> None:
    """The official SDK always asks for it; every provider's vectors can be had so."""
    plain = await embeddings(serve, model, lanes=lanes)
    packed = await embeddings(serve, model, lanes=lanes, encoding_format="base64")

    assert packed.status == 200, packed.body
    numbers = [each["embedding"] for each in plain.json["data"]]
    assert [floats(each["embedding"]) for each in packed.json["data"]] == [
        pytest.approx(each) for each in numbers
    ]


@LANES
async def test_shorter_vectors(serve: Serve, lanes: bool) -> None:
    """Where the model can; where it cannot, the field is refused."""
    answer = await embeddings(serve, lanes=lanes, dimensions=8)
    refused = await embeddings(serve, "openai/text-embedding-ada-002", lanes=lanes, dimensions=8)

    assert [len(each["embedding"]) for each in answer.json["data"]] == [8, 8]
    assert (refused.status, "dimensions" in refused.json["error"]["message"]) == (400, True)


@LANES
@pytest.mark.parametrize("tokens", [[[15339, 1917]], [15339, 1917]], ids=["a list of lists", "a list"])
async def test_token_ids(serve: Serve, tokens: list[Any], lanes: bool) -> None:
    """LangChain sends them; where the upstream does not take them they are turned into text."""
    served = await serve("openai", "cohere", lanes=lanes)

    openai = await served.post("/v1/embeddings", {"model": SMALL, "input": tokens})
    cohere = await served.post("/v1/embeddings", {"model": "cohere/embed-v4.0", "input": tokens})

    assert (openai.status, len(openai.json["data"])) == (200, 1)
    assert cohere.status == 200, cohere.body
    assert served.upstreams["cohere"].requests[-1].body["texts"] == ["hello world"]


NO_INPUTS = ["", [], [""], [1.5], {"a": 1}, None, 7, ["a", 1]]
IN_LISTS = [[["a"]], [[-1]], [[2**70]]]  # in the fast lane the upstream judges which tokens are its model's


@pytest.mark.parametrize(
    ("value", "lanes"),
    [(each, lanes) for each in NO_INPUTS for lanes in (True, False)] + [(each, False) for each in IN_LISTS],
    ids=str,
)
async def test_inputs_that_are_none(serve: Serve, value: Any, lanes: bool) -> None:
    """The error names the field."""
    answer = await embeddings(serve, lanes=lanes, input=value)

    assert answer.status == 400
    assert "input" in answer.json["error"]["message"]


@LANES
async def test_more_texts_than_one_request_may_hold(serve: Serve, lanes: bool) -> None:
    """They are sent in several, and come back as one answer in order."""
    texts = [f"text {number}" for number in range(2100)]

    answer = await embeddings(serve, lanes=lanes, input=texts, dimensions=4)

    assert answer.status == 200, answer.body[:300]
    assert [each["index"] for each in answer.json["data"]] == list(range(2100))
    assert answer.json["data"][2099]["embedding"] == pytest.approx(vector("text 2099", 4))


async def test_vectors_as_coheres_clients_have_them(serve: Serve) -> None:
    """By type, whoever makes them."""
    for model in ("cohere/embed-v4.0", SMALL, "jina/jina-embeddings-v3"):
        served = await serve("openai", "cohere", "jina")
        body = {
            "model": model,
            "texts": ["one", "two"],
            "input_type": "search_query",
            "embedding_types": ["float"],
        }

        answer = await served.post("/v2/embed", body)

        as_published("cohere.schemas.json")(answer.json, "EmbedByTypeResponse")
        assert [len(each) > 4 for each in answer.json["embeddings"]["float"]] == [True, True]
        [record] = await served.records()
        assert record["surface"] == "cohere.embed"


RERANKERS = ["cohere/rerank-v3.5", "jina/jina-reranker-v3", "sandbox-rerank"]


@pytest.mark.parametrize("model", RERANKERS)
@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
async def test_documents_by_relevance(serve: Serve, path: str, model: str) -> None:
    """Best first, by their place in the request; only as many as are asked for."""
    served = await serve("cohere", "jina")

    answer = await served.post(path, {"model": model, "query": "rain oslo", "documents": DOCS, "top_n": 2})

    assert answer.status == 200, answer.body
    results = answer.json["results"]
    assert [each["index"] for each in results] == [1, 2]
    assert results[0]["relevance_score"] >= results[1]["relevance_score"]


async def test_documents_as_jinas_clients_have_them(serve: Serve) -> None:
    """They quote the documents unless told not to, and are told of usage."""
    served = await serve("jina")
    body = {
        "model": "jina/jina-reranker-v3",
        "query": "rain oslo",
        "documents": DOCS,
        "return_documents": True,
    }

    answer = await served.post("/v1/rerank", body)

    assert answer.status == 200, answer.body
    document = answer.json["results"][0]["document"]
    assert document in ("rain in Oslo", {"text": "rain in Oslo"})


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"documents": "x"}, "documents"),
        ({"query": 1}, "query"),
        ({"top_n": "two"}, "top_n"),
        ({"documents": [1]}, "documents"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
async def test_rerank_requests_that_are_wrong(
    serve: Serve, path: str, fields: dict[str, Any], named: str
) -> None:
    """In Cohere's shape of an error, by the field."""
    served = await serve("cohere")
    body = {"model": "cohere/rerank-v3.5", "query": "q", "documents": DOCS, **fields}

    answer = await served.post(path, body)

    assert answer.status == 400
    assert named in answer.json["message"]


@pytest.mark.parametrize("model", ["omni-moderation-latest", "sandbox-moderation"])
async def test_moderation(serve: Serve, model: str) -> None:
    """One judgement a text, in order."""
    served = await serve("openai")

    answer = await served.post(
        "/v1/moderations", {"model": model, "input": ["I will kill you", "good morning"]}
    )

    as_published("openai.openapi.json")(answer.json, "CreateModerationResponse")
    assert [each["flagged"] for each in answer.json["results"]][1] is False
    if model.startswith("omni"):
        assert answer.json["results"][0]["flagged"] is True
    assert len(await served.records()) == 1

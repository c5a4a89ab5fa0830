"""The fake of Jina: its sheet's rules, refusals as a list with places."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from struct import unpack
from typing import Any

import pytest
from tests.upstreams.client import ask
from tests.upstreams.jina import JinaUpstream


@pytest.fixture
async def upstream() -> AsyncIterator[JinaUpstream]:
    """Run a fake of Jina."""
    async with JinaUpstream() as running:
        yield running


def embed(model: str = "jina-embeddings-v3", **fields: Any) -> tuple[str, dict[str, Any]]:
    """Make an embedding request."""
    return "/v1/embeddings", {"model": model, "input": ["a", "b"], **fields}


def rerank(model: str = "jina-reranker-v2-base-multilingual", **fields: Any) -> tuple[str, dict[str, Any]]:
    """Make a rerank request."""
    return "/v1/rerank", {"model": model, "query": "red fox", "documents": ["dog", "red fox"], **fields}


GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "task": embed(task="retrieval.query", dimensions=64, normalized=True, late_chunking=True),
    "v2": embed("jina-embeddings-v2-base-en"),
    "v4": embed(
        "jina-embeddings-v4", input=[{"text": "a"}, {"image": "https://x.example/a.png"}], task="code.query"
    ),
    "clip": embed("jina-clip-v2", input=[{"text": "a"}], task="retrieval.query"),
    "code": embed("jina-code-embeddings-0.5b", task="nl2code.passage", embedding_type=["float", "base64"]),
    "rerank": rerank(top_n=1, return_documents=False),
    "objects": rerank("jina-reranker-m0", documents=[{"text": "a"}, {"image": "https://x.example/a.png"}]),
}


@pytest.mark.parametrize("name", GOOD)
async def test_requests_of_the_sheet_are_taken(upstream: JinaUpstream, name: str) -> None:
    """Every form the sheet shows."""
    got = await ask(upstream, *GOOD[name])

    assert (got.status, upstream.refused) == (200, []), got.body


BAD: dict[str, tuple[tuple[str, dict[str, Any]], list[str]]] = {
    "OpenAI's name": (embed(encoding_format="float"), ["body", "encoding_format"]),
    "task of v2": (embed("jina-embeddings-v2-base-en", task="retrieval.query"), ["body", "task"]),
    "task of clip": (embed("jina-clip-v2", input=[{"text": "a"}], task="text-matching"), ["body", "task"]),
    "strings for v4": (embed("jina-embeddings-v4"), ["body", "input", "0"]),
    "image for v3": (embed(input=["a", {"image": "x"}]), ["body", "input", "1"]),
    "empty": (embed(input=["a", ""]), ["body", "input", "1"]),
    "nothing": (embed(input=[]), ["body", "input"]),
    "too many": (embed(input=["a"] * 2049), ["body", "input"]),
    "dimensions of v2": (embed("jina-embeddings-v2-base-en", dimensions=8), ["body", "dimensions"]),
    "late chunking of v5": (
        embed("jina-embeddings-v5-text-small", late_chunking=True),
        ["body", "late_chunking"],
    ),
    "multivector of v3": (embed(return_multivector=True), ["body", "return_multivector"]),
    "unknown type": (embed(embedding_type="int8"), ["body", "embedding_type"]),
    "unknown model": (embed("nope"), ["body", "model"]),
    "a reranker that embeds": (embed("jina-reranker-v3"), ["body", "model"]),
    "no input": (("/v1/embeddings", {"model": "jina-embeddings-v3"}), ["body", "input"]),
    "no documents": (rerank(documents=[]), ["body", "documents"]),
    "65 documents of v3": (rerank("jina-reranker-v3", documents=["a"] * 65), ["body", "documents"]),
    "image document": (rerank(documents=[{"image": "x"}]), ["body", "documents", "0"]),
    "top of 0": (rerank(top_n=0), ["body", "top_n"]),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_requests_are_refused_by_name(upstream: JinaUpstream, name: str) -> None:
    """422 with the place of what is wrong."""
    request, place = BAD[name]

    got = await ask(upstream, *request)

    assert (got.status, got.json["detail"][0]["loc"]) == (422, place), got.body
    assert len(upstream.refused) == 1


async def test_other_errors_have_a_text(upstream: JinaUpstream) -> None:
    """`detail` is a string there: providers must read both."""
    got = await ask(upstream, *embed(), headers={"authorization": "Bearer no"})

    assert (got.status, isinstance(got.json["detail"], str)) == (401, True)


async def test_vectors_have_the_size_asked_for(upstream: JinaUpstream) -> None:
    """The model's own size, or less."""
    whole = await ask(upstream, *embed())
    short = await ask(upstream, *embed(dimensions=64, embedding_type="base64"))

    assert [len(row["embedding"]) for row in whole.json["data"]] == [1024, 1024]
    assert len(unpack("<64f", b64decode(short.json["data"][0]["embedding"]))) == 64


async def test_ranks_with_documents_unless_told_otherwise(upstream: JinaUpstream) -> None:
    """`return_documents` is true by default."""
    first = await ask(upstream, *rerank())
    second = await ask(upstream, *rerank(return_documents=False, top_n=1))

    assert first.json["results"][0] == {"index": 1, "relevance_score": 1.0, "document": {"text": "red fox"}}
    assert second.json["results"] == [{"index": 1, "relevance_score": 1.0}]


async def test_a_lenient_server_takes_unknown_keys() -> None:
    """Servers that copy the shape do not check so closely."""
    async with JinaUpstream(lenient=True) as upstream:
        assert (await ask(upstream, *embed(encoding_format="float"))).status == 200


async def test_says_that_no_description_checks_it(upstream: JinaUpstream) -> None:
    """Only the sheet does."""
    assert upstream.described is False

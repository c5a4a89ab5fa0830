"""The fakes of TGI and TEI: what they answer is as published, and what they would not take is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.client import ask
from tests.upstreams.huggingface import EMBEDDER, HuggingFaceUpstream
from tests.upstreams.published import as_published
from tests.upstreams.tei import MOST_TEXTS, TEIUpstream
from tests.upstreams.tgi import TGIUpstream

tgi_fits = as_published("tgi.openapi.json")
tei_fits = as_published("tei.openapi.json")


async def test_what_tgi_answers_is_as_published() -> None:
    """The fake is the judge of the wire, so that it must not drift."""
    body = {"inputs": "Once upon", "parameters": {"details": True}}
    async with TGIUpstream() as upstream:
        whole = await ask(upstream, "/generate", body)
        streamed = await ask(upstream, "/generate_stream", body)
        info = await ask(upstream, "/info")
        failed = await ask(upstream, "/generate", {"inputs": "x", "parameters": {"temperature": 0.0}})

        tgi_fits(whole.json, "GenerateResponse")
        for event in streamed.data:
            tgi_fits(event, "StreamResponse")
        tgi_fits(info.json, "Info")
        tgi_fits(failed.json, "ErrorResponse")
        assert failed.status == 422


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"top_p": 1.0}, "top_p"),
        ({"top_k": 0}, "top_k"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"max_tokens": 3}, "max_tokens"),
    ],
)
async def test_tgi_refuses_what_it_does_not_take(parameters: dict[str, Any], named: str) -> None:
    """Values that other servers take to mean "as usual" are errors here."""
    async with TGIUpstream() as upstream:
        if named == "max_tokens" and not upstream.described:
            pytest.skip("the published descriptions are not there")
        got = await ask(upstream, "/generate", {"inputs": "x", "parameters": parameters})

        assert got.status in (400, 422)
        assert named in got.json["error"]


@pytest.mark.parametrize("ranks", [True, False])
async def test_what_tei_answers_is_as_published(ranks: bool) -> None:
    """A server has one model, which either ranks or embeds."""
    async with TEIUpstream(ranks=ranks) as upstream:
        vectors = await ask(upstream, "/embed", {"inputs": ["a", "b"]})
        ranked = await ask(upstream, "/rerank", {"query": "a", "texts": ["a", "b"]})
        info = await ask(upstream, "/info")

        tei_fits(info.json, "Info")
        assert (vectors.status, ranked.status) == ((404, 200) if ranks else (200, 404))
        tei_fits(*((ranked.json, "RerankResponse") if ranks else (vectors.json, "EmbedResponse")))


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/embed", {"inputs": ["a"] * (MOST_TEXTS + 1)}, "batch size"),
        ("/rerank", {"query": "a", "texts": ["a"] * (MOST_TEXTS + 1)}, "batch size"),
        ("/embed", {"inputs": ["word " * 600]}, "512 tokens"),
        ("/embed", {"inputs": ["a"], "prompt_name": "poem"}, "prompt"),
    ],
)
async def test_tei_refuses_what_it_does_not_take(path: str, body: dict[str, Any], named: str) -> None:
    """Nothing is cut unless it is asked for."""
    async with TEIUpstream() as upstream:
        got = await ask(upstream, path, body)

        assert got.status in (413, 422)
        assert named in got.json["error"]


async def test_hosted_embeddings_are_at_the_models_task() -> None:
    """The path names the repository, which has one slash."""
    path = f"/hf-inference/models/{EMBEDDER}/pipeline/feature-extraction"
    async with HuggingFaceUpstream() as upstream:
        good = await ask(upstream, path, {"inputs": ["a", "b"]})
        other = await ask(upstream, f"/hf-inference/models/{EMBEDDER}", {"inputs": ["a"]})
        typo = await ask(upstream, path, {"inputs": ["a"], "normalise": True})

        assert (good.status, len(good.json), other.status, typo.status) == (200, 2, 404, 400)

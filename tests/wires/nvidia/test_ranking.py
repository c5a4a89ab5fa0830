"""Relevance of NVIDIA's rankers."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.nvidia import NvidiaUpstream
from tests.wires.wire_checks import refusal_of

from modelbay.entities import MultiModalContent, MultiModalContentType
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.nvidia.rerank import RerankDialect

RERANK = RerankDialect()
ENDPOINT = Endpoint("http://upstream.example/v1", {"authorization": "Bearer secret-key"})
IMAGE = MultiModalContent(content="iVBORw0KGgoAAA==", content_type=MultiModalContentType.IMAGE)


def test_a_ranking_is_asked_for_without_cutting_anything() -> None:
    """There is no field for how many are wanted: the best are chosen here."""
    request = RERANK.to_request(RerankCall("m", "q", ["x", IMAGE], top_n=1), ENDPOINT)

    assert refusal_of(NvidiaUpstream(), request) is None
    assert request.url == "http://upstream.example/v1/ranking"
    assert request.json == {
        "model": "m",
        "query": {"text": "q"},
        "passages": [{"text": "x"}, {"image": "data:image/png;base64,iVBORw0KGgoAAA=="}],
        "truncate": "NONE",
    }


def test_a_hosted_ranker_is_at_a_place_of_its_own() -> None:
    """Which the table of models names."""
    options = {"path": {"ranking": "retrieval/nvidia/llama-3_2-nv-rerankqa-1b-v2/reranking"}}
    request = RERANK.to_request(RerankCall("m", "q", ["x"], options=options), ENDPOINT)

    assert request.url.endswith("/v1/retrieval/nvidia/llama-3_2-nv-rerankqa-1b-v2/reranking")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.integers(1, 20))
def test_scores_lie_between_0_and_1_in_the_order_of_the_logits(logits: list[float], wanted: int) -> None:
    """A threshold means nothing on raw logits."""
    rows = [{"index": place, "logit": logit} for place, logit in enumerate(logits)]
    call = RerankCall("m", "q", [str(place) for place in range(len(logits))], top_n=wanted)

    docs = RERANK.to_result(call, {"rankings": rows}).docs

    assert len(docs) == min(wanted, len(logits))
    assert all(0 <= doc.score <= 1 for doc in docs)
    assert [logits[doc.index] for doc in docs] == sorted(logits, reverse=True)[:wanted]


@pytest.mark.parametrize(
    ("logit", "score"), [(0, 0.5), (2.3, 1 / (1 + math.exp(-2.3))), (-800, 0.0), (800, 1.0)]
)
def test_a_score_is_the_logistic_function_of_the_logit(logit: float, score: float) -> None:
    """Large ones must not overflow."""
    (doc,) = RERANK.to_result(RerankCall("m", "q", ["x"]), {"rankings": [{"index": 0, "logit": logit}]}).docs

    assert doc.score == pytest.approx(score)


@pytest.mark.parametrize(
    "answer",
    [{}, {"rankings": {}}, {"rankings": [{"index": 0}]}, {"rankings": [{"index": 3, "logit": 1}]}, [], "x"],
)
def test_an_answer_that_ranks_nothing_is_a_failure_of_the_server(answer: Any) -> None:
    """Nonsense is no order."""
    with pytest.raises(InvokeServerUnavailableError):
        RERANK.to_result(RerankCall("m", "q", ["x"]), answer)

"""DashScope's vectors and relevance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.dashscope import DashScopeUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import EmbeddingInputType, Meter, MultiModalContent, MultiModalContentType
from modelbay.errors import InvokeBadRequestError, InvokeRateLimitError, InvokeServerUnavailableError
from modelbay.wires.dashscope.embeddings import Embeddings
from modelbay.wires.dashscope.rerank import Rerank
from modelbay.wires.family import EmbeddingCall, RerankCall

EMBEDDINGS, RERANK = Embeddings(), Rerank()
IMAGE = MultiModalContent(content="iVBORw0KGgo", content_type=MultiModalContentType.IMAGE)


def embedding(*inputs: Any, model: str = "text-embedding-v4", **fields: Any) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    request = EMBEDDINGS.to_request(EmbeddingCall(model, inputs, **fields), ENDPOINT)
    assert refusal_of(DashScopeUpstream(), request) is None
    assert request.idempotent
    sent: dict[str, Any] = request.json
    return sent


def test_texts_are_told_what_they_are_for() -> None:
    """Queries and documents lie in different places of the space."""
    asked = {"dimensions": 512, "instruct": "Find it."}

    assert embedding("a", "b") == {
        "model": "text-embedding-v4",
        "input": {"texts": ["a", "b"]},
        "parameters": {"text_type": "document"},
    }
    assert embedding("a", input_type=EmbeddingInputType.QUERY, parameters=asked)["parameters"] == {
        "text_type": "query",
        "dimension": 512,
        "instruct": "Find it.",
    }


def test_what_the_caller_asks_wins_over_what_the_model_declares() -> None:
    """A declared length is a default."""
    found = embedding("a", parameters={"dimensions": 256}, options={"dimensions": 1024})

    assert found["parameters"]["dimension"] == 256


def test_images_are_embedded_where_multimodal_models_live() -> None:
    """They come as addresses or data URIs; each content has one kind."""
    call = EmbeddingCall("multimodal-embedding-v1", ["a", IMAGE], options={"multimodal": True})
    request = EMBEDDINGS.to_request(call, ENDPOINT)

    assert request.url.endswith("/multimodal-embedding/multimodal-embedding")
    assert request.json["input"] == {
        "contents": [{"text": "a"}, {"image": "data:image/png;base64,iVBORw0KGgo"}]
    }
    assert "parameters" not in request.json


def test_an_image_for_a_model_of_texts_is_refused_by_its_place() -> None:
    """Its bytes would be embedded as words."""
    with pytest.raises(InvokeBadRequestError, match=r"inputs\[1\]"):
        EMBEDDINGS.to_request(EmbeddingCall("text-embedding-v4", ["a", IMAGE]), ENDPOINT)


def test_vectors_come_in_the_order_of_the_inputs() -> None:
    """The answer has them in any order, and tells the place."""
    rows = [{"text_index": 1, "embedding": [0.5]}, {"text_index": 0, "embedding": [0.25]}]
    body = {"output": {"embeddings": rows}, "usage": {"total_tokens": 7}}
    result = EMBEDDINGS.to_result(EmbeddingCall("text-embedding-v4", ["a", "b"]), body)

    assert result.embeddings == [[0.25], [0.5]]
    assert (result.usage.tokens, result.usage.estimated) == (7, False)


@pytest.mark.parametrize(
    "output",
    [
        None,
        {},
        {"embeddings": [{"text_index": 0, "embedding": [0.5]}]},
        {"embeddings": [{"text_index": 0, "embedding": [0.5]}] * 2},
        {"embeddings": [{"text_index": 0, "embedding": "x"}, {"text_index": 1}]},
    ],
)
def test_a_vector_that_is_missing_is_a_failure_of_the_server(output: Any) -> None:
    """A vector in the wrong place would poison an index without a word."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBEDDINGS.to_result(EmbeddingCall("text-embedding-v4", ["a", "b"]), {"output": output})


def test_an_error_in_a_success_is_raised() -> None:
    """Both ways of asking tell errors alike."""
    body = {"code": "Throttling.RateQuota", "message": "slow down"}

    with pytest.raises(InvokeRateLimitError, match="slow down"):
        EMBEDDINGS.to_result(EmbeddingCall("text-embedding-v4", ["a"]), body)
    with pytest.raises(InvokeRateLimitError, match="slow down"):
        RERANK.to_result(RerankCall("qwen3-rerank", "q", ["a"]), body)


def test_documents_are_ranked_without_being_sent_back() -> None:
    """The call has the texts already."""
    call = RerankCall("qwen3-rerank", "q", ["a", "b"], top_n=1, parameters={"instruct": "Find it."})
    request = RERANK.to_request(call, ENDPOINT)
    rows = [{"index": 0, "relevance_score": 0.1}, {"index": 1, "relevance_score": 0.9}]
    result = RERANK.to_result(call, {"output": {"results": rows}, "usage": {"total_tokens": 5}})

    assert refusal_of(DashScopeUpstream(), request) is None
    assert request.json["parameters"] == {"return_documents": False, "instruct": "Find it.", "top_n": 1}
    assert [(doc.index, doc.text, doc.score) for doc in result.docs] == [(1, "b", 0.9)]
    assert result.usage is not None
    assert (result.usage.quantity, result.usage.meter) == (Decimal(5), Meter.TOKEN)


def test_images_are_ranked_by_models_that_see() -> None:
    """Others refuse them by their place."""
    seeing = RerankCall("qwen3-vl-rerank", "q", ["a", IMAGE], options={"multimodal": True})

    assert RERANK.to_request(seeing, ENDPOINT).json["input"]["documents"][1] == {
        "image": "data:image/png;base64,iVBORw0KGgo"
    }
    with pytest.raises(InvokeBadRequestError, match=r"docs\[0\]"):
        RERANK.to_request(RerankCall("qwen3-rerank", "q", [IMAGE]), ENDPOINT)

"""Serverless embeddings, however deep the lists are nested, and the router's list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.huggingface import CHAT_MODEL, LISTED, HuggingFaceUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import EmbeddingInputType, ModelFeature
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.hf_inference import FAMILY

EMBED: Any = FAMILY.embedding
MODELS: Any = FAMILY.models
ROUTER = Endpoint("http://upstream.example/hf-inference")
TWO = EmbeddingCall("org/name", ["a", "b"])
ONE = EmbeddingCall("org/name", ["a"])


def test_a_model_is_called_by_its_repository_and_task() -> None:
    """The id has a slash, which stays one; what else it has cannot lead elsewhere."""
    request = EMBED.to_request(TWO, ROUTER)

    assert request.url.endswith("/hf-inference/models/org/name/pipeline/feature-extraction")
    assert refusal_of(HuggingFaceUpstream(), request) is None
    assert request.json == {"inputs": ["a", "b"]}
    odd = EMBED.to_request(EmbeddingCall("org/na?me#x", ["a"]), ROUTER)
    assert odd.url.endswith("/models/org/na%3Fme%23x/pipeline/feature-extraction")


def test_options_stand_beside_the_inputs() -> None:
    """As the vendor's own client sends them."""
    options = {"normalize": True, "truncate": True, "query_prompt": "query"}
    call = EmbeddingCall("org/name", ["a"], EmbeddingInputType.QUERY, options=options)

    assert EMBED.to_request(call, ROUTER).json == {
        "inputs": ["a"],
        "normalize": True,
        "truncate": True,
        "prompt_name": "query",
    }


@pytest.mark.parametrize(
    ("call", "body", "expected"),
    [
        (ONE, [1.0, 3.0], [[1.0, 3.0]]),
        (ONE, [[1.0, 3.0]], [[1.0, 3.0]]),
        (ONE, [[1.0, 3.0], [3.0, 5.0]], [[2.0, 4.0]]),
        (ONE, [[[1.0, 3.0], [3.0, 5.0]]], [[2.0, 4.0]]),
        (TWO, [[1.0], [2.0]], [[1.0], [2.0]]),
        (TWO, [[[1.0], [3.0]], [[5.0]]], [[2.0], [5.0]]),
        (TWO, [[[[1.0], [3.0]]], [[[5.0]]]], [[2.0], [5.0]]),
    ],
)
def test_the_vectors_of_tokens_are_pooled(
    call: EmbeddingCall, body: Any, expected: list[list[float]]
) -> None:
    """Which depth comes depends on the model; every depth means one vector a text."""
    assert EMBED.to_result(call, body).embeddings == expected


@given(
    st.recursive(
        st.none() | st.floats(allow_nan=False) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=12,
    )
)
def test_any_other_body_is_a_server_failure_or_two_vectors(body: Any) -> None:
    """Nothing that an upstream sends may come out as another kind of error."""
    try:
        result = EMBED.to_result(TWO, body)
    except InvokeServerUnavailableError:
        return
    assert len(result.embeddings) == 2
    assert all(isinstance(number, float) for vector in result.embeddings for number in vector)


def test_the_router_tells_the_best_of_those_who_serve_a_model() -> None:
    """Who is not live does not count; who has no sizes tells none."""
    assert MODELS.to_request(ENDPOINT).url == "http://upstream.example/v1/models"
    first, second = MODELS.to_models({"object": "list", "data": LISTED})

    assert (first.model, first.property_of("context_size"), first.pricing) == (CHAT_MODEL, 40960, None)
    assert first.features == [ModelFeature.TOOL_CALL]
    assert second.features == [ModelFeature.VISION]
    assert second.property_of("context_size") is None


@pytest.mark.parametrize("providers", [None, "x", [1], [{"context_length": "long"}], {"a": 1}])
def test_a_strange_list_of_providers_tells_nothing(providers: Any) -> None:
    """The model itself is there all the same."""
    (told,) = MODELS.to_models({"data": [{"id": "a/b", "providers": providers}, 7]})

    assert (told.model, told.property_of("context_size")) == ("a/b", None)
    with pytest.raises(InvokeServerUnavailableError):
        MODELS.to_models({"data": 3})

"""Vectors in the bodies of three vendors, reranking, and the listing of models."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.bedrock import BedrockUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import EmbeddingInputType, Meter, ModelType, MultiModalContent
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.bedrock import FAMILY
from modelbay.wires.family import EmbeddingCall, PagedListDialect, RerankCall

QUERY = EmbeddingInputType.QUERY
IMAGE = MultiModalContent(content="iVBORw0KGgoAAA==", content_type="image")
TITAN, COHERE, NOVA = (
    "amazon.titan-embed-text-v2:0",
    "cohere.embed-v4:0",
    "amazon.nova-2-multimodal-embeddings",
)


def asked(model: str, *inputs: str | MultiModalContent, **call: Any) -> dict[str, Any]:
    """Return the body of a request for vectors, which the fake must accept."""
    assert FAMILY.embedding
    request = FAMILY.embedding.to_request(EmbeddingCall(model, inputs, **call), ENDPOINT)
    assert refusal_of(BedrockUpstream(), request) is None
    assert request.idempotent
    found: dict[str, Any] = request.json
    return found


def test_titan_takes_one_text_and_its_wishes() -> None:
    """What a caller asks wins over what the model's options say."""
    options = {"dimensions": 1024, "normalize": True}
    assert asked(TITAN, "a", options=options, parameters={"dimensions": 256}) == {
        "inputText": "a",
        "dimensions": 256,
        "normalize": True,
    }


def test_cohere_is_told_queries_from_documents() -> None:
    """Vectors of the wrong kind are found by nobody."""
    found = asked(COHERE, "a", "b", input_type=QUERY, options={"dimensions": 512})
    assert (found["texts"], found["input_type"], found["truncate"]) == (["a", "b"], "search_query", "NONE")
    assert (found["output_dimension"], found["embedding_types"]) == (512, ["float"])
    assert asked("us.cohere.embed-v4:0", IMAGE)["images"] == ["data:image/png;base64,iVBORw0KGgoAAA=="]


def test_nova_and_titan_image_take_texts_and_images() -> None:
    """Each in fields of its own."""
    text = asked(NOVA, "a", input_type=QUERY)["singleEmbeddingParams"]
    image = asked(NOVA, IMAGE, options={"dimensions": 384})["singleEmbeddingParams"]
    assert (text["text"]["value"], text["embeddingPurpose"]) == ("a", "GENERIC_RETRIEVAL")
    assert image["image"] == {"format": "png", "source": {"bytes": "iVBORw0KGgoAAA=="}}
    seen = asked("amazon.titan-embed-image-v1", IMAGE, options={"dimensions": 384})
    assert seen == {"inputImage": "iVBORw0KGgoAAA==", "embeddingConfig": {"outputEmbeddingLength": 384}}


def test_a_profile_is_written_to_like_the_model_behind_it() -> None:
    """The id of a profile says nothing of whose body it takes."""
    assert asked_of_profile({"base": TITAN}) == {"inputText": "a"}
    assert asked_of_profile({"embedding": "nova"})["taskType"] == "SINGLE_EMBEDDING"
    with pytest.raises(InvokeBadRequestError, match="base"):
        asked_of_profile({})


def asked_of_profile(options: dict[str, Any]) -> dict[str, Any]:
    """Return the body for a profile, which the fake cannot judge."""
    assert FAMILY.embedding
    request = FAMILY.embedding.to_request(EmbeddingCall("0j6r4a8fn6ze", ["a"], options=options), ENDPOINT)
    assert request.url.endswith("/model/0j6r4a8fn6ze/invoke")
    found: dict[str, Any] = request.json
    return found


@pytest.mark.parametrize(
    ("model", "body", "tokens"),
    [
        (TITAN, {"embedding": [1.0, 2.0], "inputTextTokenCount": 3}, 3),
        (COHERE, {"embeddings": {"float": [[1.0, 2.0]]}}, 0),
        ("cohere.embed-english-v3", {"embeddings": [[1.0, 2.0]]}, 0),
        (NOVA, {"embeddings": [{"embeddingType": "TEXT", "embedding": [1.0, 2.0]}]}, 0),
    ],
)
def test_vectors_are_read_in_every_shape(model: str, body: Any, tokens: int) -> None:
    """Where the tokens are not told, the usage is marked as not counted."""
    assert FAMILY.embedding
    result = FAMILY.embedding.to_result(EmbeddingCall(model, ["a"]), body)
    assert result.embeddings == [[1.0, 2.0]]
    assert (result.usage.tokens, bool(result.usage.estimated)) == (tokens, tokens == 0)


@pytest.mark.parametrize("body", [[], {}, {"embeddings": []}, {"embedding": "x"}, {"embeddings": [{}]}])
@pytest.mark.parametrize("model", [TITAN, COHERE, NOVA])
def test_vectors_of_another_form_are_the_servers_fault(model: str, body: Any) -> None:
    """Never a KeyError."""
    assert FAMILY.embedding
    with pytest.raises(InvokeServerUnavailableError):
        FAMILY.embedding.to_result(EmbeddingCall(model, ["a"]), body)


@pytest.mark.parametrize(
    ("model", "inputs"),
    [(TITAN, ["a", "b"]), (TITAN, [IMAGE]), (COHERE, ["a", IMAGE]), (NOVA, ["a", "b"])],
)
def test_inputs_that_one_request_cannot_hold_are_refused(model: str, inputs: list[Any]) -> None:
    """Dropping one would give its vector to another."""
    with pytest.raises(InvokeBadRequestError, match="inputs"):
        asked(model, *inputs)


# reranking


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")],
)
def test_a_reranking_names_the_model_by_its_arn(region: str, partition: str) -> None:
    """The agent runtime takes no ids; the region is part of the name."""
    assert FAMILY.rerank
    call = RerankCall("amazon.rerank-v1:0", "q", ["a", "b"], top_n=9, options={"region": region})
    request = FAMILY.rerank.to_request(call, ENDPOINT)
    assert refusal_of(BedrockUpstream(), request) is None
    settings = request.json["rerankingConfiguration"]["bedrockRerankingConfiguration"]
    arn = f"arn:{partition}:bedrock:{region}::foundation-model/amazon.rerank-v1:0"
    assert settings == {"numberOfResults": 2, "modelConfiguration": {"modelArn": arn}}


def test_a_reranking_is_one_search_for_a_hundred_documents() -> None:
    """The answer does not tell what is billed."""
    assert FAMILY.rerank
    call = RerankCall("cohere.rerank-v3-5:0", "q", [str(number) for number in range(101)])
    body = {"results": [{"index": 1, "relevanceScore": 0.2}, {"index": 0, "relevanceScore": 0.9}]}
    result = FAMILY.rerank.to_result(call, body)
    assert [(doc.index, doc.text, doc.score) for doc in result.docs] == [(0, "0", 0.9), (1, "1", 0.2)]
    assert result.usage
    assert result.usage.quantity == 2
    assert result.usage.meter == Meter.SEARCH
    for broken in ({}, {"results": [3]}, {"results": [{"index": 999, "relevanceScore": 1}]}):
        with pytest.raises(InvokeServerUnavailableError):
            FAMILY.rerank.to_result(call, broken)
    with pytest.raises(InvokeBadRequestError, match="1001"):
        FAMILY.rerank.to_request(RerankCall("m", "q", ["a"] * 1001), ENDPOINT)


# listing


def test_models_are_listed_with_their_type_and_the_way_to_call_them() -> None:
    """What only a profile serves cannot be called by its own id."""
    rows = [
        _row("amazon.nova-lite-v1:0", ["TEXT", "IMAGE"], ["TEXT"], ["ON_DEMAND"]),
        _row("anthropic.claude-opus-5", ["TEXT"], ["TEXT"], ["INFERENCE_PROFILE"]),
        _row("cohere.embed-v4:0", ["TEXT"], ["EMBEDDING"], ["ON_DEMAND"]),
        _row("amazon.rerank-v1:0", ["TEXT"], ["TEXT"], ["ON_DEMAND"]),
        _row("amazon.nova-canvas-v1:0", ["TEXT"], ["IMAGE"], ["ON_DEMAND"]),
        _row("meta.llama-x", ["TEXT"], ["TEXT"], ["PROVISIONED"]),
    ]
    assert FAMILY.models
    models = FAMILY.models.to_models({"modelSummaries": rows})
    assert [(model.model, model.model_type, model.wire) for model in models] == [
        ("amazon.nova-lite-v1:0", ModelType.LLM, {}),
        ("anthropic.claude-opus-5", ModelType.LLM, {"cross_region": "geographic"}),
        ("cohere.embed-v4:0", ModelType.TEXT_EMBEDDING, {}),
        ("amazon.rerank-v1:0", ModelType.RERANK, {}),
    ]
    assert [str(feature) for feature in models[0].features or []] == ["vision"]


def test_profiles_of_the_account_follow_the_models_page_by_page() -> None:
    """They are called by their own id, and are like the model behind them."""
    dialect = FAMILY.models
    assert isinstance(dialect, PagedListDialect)
    first = dialect.to_next_request(ENDPOINT, {"modelSummaries": []})
    assert first
    assert first.url.endswith("/inference-profiles?type=APPLICATION&maxResults=1000")
    second = dialect.to_next_request(ENDPOINT, {"inferenceProfileSummaries": [], "nextToken": "a/b"})
    assert second
    assert second.url.endswith("&nextToken=a%2Fb")
    assert dialect.to_next_request(ENDPOINT, {"inferenceProfileSummaries": []}) is None

    arn = "arn:aws:bedrock:us-east-1::foundation-model/cohere.embed-v4:0"
    profile = {"inferenceProfileId": "p1", "inferenceProfileName": "Mine", "models": [{"modelArn": arn}]}
    (model,) = dialect.to_models({"inferenceProfileSummaries": [profile | {"status": "ACTIVE"}]})
    assert (model.model, model.label.en_us, model.model_type) == ("p1", "Mine", ModelType.TEXT_EMBEDDING)
    assert model.wire == {"base": "cohere.embed-v4:0"}
    with pytest.raises(InvokeServerUnavailableError):
        dialect.to_models({"modelSummaries": [{}]})


def _row(name: str, takes: list[str], gives: list[str], ways: list[str]) -> dict[str, Any]:
    return {
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{name}",
        "modelId": name,
        "modelName": name.title(),
        "inputModalities": takes,
        "outputModalities": gives,
        "inferenceTypesSupported": ways,
        "modelLifecycle": {"status": "ACTIVE"},
    }

"""Vectors in their four ways, and the list of models."""

from __future__ import annotations

from typing import Any

import pytest

from modelbay.entities import EmbeddingInputType, ModelType, MultiModalContent, MultiModalContentType
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.gemini import EMBED, MODELS

AT = Endpoint("http://h/v1beta")
IMAGE = MultiModalContent(content="iVBORw0KGgo=", content_type=MultiModalContentType.IMAGE)


def sent(embed: str, *inputs: Any, **fields: Any) -> tuple[str, dict[str, Any]]:
    """Return verb and body."""
    options = {"embed": embed, **fields.pop("options", {})}
    request = EMBED.to_request(EmbeddingCall("m", inputs, options=options, **fields), AT)
    assert request.idempotent
    return request.url.rpartition(":")[2], request.json


def test_a_batch_names_model_and_task_in_each_request() -> None:
    """Settings are of each text, not of the batch."""
    verb, body = sent(
        "batch", "a", IMAGE, parameters={"dimensions": 768}, input_type=EmbeddingInputType.QUERY
    )

    same = {"model": "models/m", "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 768}
    image = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
    assert verb == "batchEmbedContents"
    assert body == {
        "requests": [
            {**same, "content": {"parts": [{"text": "a"}]}},
            {**same, "content": {"parts": [image]}},
        ]
    }


def test_one_content_has_its_settings_beside_it() -> None:
    """A text that is too long is refused, never cut."""
    assert sent("single", "a", options={"tasks": False, "dimensions": 5}) == (
        "embedContent",
        {
            "content": {"parts": [{"text": "a"}]},
            "embedContentConfig": {"autoTruncate": False, "outputDimensionality": 5},
        },
    )


def test_texts_are_instances() -> None:
    """The older way has names of its own."""
    assert sent("predict", "a", parameters={"task": "CLUSTERING", "title": "t", "dimensions": 5}) == (
        "predict",
        {
            "instances": [{"content": "a", "task_type": "CLUSTERING", "title": "t"}],
            "parameters": {"autoTruncate": False, "outputDimensionality": 5},
        },
    )


@pytest.mark.parametrize(
    ("given", "instance"),
    [
        ("a", {"text": "a"}),
        (IMAGE, {"image": {"bytesBase64Encoded": "iVBORw0KGgo=", "mimeType": "image/png"}}),
    ],
)
def test_a_text_or_an_image_is_one_instance(given: Any, instance: dict[str, Any]) -> None:
    """Together they would be two vectors."""
    assert sent("multimodal", given, parameters={"dimensions": 128}) == (
        "predict",
        {"instances": [instance], "parameters": {"dimension": 128}},
    )


@pytest.mark.parametrize(
    ("embed", "inputs", "named"),
    [
        ("single", ("a", "b"), "inputs: this model takes one"),
        ("predict", (IMAGE,), r"inputs\[0\]: this model embeds text"),
        ("batch", (MultiModalContent(content="https://h/i.png", content_type="image"),), r"inputs\[0\]: "),
        ("some", ("a",), "wire option embed: 'some'"),
    ],
)
def test_what_cannot_be_embedded_is_refused(embed: str, inputs: Any, named: str) -> None:
    """By its place."""
    with pytest.raises(InvokeBadRequestError, match=named):
        sent(embed, *inputs)


@pytest.mark.parametrize(
    ("embed", "body", "tokens"),
    [
        ("batch", {"embeddings": [{"values": [1.0]}]}, None),
        ("single", {"embedding": {"values": [1.0]}, "usageMetadata": {"promptTokenCount": 4}}, 4),
        (
            "predict",
            {"predictions": [{"embeddings": {"values": [1.0], "statistics": {"token_count": 3}}}]},
            3,
        ),
        ("multimodal", {"predictions": [{"imageEmbedding": [1.0]}]}, None),
    ],
)
def test_vectors_come_with_their_tokens_where_they_are_told(
    embed: str, body: Any, tokens: int | None
) -> None:
    """AI Studio tells none: the kit counts then."""
    result = EMBED.to_result(EmbeddingCall("m", ["a"], options={"embed": embed}), body)

    assert result.embeddings == [[1.0]]
    assert (result.usage.tokens, result.usage.estimated) == (tokens or 0, tokens is None)


@pytest.mark.parametrize("embed", ["batch", "single", "predict", "multimodal"])
@pytest.mark.parametrize("body", [{}, [], {"embeddings": [1]}, {"predictions": [{}]}, {"embedding": 3}])
def test_missing_vectors_are_the_servers_fault(embed: str, body: Any) -> None:
    """Fewer vectors than texts would be taken for those of other texts."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("m", ["a"], options={"embed": embed}), body)


def test_the_list_tells_limits_and_thinking() -> None:
    """Models that neither answer nor embed are left out."""
    rows = [
        {
            "name": "models/gemini-x",
            "displayName": "Gemini X",
            "inputTokenLimit": 1000,
            "outputTokenLimit": 100,
            "supportedGenerationMethods": ["generateContent"],
            "maxTemperature": 2,
            "temperature": 1,
            "topP": 0.95,
            "topK": 64,
            "thinking": True,
        },
        {"name": "models/e", "inputTokenLimit": 20, "supportedGenerationMethods": ["embedContent"]},
        {"name": "models/imagen", "supportedGenerationMethods": ["predict"]},
    ]
    chat, embedding = MODELS.to_models({"models": rows})

    assert (chat.model, chat.label.en_us, chat.model_type) == ("gemini-x", "Gemini X", ModelType.LLM)
    assert {rule.name: rule.max for rule in chat.parameter_rules}["max_tokens"] == 100
    assert "agent-thought" in (chat.features or [])
    assert (embedding.model, embedding.model_type) == ("e", ModelType.TEXT_EMBEDDING)
    assert embedding.property_of("context_size") == 20


def test_pages_follow_each_other() -> None:
    """The last one names no other."""
    first = MODELS.to_request(AT)
    following = MODELS.to_next_request(AT, {"models": [], "nextPageToken": "a&b"})

    assert first.url == "http://h/v1beta/models?pageSize=1000"
    assert following is not None
    assert following.url == "http://h/v1beta/models?pageSize=1000&pageToken=a%26b"
    assert MODELS.to_next_request(AT, {"models": []}) is None


@pytest.mark.parametrize(
    "body", [[], {"models": [1]}, {"models": [{"supportedGenerationMethods": ["embedContent"]}]}]
)
def test_a_list_of_another_form_is_the_servers_fault(body: Any) -> None:
    """Not a mistake of ours."""
    with pytest.raises(InvokeServerUnavailableError):
        MODELS.to_models(body)

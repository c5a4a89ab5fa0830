"""Where operations are, and of which sort vectors are, for servers that have names of their own for it."""

from __future__ import annotations

from typing import Any

import pytest

from modelbay.entities import AssistantPromptMessage, EmbeddingInputType, UserPromptMessage
from modelbay.wires.family import ChatCall, EmbeddingCall, Endpoint
from modelbay.wires.openai.chat import ChatCompletions
from modelbay.wires.openai.embeddings import Embeddings
from modelbay.wires.openai.posting import address

ENDPOINT = Endpoint("http://upstream.example")
PLACES = {"chat/completions": "deployments/ours/chat/completions", "responses": "responses"}


@pytest.mark.parametrize(
    ("path", "operation", "url"),
    [
        (PLACES, "chat/completions", "http://upstream.example/deployments/ours/chat/completions"),
        (PLACES, "embeddings", "http://upstream.example/embeddings"),
        ({}, "responses", "http://upstream.example/responses"),
        ("elsewhere", "responses", "http://upstream.example/elsewhere"),
    ],
)
def test_each_operation_may_have_a_place_of_its_own(path: Any, operation: str, url: str) -> None:
    """A deployment has some operations below itself, and others beside it."""
    assert address(ENDPOINT, operation, {"path": path}) == url
    assert address(ENDPOINT, operation, {"path": path, "query": {"v": "1"}}) == f"{url}?v=1"


@pytest.mark.parametrize(
    ("kind", "said"), [(EmbeddingInputType.QUERY, "query"), (EmbeddingInputType.DOCUMENT, "passage")]
)
def test_the_sort_of_a_text_is_told_in_the_servers_words(kind: EmbeddingInputType, said: str) -> None:
    """Models that embed questions and passages differently refuse a request that does not say which."""
    options = {"input_types": {"document": "passage", "query": "query"}}
    request = Embeddings().to_request(EmbeddingCall("m", ["a"], kind, options=options), ENDPOINT)

    assert request.json["input_type"] == said


def test_the_length_of_vectors_goes_under_the_servers_name() -> None:
    """Strict servers refuse the usual one."""
    options = {"dimensions_field": "output_dimension", "dimensions": 512}
    plain = EmbeddingCall("m", ["a"], options=options)
    asked = EmbeddingCall("m", ["a"], parameters={"dimensions": 256}, options=options)

    bodies = [Embeddings().to_request(call, ENDPOINT).json for call in (plain, asked)]

    assert [body["output_dimension"] for body in bodies] == [512, 256]
    assert all("dimensions" not in body for body in bodies)


def test_thoughts_go_back_as_a_part_before_the_words() -> None:
    """Where answers come so, they are taken back so."""
    messages = [
        UserPromptMessage(content="Hi"),
        AssistantPromptMessage(content="Hello", reasoning_content="A greeting."),
    ]
    call = ChatCall("m", messages, options={"reasoning_field": "parts"})

    assert ChatCompletions().to_request(call, ENDPOINT).json["messages"][1]["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "A greeting."}]},
        {"type": "text", "text": "Hello"},
    ]

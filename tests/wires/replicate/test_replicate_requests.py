"""What Replicate's models take, and how calls are written into it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.replicate import version_of
from tests.upstreams.replicate_models import MODELS
from tests.wires.wire_checks import ENDPOINT

from modelbay.entities import (
    AssistantPromptMessage,
    EmbeddingInputType,
    ImagePromptMessageContent,
    ModelFeature,
    ParameterType,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.errors import InvokeBadRequestError, InvokeError, InvokeServerUnavailableError
from modelbay.wires.family import ChatCall, EmbeddingCall, Endpoint
from modelbay.wires.replicate import CHAT, FAMILY
from modelbay.wires.replicate.prediction import Prediction, to_model_request, to_streaming
from modelbay.wires.replicate.schema import Inputs, features_of, inputs_of, rules_of, voices_of

EMBED: Any = FAMILY.embedding
USER = UserPromptMessage(content="Hi")
IMAGE = ImagePromptMessageContent(url="https://pictures.example/a.png")


def taken(name: str, **told: Any) -> Inputs:
    """Return what a model of the fake takes."""
    model = MODELS[name]
    version = {"id": version_of(name), "openapi_schema": model.schema()}
    about = {"owner": "o", "latest_version": version, "is_official": model.official}
    return inputs_of(about | {"description": model.description} | told)


LLAMA, CHATTY = taken("meta/llama-3-8b-instruct"), taken("acme/chatty")


def sent(inputs: Inputs, *messages: Any, **fields: Any) -> dict[str, Any]:
    """Return the inputs sent for a call."""
    call = ChatCall("acme/chatty", messages or (USER,), options={"inputs": inputs}, **fields)
    values: dict[str, Any] = CHAT.to_request(call, ENDPOINT).json["input"]
    return values


def test_a_model_with_a_version_is_run_by_it_and_an_official_one_by_its_name() -> None:
    """Official models have no versions that one could run."""
    by_version = CHAT.to_request(ChatCall("acme/chatty", [USER], options={"inputs": CHATTY}), ENDPOINT)
    official = CHAT.to_request(
        ChatCall("meta/llama-3-8b-instruct", [USER], options={"inputs": LLAMA}), ENDPOINT
    )

    assert by_version.url == "http://upstream.example/predictions"
    assert by_version.json == {
        "version": version_of("acme/chatty"),
        "input": {"prompt": "Hi"},
        "stream": True,
    }
    assert official.url == "http://upstream.example/models/meta/llama-3-8b-instruct/predictions"
    assert not official.idempotent


@pytest.mark.parametrize("name", ["llama", "a/b/c", "a/../c", "/b", "a/", "a b/c", "a/b?x=1"])
def test_a_name_that_is_not_of_an_owner_and_a_model_is_refused(name: str) -> None:
    """It stands in the address, where it must not lead elsewhere."""
    with pytest.raises(InvokeBadRequestError, match="owner/name"):
        to_model_request(name, "", ENDPOINT)


def test_parameters_come_from_the_schema_in_its_order() -> None:
    """Files, prompts and stop sequences are none; choices stand in schemas of their own."""
    rules = {rule.name: rule for rule in rules_of(CHATTY)}

    assert list(rules) == ["max_tokens", "temperature", "top_p", "top_k", "effort", "debug"]
    assert (rules["max_tokens"].min, rules["max_tokens"].max, rules["max_tokens"].default) == (1, 4096, 512)
    assert (rules["effort"].options, rules["effort"].default) == (["low", "high"], "low")
    assert rules["debug"].type is ParameterType.BOOLEAN
    assert "stop_sequences" not in {rule.name for rule in rules_of(LLAMA)}
    assert (features_of(CHATTY), features_of(LLAMA)) == ([ModelFeature.VISION], [])
    assert voices_of(taken("acme/speaker")) == ["ada", "bo"]


def test_which_models_are_of_language_the_inputs_tell() -> None:
    """Only a few say so in their description."""
    assert LLAMA.converses
    assert CHATTY.converses
    assert not taken("acme/speaker").converses
    assert taken("acme/speaker", description="A Language Model that speaks").converses


def test_what_we_call_max_tokens_has_the_models_own_name() -> None:
    """A client that asks for 7 tokens means that, whatever the model's owner called it."""
    assert sent(CHATTY, parameters={"max_tokens": 7, "effort": "high"}) == {
        "prompt": "Hi",
        "max_new_tokens": 7,
        "effort": "high",
    }
    with pytest.raises(
        InvokeBadRequestError, match="seed: the model has no such input; it has prompt, image"
    ):
        sent(CHATTY, parameters={"seed": 1})


def test_a_system_message_goes_where_the_model_has_a_place_for_it() -> None:
    """Else it comes first in the prompt."""
    messages = (SystemPromptMessage(content="Be brief."), USER)

    assert sent(LLAMA, *messages) == {"system_prompt": "Be brief.", "prompt": "Hi"}
    assert sent(CHATTY, *messages) == {"prompt": "Be brief.\n\nHi"}


def test_several_turns_become_a_dialogue() -> None:
    """A model with the input `messages` gets them as they are."""
    turns = (USER, AssistantPromptMessage(content="Hello."), UserPromptMessage(content="How are you?"))
    talks = Inputs("", {"prompt": {}, "messages": {"type": "array"}})

    assert (
        sent(LLAMA, *turns)["prompt"] == "User: Hi\n\nAssistant: Hello.\n\nUser: How are you?\n\nAssistant:"
    )
    told = sent(talks, SystemPromptMessage(content="Be brief."), *turns)["messages"]
    assert [turn["role"] for turn in told] == ["system", "user", "assistant", "user"]


def test_images_go_where_the_model_has_a_place_for_them() -> None:
    """One that takes a single image refuses the second by its place."""
    seen = UserPromptMessage(content=[TextPromptMessageContent(data="What?"), IMAGE])
    two = UserPromptMessage(content=[IMAGE, IMAGE])
    many = Inputs("", {"prompt": {}, "images": {"type": "array"}})

    assert sent(CHATTY, seen) == {"prompt": "What?", "image": "https://pictures.example/a.png"}
    assert len(sent(many, two)["images"]) == 2
    for inputs, message in ((CHATTY, two), (LLAMA, seen)):
        with pytest.raises(InvokeBadRequestError, match=r"messages\[0\].content\[1\]"):
            sent(inputs, message)


def test_stop_sequences_are_sent_where_they_can_be_written() -> None:
    """Llama takes one text with commas between them, so that one with a comma cannot be among them."""
    listed = Inputs("", {"prompt": {}, "stop": {"type": "array"}})

    assert sent(LLAMA, stop=["END", "."])["stop_sequences"] == "END,."
    assert "stop_sequences" not in sent(LLAMA, stop=["a,b"])
    assert sent(listed, stop=["a,b"])["stop"] == ["a,b"]
    assert sent(CHATTY, stop=["END"]) == {"prompt": "Hi"}


def test_tools_are_refused_by_name() -> None:
    """No input takes them, and silence would be worse."""
    with pytest.raises(InvokeBadRequestError, match="tools"):
        sent(LLAMA, tools=[PromptMessageTool(name="t", description="", parameters={})])


def test_a_model_that_tells_nothing_is_called_as_most_are() -> None:
    """Some official models publish no schema."""
    unknown = inputs_of({"owner": "o", "latest_version": None, "is_official": True})

    assert sent(unknown, parameters={"max_tokens": 3, "odd": 1}) == {
        "prompt": "Hi",
        "max_tokens": 3,
        "odd": 1,
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "latest_version",
                        "openapi_schema",
                        "components",
                        "schemas",
                        "Input",
                        "properties",
                        "allOf",
                        "type",
                    ]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=20,
    )
)
def test_a_malformed_schema_is_a_server_failure(body: Any) -> None:
    """Models are published by anybody, with any schema."""
    try:
        inputs = inputs_of(body)
        rules_of(inputs)
        features_of(inputs)
    except InvokeError as error:
        assert type(error) is InvokeServerUnavailableError


@pytest.mark.parametrize(
    ("base", "stream", "told"),
    [
        ("https://api.replicate.example/v1", "https://stream.replicate.example/p/1", True),
        ("https://api.replicate.example/v1", "https://api.replicate.example/p/1", True),
        ("https://api.replicate.example/v1", "https://elsewhere.example/p/1", False),
        ("https://api.replicate.example/v1", "http://stream.replicate.example/p/1", False),
        ("http://127.0.0.1:8000/v1", "http://10.0.0.1/p/1", False),
        ("http://api.localhost/v1", "http://other.localhost/p/1", False),
    ],
)
def test_the_key_goes_only_to_neighbours_of_the_host_that_it_was_given_for(
    base: str, stream: str, told: bool
) -> None:
    """The address of a stream is the upstream's word."""
    endpoint = Endpoint(base, {"Authorization": "Bearer secret"})
    request = to_streaming(Prediction("1", "starting", stream_url=stream), endpoint)

    assert ("Authorization" in request.headers) is told
    assert request.headers["Accept"] == "text/event-stream"


def test_texts_are_sent_one_by_one_or_as_a_list_that_is_itself_a_text() -> None:
    """Which, the model's input tells."""
    one = EmbeddingCall(
        "a/b", ["x"], EmbeddingInputType.DOCUMENT, options={"inputs": taken("acme/one-vector")}
    )
    many = EmbeddingCall("a/b", ["x", "y"], options={"inputs": taken("acme/many-vectors")})
    named = EmbeddingCall("a/b", ["x"], options={"version": "1f", "input_field": "sentence"})

    assert EMBED.to_request(one, ENDPOINT).json["input"] == {"text": "x"}
    assert EMBED.to_request(one, ENDPOINT).headers["Prefer"] == "wait"
    assert EMBED.to_request(named, ENDPOINT).json == {"version": "1f", "input": {"sentence": "x"}}
    assert EMBED.to_request(many, ENDPOINT).json["input"] == {
        "texts": '["x","y"]',
        "batch_size": 2,
        "convert_to_numpy": False,
        "normalize_embeddings": True,
    }
    with pytest.raises(InvokeBadRequestError, match="takes one text"):
        EMBED.to_request(EmbeddingCall("a/b", ["x", "y"], options=one.options), ENDPOINT)
    with pytest.raises(InvokeBadRequestError, match="input_field"):
        EMBED.to_request(EmbeddingCall("a/b", ["x"], options={"inputs": taken("acme/listener")}), ENDPOINT)

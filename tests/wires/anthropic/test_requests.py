"""Requests of the messages API."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DeveloperPromptMessage,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
    VideoPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic import MESSAGES
from modelbay.wires.family import ChatCall, Endpoint

PNG = "iVBORw0KGgoAAA=="
WEATHER = PromptMessageTool(
    name="weather",
    description="Tell the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def call(*messages: PromptMessage, **fields: Any) -> ChatCall:
    """Make a call with a limit, which the API needs."""
    parameters = {"max_tokens": 8000, **fields.pop("parameters", {})}
    model = fields.pop("model", "claude-sonnet-4-5")
    return ChatCall(model, messages or (UserPromptMessage(content="Hi"),), parameters, **fields)


def body(*messages: PromptMessage, **fields: Any) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    request = MESSAGES.to_request(call(*messages, **fields), ENDPOINT)
    assert refusal_of(AnthropicUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


def tool_turn(*ids: str) -> AssistantPromptMessage:
    """Make a turn of the model that calls the tool under each id."""
    function = ToolCallFunction(name="weather", arguments='{"city":"Oslo"}')
    return AssistantPromptMessage(
        content="", tool_calls=[ToolCall(id=name, function=function) for name in ids]
    )


def test_the_smallest_request() -> None:
    """Nothing is sent that was not asked for."""
    request = MESSAGES.to_request(call(), ENDPOINT)

    assert (request.method, request.url) == ("POST", "http://upstream.example/v1/messages")
    assert request.headers == {"authorization": "Bearer secret-key", "anthropic-version": "2023-06-01"}
    assert request.json == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 8000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }


def test_headers_of_the_endpoint_win_and_betas_are_added() -> None:
    """A declaration may ask for another version, and a model for features behind a beta name."""
    endpoint = Endpoint(
        "http://upstream.example/v1/", {"Anthropic-Version": "2099-01-01", "anthropic-beta": "a"}
    )

    request = MESSAGES.to_request(call(options={"betas": ["b", "c"]}), endpoint)

    assert request.url == "http://upstream.example/v1/messages"
    assert request.headers == {"Anthropic-Version": "2099-01-01", "anthropic-beta": "a,b,c"}


def test_instructions_go_to_the_top() -> None:
    """The API has no message of the system; a developer speaks with the same voice."""
    sent = body(
        SystemPromptMessage(content="One."),
        UserPromptMessage(content="Hi"),
        DeveloperPromptMessage(content=[TextPromptMessageContent(data="Two.")]),
    )

    assert sent["system"] == [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    assert [message["role"] for message in sent["messages"]] == ["user"]


def test_instructions_stay_in_place_where_the_model_takes_them() -> None:
    """Moving them would break the cached beginning of the conversation."""
    sent = body(
        SystemPromptMessage(content="One."),
        UserPromptMessage(content="Hi"),
        SystemPromptMessage(content="Two."),
        options={"system_turns": True},
    )

    assert sent["system"] == [{"type": "text", "text": "One."}]
    assert [message["role"] for message in sent["messages"]] == ["user", "system"]


def test_turns_of_one_role_are_one_message() -> None:
    """The API wants user and assistant to take turns."""
    sent = body(
        UserPromptMessage(content="a"),
        UserPromptMessage(content=""),
        UserPromptMessage(content="b"),
        AssistantPromptMessage(content="c"),
        UserPromptMessage(content="d"),
    )

    texts = [(turn["role"], [block["text"] for block in turn["content"]]) for turn in sent["messages"]]
    assert texts == [("user", ["a", "b"]), ("assistant", ["c"]), ("user", ["d"])]


def test_results_of_tools_come_first_in_one_user_message() -> None:
    """The API refuses results that are spread over messages or stand behind a text."""
    sent = body(
        UserPromptMessage(content="Weather?"),
        tool_turn("t1", "t2"),
        ToolPromptMessage(tool_call_id="t1", content="rain"),
        UserPromptMessage(content="Quick!"),
        ToolPromptMessage(tool_call_id="t2", content="", is_error=True),
        tools=[WEATHER],
    )

    assert sent["messages"][1]["content"][0] == {
        "type": "tool_use",
        "id": "t1",
        "name": "weather",
        "input": {"city": "Oslo"},
    }
    assert sent["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "t1", "content": "rain"},
        {"type": "tool_result", "tool_use_id": "t2", "is_error": True},
        {"type": "text", "text": "Quick!"},
    ]


def test_images_and_documents() -> None:
    """By bytes or by address; a text file goes as text."""
    text = base64.b64encode("Grüße".encode()).decode()
    sent = body(
        UserPromptMessage(
            content=[
                TextPromptMessageContent(data="Look"),
                ImagePromptMessageContent(base64_data=PNG),
                ImagePromptMessageContent(url="https://example.org/a.png"),
                DocumentPromptMessageContent(base64_data="JVBERi0x", filename="a.pdf"),
                DocumentPromptMessageContent(url="https://example.org/a.pdf"),
                DocumentPromptMessageContent(base64_data=text, mime_type="text/markdown"),
            ]
        )
    )

    blocks = sent["messages"][0]["content"]
    assert [block.get("source") for block in blocks] == [
        None,
        {"type": "base64", "media_type": "image/png", "data": PNG},
        {"type": "url", "url": "https://example.org/a.png"},
        {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0x"},
        {"type": "url", "url": "https://example.org/a.pdf"},
        {"type": "text", "media_type": "text/plain", "data": "Grüße"},
    ]
    assert blocks[3]["title"] == "a.pdf"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (AudioPromptMessageContent(base64_data="AAAA", format="wav"), "takes no audio"),
        (VideoPromptMessageContent(url="https://example.org/a.mp4"), "takes no video"),
        (ImagePromptMessageContent(base64_data="AAAA", mime_type="image/tiff"), "'image/tiff' is not taken"),
        (
            DocumentPromptMessageContent(base64_data="AAAA", mime_type="application/zip"),
            "'application/zip' is not taken",
        ),
    ],
)
def test_what_the_api_cannot_take_is_refused_by_place(part: Any, told: str) -> None:
    """A part that is dropped in silence would be answered as if it had never been there."""
    message = UserPromptMessage(content=[TextPromptMessageContent(data="Listen"), part])

    with pytest.raises(InvokeBadRequestError, match=rf"messages\[0\]\.content\[1\]: .*{told}"):
        MESSAGES.to_request(call(message), ENDPOINT)


def test_state_on_parts_messages_and_tools_reaches_its_block() -> None:
    """Cache breakpoints and citations are the caller's to set."""
    mark = {"anthropic": {"cache_control": {"type": "ephemeral", "ttl": "1h"}}}
    sent = body(
        SystemPromptMessage(content="One.", opaque_body=mark),
        UserPromptMessage(
            content=[
                DocumentPromptMessageContent(
                    url="https://example.org/a.pdf",
                    opaque_body={"anthropic": {"citations": {"enabled": True}}},
                ),
                TextPromptMessageContent(data="Read", opaque_body=mark),
            ]
        ),
        tools=[PromptMessageTool(name="weather", parameters={}, strict=True, opaque_body=mark)],
    )

    blocks = sent["messages"][0]["content"]
    assert sent["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert blocks[0]["citations"] == {"enabled": True}
    assert blocks[1]["cache_control"]["ttl"] == "1h"
    assert sent["tools"] == [
        {
            "name": "weather",
            "input_schema": {"type": "object"},
            "strict": True,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    ]


def test_fields_that_choose_become_enumerations() -> None:
    """`select` is a type of plugins' forms, which no JSON Schema has."""
    parameters: dict[str, Any] = {
        "type": "object",
        "properties": {"unit": {"type": "select", "options": [{"value": "C"}, "F"]}},
    }
    sent = body(tools=[PromptMessageTool(name="weather", parameters=parameters)])

    unit = sent["tools"][0]["input_schema"]["properties"]["unit"]
    assert unit == {"type": "string", "enum": ["C", "F"]}
    assert parameters["properties"]["unit"]["type"] == "select"


def test_a_tool_of_the_apis_own_is_sent_as_it_stands() -> None:
    """Web search has a type and no schema."""
    state = {"anthropic": {"type": "web_search_20250305", "max_uses": 2}}
    sent = body(tools=[PromptMessageTool(name="web_search", parameters={}, opaque_body=state)])

    assert sent["tools"] == [{"name": "web_search", "type": "web_search_20250305", "max_uses": 2}]


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({}, None),
        ({"parallel_tool_calls": True}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "weather"}, {"type": "tool", "name": "weather"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
    ],
)
def test_tool_choice(parameters: dict[str, Any], wanted: dict[str, Any] | None) -> None:
    """One parameter of theirs carries two of ours."""
    assert body(tools=[WEATHER], parameters=parameters).get("tool_choice") == wanted


def test_parameters() -> None:
    """Names change where the API's differ; what it alone knows passes under its own name."""
    sent = body(
        stop=["END"],
        user="u1",
        stream=False,
        parameters={"temperature": 0, "top_k": 5, "service_tier": "auto", "metadata": {}},
    )

    assert (sent["temperature"], sent["top_k"], sent["stop_sequences"]) == (0, 5, ["END"])
    assert (sent["service_tier"], sent["metadata"]) == ("auto", {"user_id": "u1"})


def test_streaming_is_asked_for() -> None:
    """Without the field the API answers whole."""
    assert MESSAGES.to_request(call(stream=True), ENDPOINT).json["stream"] is True


def test_a_schema_for_the_answer() -> None:
    """Structured output is native; the envelope's name has no place here."""
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    sent = body(parameters={"response_format": "json_schema", "json_schema": {"name": "n", "schema": schema}})

    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": schema}}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"parameters": {"n": 2}}, "n: 2"),
        ({"parameters": {"max_tokens": None}}, "max_tokens"),
        ({"parameters": {"response_format": "json_object"}}, "response_format"),
        ({"parameters": {"tool_choice": "required"}}, "tool_choice"),
        ({"parameters": {"temperature": 0.5}, "options": {"sampling": False}}, "temperature"),
    ],
)
def test_parameters_without_a_translation_are_refused_by_name(fields: dict[str, Any], named: str) -> None:
    """An upstream's refusal would name a field that the caller never sent."""
    with pytest.raises(InvokeBadRequestError, match=named):
        MESSAGES.to_request(call(**fields), ENDPOINT)


def test_sampling_that_means_the_default_is_left_out() -> None:
    """Forms send defaults; models without sampling refuse even those that change nothing."""
    sent = body(
        model="claude-opus-5", parameters={"temperature": 1.0, "top_p": 1}, options={"sampling": False}
    )

    assert not {"temperature", "top_p"} & sent.keys()


def test_the_limit_may_come_from_the_model() -> None:
    """The API needs one in every call."""
    sent = body(parameters={"max_tokens": None}, options={"max_tokens": 4096})

    assert sent["max_tokens"] == 4096


def test_a_begun_answer_does_not_end_in_white_space() -> None:
    """The API refuses it, and the model would go on the same way."""
    sent = body(UserPromptMessage(content="Hi"), AssistantPromptMessage(content="Well, \n"))

    assert sent["messages"][-1]["content"] == [{"type": "text", "text": "Well,"}]


def test_bad_arguments_in_the_history_are_refused_by_place() -> None:
    """A cut answer leaves half a JSON object behind."""
    turn = tool_turn("t1")
    turn.tool_calls[0].function.arguments = '{"city": "Os'

    with pytest.raises(InvokeBadRequestError, match=r"messages\[1\]\.tool_calls\[0\]: the arguments"):
        MESSAGES.to_request(call(UserPromptMessage(content="?"), turn), ENDPOINT)


def test_counting_sends_what_counts() -> None:
    """The counting endpoint refuses what only an answer needs."""
    wanted = call(
        SystemPromptMessage(content="One."),
        UserPromptMessage(content="Hi"),
        tools=[WEATHER],
        stop=["END"],
        user="u1",
        parameters={"max_tokens": None, "temperature": 0.5},
    )
    request = MESSAGES.to_count_request(wanted, ENDPOINT)

    assert request.url == "http://upstream.example/v1/messages/count_tokens"
    assert request.json.keys() == {"model", "messages", "system", "tools"}
    assert refusal_of(AnthropicUpstream(), request) is None
    assert MESSAGES.to_count({"input_tokens": 14}) == 14


def test_nothing_of_the_callers_is_changed() -> None:
    """The caller keeps the messages for the next turn."""
    mark = {"anthropic": {"cache_control": {"type": "ephemeral"}}}
    wanted = call(
        SystemPromptMessage(content="One."),
        UserPromptMessage(content=[TextPromptMessageContent(data="Read", opaque_body=mark)]),
        tool_turn("t1"),
        ToolPromptMessage(tool_call_id="t1", content="rain"),
        tools=[WEATHER],
        parameters={"prompt_caching": True, "metadata": {"a": 1}},
        user="u1",
    )
    before = copy.deepcopy(wanted)

    MESSAGES.to_request(wanted, ENDPOINT)

    assert wanted == before

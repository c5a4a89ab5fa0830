"""Requests of DashScope's generation API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.dashscope import DashScopeUpstream
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
from modelbay.errors import DeclarationError, InvokeBadRequestError
from modelbay.wires.dashscope import FAMILY, chat
from modelbay.wires.family import ChatCall
from modelbay.wires.request import Request

TEXT = "http://upstream.example/api/v1/services/aigc/text-generation/generation"
MULTIMODAL = "http://upstream.example/api/v1/services/aigc/multimodal-generation/generation"
USER = UserPromptMessage(content="Hi")
WEATHER = PromptMessageTool(name="weather", description="Tell it.", parameters={"type": "object"})
CLOCK = PromptMessageTool(name="clock", description="Tell it.", parameters={"type": "object"})
SEEING = {"multimodal": True}


def request_of(*messages: PromptMessage, model: str = "qwen-plus", **fields: Any) -> Request:
    """Return the request sent, once the fake has found nothing wrong with it."""
    call = ChatCall(model, messages or (USER,), **fields)
    request = chat(call.options).to_request(call, ENDPOINT)
    assert refusal_of(DashScopeUpstream(), request) is None
    return request


def said(*messages: PromptMessage, **fields: Any) -> dict[str, Any]:
    """Return the parameters sent."""
    parameters: dict[str, Any] = request_of(*messages, **fields).json["parameters"]
    return parameters


def heard(*messages: PromptMessage, **fields: Any) -> list[dict[str, Any]]:
    """Return the messages sent."""
    written: list[dict[str, Any]] = request_of(*messages, **fields).json["input"]["messages"]
    return written


def test_the_smallest_request() -> None:
    """Without `result_format` an answer is bare text, without tool calls."""
    request = request_of()

    assert (request.method, request.url) == ("POST", TEXT)
    assert request.json == {
        "model": "qwen-plus",
        "input": {"messages": [{"role": "user", "content": "Hi"}]},
        "parameters": {"result_format": "message"},
    }
    assert "X-DashScope-SSE" not in request.headers


def test_a_stream_is_asked_for_by_headers_and_in_increments() -> None:
    """Without increments every event would repeat what was said."""
    request = request_of(stream=True)

    assert (request.headers["Accept"], request.headers["X-DashScope-SSE"]) == ("text/event-stream", "enable")
    assert request.headers["authorization"] == "Bearer secret-key"
    assert request.json["parameters"]["incremental_output"] is True


def test_a_model_without_increments_is_not_asked_for_them() -> None:
    """Translating models refuse the parameter."""
    request = request_of(stream=True, model="qwen-mt-plus", options={"cumulative": True})

    assert "incremental_output" not in request.json["parameters"]
    assert request.headers["X-DashScope-SSE"] == "enable"


def test_parameters_go_under_their_own_names() -> None:
    """All of them lie in `parameters`."""
    asked = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
        "seed": 7,
        "max_tokens": 5,
        "repetition_penalty": 1.1,
    }

    assert said(parameters=asked | {"presence_penalty": None}, stop=["END"]) == {
        "result_format": "message",
        "stop": ["END"],
        **asked,
    }


@pytest.mark.parametrize(
    ("parameters", "options", "expected"),
    [
        ({"thinking": True, "thinking_budget": 9}, {}, {"enable_thinking": True, "thinking_budget": 9}),
        ({"enable_search": True}, {}, {"enable_search": True}),
        ({"max_tokens": 3}, {"max_tokens_field": "max_completion_tokens"}, {"max_completion_tokens": 3}),
        (
            {"source_lang": "auto", "target_lang": "English"},
            {"rename": {name: f"translation_options.{name}" for name in ("source_lang", "target_lang")}},
            {"translation_options": {"source_lang": "auto", "target_lang": "English"}},
        ),
    ],
)
def test_parameters_that_have_another_name_here(
    parameters: dict[str, Any], options: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Ours are the same for all providers."""
    found = said(parameters=parameters, options=options, stream=True)

    assert found == {"result_format": "message", "incremental_output": True, **expected}


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (True, {"enable_thinking": True, "thinking_budget": 9}),
        (False, {"enable_thinking": False}),
        (None, {"enable_thinking": False}),
    ],
)
def test_a_hybrid_model_is_told_what_it_does_when_nobody_says(
    thinking: bool | None, expected: dict[str, Any]
) -> None:
    """Left to itself it might think, which it can do only in a stream; a budget of no thinking is none."""
    switch = {"enabled": {"enable_thinking": True}, "disabled": {"enable_thinking": False}}
    options = {"thinking": switch | {"default": "disabled"}}
    found = said(parameters={"thinking": thinking, "thinking_budget": 9}, options=options, stream=True)

    assert found == {"result_format": "message", "incremental_output": True, **expected}


def test_json_is_asked_for_as_openai_has_it() -> None:
    """A schema has a name, and `strict` stands beside it."""
    schema = '{"name": "city", "schema": {"type": "object"}, "strict": true}'

    assert said(UserPromptMessage(content="JSON!"), parameters={"response_format": "json_object"})[
        "response_format"
    ] == {"type": "json_object"}
    assert said(parameters={"json_schema": schema})["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "city", "schema": {"type": "object"}},
        "strict": True,
    }


def test_tools_and_the_choice_among_them() -> None:
    """Parameters of a tool are plain JSON Schema."""
    found = said(tools=[WEATHER, CLOCK], parameters={"tool_choice": "clock", "parallel_tool_calls": False})

    assert [tool["function"]["name"] for tool in found["tools"]] == ["weather", "clock"]
    assert found["tools"][0]["function"]["parameters"] == {"type": "object"}
    assert found["tool_choice"] == {"type": "function", "function": {"name": "clock"}}
    assert found["parallel_tool_calls"] is False


def test_a_tool_that_must_be_called_is_named() -> None:
    """The API has no word for "one of them"; with several there is no way to say it."""
    found = said(tools=[WEATHER], parameters={"tool_choice": "required"})

    assert found["tool_choice"]["function"]["name"] == "weather"
    with pytest.raises(InvokeBadRequestError, match="tool_choice"):
        said(tools=[WEATHER, CLOCK], parameters={"tool_choice": "required"})


LOOP: list[PromptMessage] = [
    DeveloperPromptMessage(content="Be brief."),
    UserPromptMessage(content="Weather?"),
    AssistantPromptMessage(
        content="",
        reasoning_content="Ask.",
        tool_calls=[ToolCall(id="c1", function=ToolCallFunction(name="weather", arguments="{}"))],
    ),
    ToolPromptMessage(content="Sunny", tool_call_id="c1"),
]


def test_a_tool_loop_names_the_call_and_the_tool() -> None:
    """Results belong to a call by its id; older models go by the name."""
    written = heard(*LOOP, tools=[WEATHER])

    assert written[0] == {"role": "system", "content": "Be brief."}
    assert written[2]["content"] == ""
    assert written[2]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    ]
    assert written[3] == {"role": "tool", "content": "Sunny", "tool_call_id": "c1", "name": "weather"}
    assert "reasoning_content" not in written[2]


@pytest.mark.parametrize(
    ("more", "parameters", "options", "replayed"),
    [
        ([], {}, {"reasoning_field": "reasoning_content"}, True),
        ([AssistantPromptMessage(content="Sun."), USER], {}, {"reasoning_field": "reasoning_content"}, False),
        ([AssistantPromptMessage(content="Sun."), USER], {"preserve_thinking": True}, {}, True),
    ],
)
def test_reasoning_goes_back_where_the_model_wants_it(
    more: list[PromptMessage], parameters: dict[str, Any], options: dict[str, Any], replayed: bool
) -> None:
    """Some models lose their thread in a tool loop without it; finished turns go back only if asked for."""
    written = heard(*LOOP, *more, parameters=parameters, options=options)

    assert (written[2].get("reasoning_content") == "Ask.") is replayed


def test_what_a_multimodal_model_is_told_is_always_a_list_with_texts_last() -> None:
    """The API tells kinds by their keys and has no `type`."""
    request = request_of(
        SystemPromptMessage(content="Look."),
        UserPromptMessage(
            content=[
                TextPromptMessageContent(data="What is it?"),
                ImagePromptMessageContent(base64_data="iVBORw0KGgo", mime_type="image/png", format="png"),
                VideoPromptMessageContent(
                    url="https://files.example/v.mp4", mime_type="video/mp4", format="mp4"
                ),
                AudioPromptMessageContent(
                    url="https://files.example/a.mp3", mime_type="audio/mp3", format="mp3"
                ),
            ]
        ),
        model="qwen3.8-omni-flash",
        options=SEEING,
        stream=True,
    )

    assert request.url == MULTIMODAL
    assert request.json["input"]["messages"] == [
        {"role": "system", "content": [{"text": "Look."}]},
        {
            "role": "user",
            "content": [
                {"image": "data:image/png;base64,iVBORw0KGgo"},
                {"video": "https://files.example/v.mp4"},
                {"audio": "https://files.example/a.mp3"},
                {"text": "What is it?"},
            ],
        },
    ]


def test_a_tool_loop_of_a_multimodal_model_is_in_lists_too() -> None:
    """Also where nothing was said."""
    assert [message["content"] for message in heard(*LOOP, options=SEEING)][2:] == [
        [{"text": ""}],
        [{"text": "Sunny"}],
    ]


def test_a_file_that_the_model_does_not_take_is_refused_by_its_place() -> None:
    """A text model would answer with an error that names no field."""
    image = ImagePromptMessageContent(base64_data="iVBORw0KGgo", mime_type="image/png", format="png")

    with pytest.raises(InvokeBadRequestError, match=r"messages\[1\]\.content\[0\].*image"):
        heard(USER, UserPromptMessage(content=[image]))


def test_uploaded_documents_are_named_behind_the_instructions() -> None:
    """The API knows them by id only, in a system message of their own."""
    documents = [
        DocumentPromptMessageContent(
            url="x://", mime_type="application/pdf", format="pdf", file_id=f"f{place}"
        )
        for place in (1, 2)
    ]
    question = UserPromptMessage(content=[*documents, TextPromptMessageContent(data="Sum up.")])

    assert heard(SystemPromptMessage(content="Be brief."), question, model="qwen-long") == [
        {"role": "system", "content": "Be brief."},
        {"role": "system", "content": "fileid://f1,fileid://f2"},
        {"role": "user", "content": "Sum up."},
    ]


def test_a_document_that_was_not_uploaded_is_refused() -> None:
    """Its bytes have no place in a request."""
    document = DocumentPromptMessageContent(base64_data="JVBERi0", mime_type="application/pdf", format="pdf")

    with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]\.content\[0\].*file_id"):
        heard(UserPromptMessage(content=[document]))


def test_the_compatible_way_is_the_dialect_of_openai() -> None:
    """It exists once; only the address differs."""
    assert FAMILY.chat is not None
    dialect = FAMILY.chat({"api": "compatible"})
    call = ChatCall("qwen-plus", [USER], options={"path": "compatible-mode/v1/chat/completions"})

    assert dialect.name == "openai.chat"
    assert dialect.to_request(call, ENDPOINT).url.endswith("/compatible-mode/v1/chat/completions")
    with pytest.raises(DeclarationError, match="api"):
        FAMILY.chat({"api": "other"})

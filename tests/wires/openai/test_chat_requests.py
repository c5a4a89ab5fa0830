"""What a chat completions request says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.upstreams.described import specification

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DeveloperPromptMessage,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
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
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai import FAMILY

_FAMILY: Any = FAMILY  # of a family each dialect may be missing; not of this one

_ENDPOINT = Endpoint("https://upstream.test/v1/", {"Authorization": "Bearer k"})
_TOOL = PromptMessageTool(
    name="weather", description="Look.", parameters={"type": "object", "properties": {}}
)
_SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


def _body(messages: Any = "Hi", *, options: Any = None, **call: Any) -> Any:
    messages = [UserPromptMessage(content=messages)] if isinstance(messages, str) else messages
    request = _FAMILY.chat(options or {}).to_request(
        ChatCall("gpt", messages, options=options or {}, **call), _ENDPOINT
    )
    return request.json


def _called(call_id: Any = "call_1", arguments: Any = '{"city": "Rome"}') -> Any:
    function = ToolCallFunction(name="weather", arguments=arguments)
    return AssistantPromptMessage(content="", tool_calls=[ToolCall(id=call_id, function=function)])


_EVERYTHING = [
    SystemPromptMessage(content="Be brief."),
    UserPromptMessage(
        content=[
            TextPromptMessageContent(data="What is it?"),
            ImagePromptMessageContent(url="https://x.test/a.png"),
            ImagePromptMessageContent(base64_data="iVBORw0KGgo=", mime_type="image/png", detail="high"),
            AudioPromptMessageContent(base64_data="UklGRg==", mime_type="audio/wav"),
            DocumentPromptMessageContent(
                base64_data="JVBERi0=", mime_type="application/pdf", filename="a.pdf"
            ),
        ],
        name="Ann",
    ),
    _called(),
    ToolPromptMessage(tool_call_id="call_1", content="sunny"),
    AssistantPromptMessage(content="It is sunny."),
    UserPromptMessage(content="Thanks"),
]
_SETTINGS = {
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 100,
    "seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "logprobs": True,
    "top_logprobs": 2,
    "response_format": "json_schema",
    "json_schema": json.dumps({"name": "num", "schema": _SCHEMA, "strict": True}),
    "tool_choice": "weather",
    "parallel_tool_calls": False,
    "verbosity": "low",
    "service_tier": "flex",
    "n": 1,
}


def test_a_request_with_everything_in_it_is_as_the_published_description_says() -> None:
    """The description, and not our reading of it, decides what may be sent."""
    described = specification("openai.openapi.json")
    if described is None:
        pytest.skip("the published descriptions are not there")

    body = _body(_EVERYTHING, parameters=_SETTINGS, tools=[_TOOL], stop=["END"], user="u", stream=True)

    assert described.of("CreateChatCompletionRequest").complaint(body) is None
    assert body["messages"][1]["content"][2]["image_url"] == {
        "url": "data:image/png;base64,iVBORw0KGgo=",
        "detail": "high",
    }
    assert body["messages"][1]["content"][3]["input_audio"] == {"data": "UklGRg==", "format": "wav"}
    assert body["messages"][2] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
            }
        ],
    }
    assert body["stop"] == ["END"]
    assert body["stream_options"] == {"include_usage": True}
    assert body["response_format"]["json_schema"] == {"name": "num", "schema": _SCHEMA, "strict": True}
    assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}


def test_a_request_goes_to_its_path_with_the_headers_of_the_endpoint() -> None:
    """Deployments have another path and a version in the query."""
    call = ChatCall(
        "gpt", [UserPromptMessage(content="Hi")], options={"query": {"api-version": "2024-10-21"}}
    )

    request = _FAMILY.chat({}).to_request(call, _ENDPOINT)

    assert (request.method, request.url) == (
        "POST",
        "https://upstream.test/v1/chat/completions?api-version=2024-10-21",
    )
    assert request.headers == {"Authorization": "Bearer k"}


def test_nothing_of_the_caller_is_changed() -> None:
    """A caller may use the same messages, parameters and options again."""
    options = {
        "extra_body": {"thinking": {"type": "enabled"}},
        "rename": {"thinking_budget": "thinking.budget"},
    }
    before, parameters = json.dumps(options), {"thinking_budget": 5, **_SETTINGS}

    body = _body(_EVERYTHING, parameters=parameters, tools=[_TOOL], options=options)

    assert body["thinking"] == {"budget": 5, "type": "enabled"}
    assert json.dumps(options) == before
    assert parameters == {"thinking_budget": 5, **_SETTINGS}


@pytest.mark.parametrize("n", [0, 2])
def test_several_answers_are_refused_by_name(n: Any) -> None:
    """A call has one answer; the others would be paid for and lost."""
    with pytest.raises(InvokeBadRequestError, match=r"^n: "):
        _body(parameters={"n": n})


def test_parameters_take_the_names_that_the_options_give_them() -> None:
    """Upstreams differ in names more than in meaning."""
    options = {
        "max_tokens_field": "max_completion_tokens",
        "rename": {"seed": "random_seed", "reasoning_effort": "reasoning.effort"},
        "user_field": "user_id",
        "stream_usage": False,
        "extra_body": {"reasoning": {"exclude": True}},
    }
    body = _body(
        parameters={"max_tokens": 9, "seed": 1, "reasoning_effort": "low", "min_p": 0.1},
        options=options,
        user="u",
        stream=True,
    )

    assert body["max_completion_tokens"] == 9
    assert body["random_seed"] == 1
    assert body["reasoning"] == {"effort": "low", "exclude": True}
    assert (body["user_id"], body["min_p"]) == ("u", 0.1)
    assert not {"max_tokens", "seed", "user", "stream_options"} & set(body)


def test_parameters_that_a_model_does_not_take_are_refused_by_name() -> None:
    """What is left out silently is paid for in confusion; what asks for nothing may be left out."""
    options = {"refuse": ["stop", "temperature"], "drop": ["seed"]}

    assert not {"temperature", "seed"} & set(_body(parameters={"temperature": 1, "seed": 3}, options=options))
    with pytest.raises(InvokeBadRequestError, match=r"^temperature: 0.2"):
        _body(parameters={"temperature": 0.2}, options=options)
    with pytest.raises(InvokeBadRequestError, match=r"^stop: "):
        _body(stop=["END"], options=options)


def test_stop_sequences_are_left_to_the_kit_where_a_model_refuses_them() -> None:
    """The dialect says so, and the kit cuts the answer."""
    options = {"client_side_stop": True}

    assert _FAMILY.chat(options).client_side_stop
    assert not _FAMILY.chat({}).client_side_stop
    assert "stop" not in _body(stop=["END"], options=options)


def test_sampling_is_refused_only_while_the_model_reasons() -> None:
    """Reasoning models take a temperature when their effort is none."""
    options = {"refuse_with_reasoning": ["temperature"], "reasoning_default": "medium"}

    with pytest.raises(InvokeBadRequestError, match=r"^temperature: "):
        _body(parameters={"temperature": 0.2}, options=options)
    body = _body(parameters={"temperature": 0.2, "reasoning_effort": "none"}, options=options)

    assert body["temperature"] == 0.2


def test_thinking_is_switched_the_way_the_model_has_it() -> None:
    """Each family of models has its own switch; it is data."""
    options = {
        "thinking": {"enabled": {"enable_thinking": True}, "disabled": {"enable_thinking": False}},
    }
    off = _body(parameters={"thinking": False, "reasoning_effort": "high"}, options=options)
    on = _body(parameters={"thinking": True, "reasoning_effort": "high"}, options=options)

    assert (off["enable_thinking"], "reasoning_effort" in off, "thinking" in off) == (False, False, False)
    assert (on["enable_thinking"], on["reasoning_effort"]) == (True, "high")
    assert "enable_thinking" not in _body(options=options)


def test_a_long_user_becomes_a_safety_identifier_that_fits() -> None:
    """The field takes 64 characters; the same user must stay the same."""
    options = {"user_field": "safety_identifier"}
    body = _body(user="u" * 65, options=options)

    assert len(body["safety_identifier"]) == 64
    assert body == _body(user="u" * 65, options=options)
    assert "user" not in _body(user="u", options={"user_field": "none"})


def test_tools_in_the_legacy_style_are_functions() -> None:
    """Some servers know only the older form, in which results are found by name."""
    messages = [
        UserPromptMessage(content="?"),
        _called(),
        ToolPromptMessage(tool_call_id="call_1", content="ok"),
    ]
    body = _body(
        messages, tools=[_TOOL], parameters={"tool_choice": "weather"}, options={"tool_style": "function"}
    )

    assert body["functions"][0]["name"] == "weather"
    assert body["function_call"] == {"name": "weather"}
    assert body["messages"][1]["function_call"] == {"name": "weather", "arguments": '{"city": "Rome"}'}
    assert body["messages"][2] == {"role": "function", "name": "weather", "content": "ok"}
    assert "tools" not in body


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ({"tools": [_TOOL], "options": {"tool_style": "none"}}, "tools"),
        ({"tools": [_TOOL], "parameters": {"tool_choice": "other"}}, "tool_choice"),
        ({"parameters": {"tool_choice": "required"}}, "tool_choice"),
        ({"parameters": {"response_format": "yaml"}}, "response_format"),
        ({"parameters": {"response_format": "json_schema", "json_schema": "{"}}, "json_schema"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(call: Any, named: Any) -> None:
    """The caller has to know which part of the call is wrong."""
    with pytest.raises(InvokeBadRequestError, match=f"^{named}: "):
        _body(**call)


@pytest.mark.parametrize(
    "part",
    [
        VideoPromptMessageContent(base64_data="AAAA", mime_type="video/mp4"),
        AudioPromptMessageContent(url="https://x.test/a.mp3"),
        DocumentPromptMessageContent(url="https://x.test/a.pdf"),
    ],
)
def test_files_that_the_wire_has_no_place_for_are_refused_by_place(part: Any) -> None:
    """A file that is left out changes the question."""
    with pytest.raises(InvokeBadRequestError, match=r"^messages\[0\]\.content\[0\]: "):
        _body([UserPromptMessage(content=[part])])


def test_files_take_the_shape_that_the_options_name() -> None:
    """Gateways take audio and video as images; some models have a shape for video."""
    video = VideoPromptMessageContent(base64_data="AAAA", mime_type="video/mp4")
    messages = [UserPromptMessage(content=[video])]

    as_image = _body(messages, options={"media_as_image_url": True})["messages"][0]["content"][0]
    as_video = _body(messages, options={"parts": {"video": "video_url"}})["messages"][0]["content"][0]

    assert as_image == {"type": "image_url", "image_url": {"url": "data:video/mp4;base64,AAAA"}}
    assert as_video == {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}}


def test_strict_servers_get_messages_the_way_they_take_them() -> None:
    """Local chat templates fail on a second system message, on neighbours of one role, on names, on lists."""
    messages = [
        UserPromptMessage(content="a", name="Ann"),
        SystemPromptMessage(content="one"),
        UserPromptMessage(content=[TextPromptMessageContent(data="b"), TextPromptMessageContent(data="c")]),
        AssistantPromptMessage(content=""),
        DeveloperPromptMessage(content="two"),
        UserPromptMessage(content="d"),
    ]
    options = {
        "merge_system": True,
        "merge_roles": True,
        "names": False,
        "content": "text",
        "skip_empty": True,
    }

    assert _body(messages, options=options)["messages"] == [
        {"role": "system", "content": "one\n\ntwo"},
        {"role": "user", "content": "a\n\nbc\n\nd"},
    ]


def test_ids_of_tool_calls_are_replaced_where_they_do_not_fit() -> None:
    """A conversation may go on with an upstream that has a rule for ids; call and result must still match."""
    messages = [_called("call_abcdef"), ToolPromptMessage(tool_call_id="call_abcdef", content="ok")]
    sent = _body(messages, options={"tool_id_pattern": "^[a-zA-Z0-9]{9}$"})["messages"]

    assert len(sent[0]["tool_calls"][0]["id"]) == 9
    assert sent[0]["tool_calls"][0]["id"] == sent[1]["tool_call_id"]


def test_reasoning_is_sent_back_within_the_tool_loop_only() -> None:
    """Upstreams need it to go on after a tool's result, and refuse or waste it in finished turns."""
    thought = {"reasoning_content": "Hm."}
    messages = [
        UserPromptMessage(content="1"),
        AssistantPromptMessage(content="one", **thought),
        UserPromptMessage(content="2"),
        _called().model_copy(update=thought),
        ToolPromptMessage(tool_call_id="call_1", content="ok"),
    ]
    sent = _body(messages, options={"reasoning_field": "reasoning_content"})["messages"]
    inline = _body(messages, options={"reasoning_field": "inline", "reasoning_replay": "all"})["messages"]

    assert [message.get("reasoning_content") for message in sent] == [None, None, None, "Hm.", None]
    assert inline[1]["content"] == "<think>\nHm.\n</think>\n\none"


def test_think_blocks_are_taken_out_of_the_history() -> None:
    """Other plugins exchange reasoning inside the text."""
    messages = [AssistantPromptMessage(content="<think>\nx\n</think>\n\nYes"), UserPromptMessage(content="?")]

    assert _body(messages)["messages"][0]["content"] == "Yes"


def test_state_on_parts_and_calls_comes_back_to_this_family_only() -> None:
    """Cache markers and signatures are the provider's own."""
    part = TextPromptMessageContent(
        data="long", opaque_body={"openai": {"cache_control": {"type": "ephemeral"}}, "other": {"x": 1}}
    )
    signed = _called()
    signed.tool_calls[0] = ToolCall(
        id="call_1", function=signed.tool_calls[0].function, extra_content={"signature": "s"}
    )
    sent = _body([UserPromptMessage(content=[part]), signed])["messages"]

    assert sent[0]["content"] == [{"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}]
    assert sent[1]["tool_calls"][0]["extra_content"] == {"signature": "s"}


def test_an_unknown_api_is_a_fault_of_the_declaration() -> None:
    """A slip in a model's YAML must not fall back to another API."""
    with pytest.raises(DeclarationError, match=r"wire.api: 'chatt'"):
        _FAMILY.chat({"api": "chatt"})


def test_a_completion_model_gets_one_text() -> None:
    """The legacy API has no messages, and refuses what it has no place for."""
    options = {"api": "completions"}
    messages = [SystemPromptMessage(content="Sum up."), UserPromptMessage(content="A story")]
    body = _body(messages, options=options, parameters={"logprobs": True, "top_logprobs": 3, "max_tokens": 5})
    described = specification("openai.openapi.json")

    assert body["prompt"] == "Sum up.\n\nA story"
    assert (body["logprobs"], body["max_tokens"]) == (3, 5)
    assert described is None or described.of("CreateCompletionRequest").complaint(body) is None
    with pytest.raises(InvokeBadRequestError, match=r"^tools: "):
        _body(options=options, tools=[_TOOL])

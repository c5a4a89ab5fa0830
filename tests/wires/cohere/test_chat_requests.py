"""Requests of the chat API, and what goes back of an answer."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.upstreams.cohere import CohereUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DeveloperPromptMessage,
    DocumentPromptMessageContent,
    ImageDetail,
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageTool,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere import CHAT
from modelbay.wires.family import ChatCall, Endpoint

MODEL = "command-a-03-2025"
USER = UserPromptMessage(content="Hi")
WEATHER = PromptMessageTool(name="weather", description="Tell it.", parameters={"type": "object"})
TIME = PromptMessageTool(name="time", parameters={"type": "object"})
THINKING = {"type": "thinking", "thinking": "Hm"}
CITATION = {"start": 0, "end": 2, "text": "It", "sources": []}
CALLED = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}


def body(*messages: PromptMessage, **fields: Any) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    request = CHAT.to_request(ChatCall(MODEL, messages or (USER,), **fields), ENDPOINT)
    assert refusal_of(CohereUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


def answered(**message: Any) -> AssistantPromptMessage:
    """Return an answer as a caller gets it, stored and loaded in between."""
    result = CHAT.to_result(ChatCall(MODEL, []), {"finish_reason": "COMPLETE", "message": message})
    return AssistantPromptMessage.model_validate_json(result.message.model_dump_json())


def replayed(message: AssistantPromptMessage) -> dict[str, Any]:
    """Return the message that goes back."""
    results = [ToolPromptMessage(tool_call_id=call.id, content="rain") for call in message.tool_calls]
    sent: dict[str, Any] = body(USER, message, *results, UserPromptMessage(content="And?"))["messages"][1]
    return sent


@pytest.mark.parametrize("base", ["http://h", "http://h/", "http://h/v1", "http://h/v2/"])
def test_the_smallest_request(base: str) -> None:
    """Saved addresses may end in either version."""
    request = CHAT.to_request(ChatCall(MODEL, [USER]), Endpoint(base))

    assert (request.method, request.url) == ("POST", "http://h/v2/chat")
    assert request.json == {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}


def test_names_that_differ() -> None:
    """Everything else passes under its own name."""
    sent = body(
        stream=True,
        stop=["END"],
        user="u1",
        parameters={"top_p": 0.5, "top_k": 5, "max_tokens": 9, "safety_mode": "OFF", "seed": None}
        | {"documents": '[{"data": {"text": "Rain."}}]', "citation_options": {"mode": "FAST"}},
    )

    assert sent == {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Hi"}],
        "p": 0.5,
        "k": 5,
        "max_tokens": 9,
        "safety_mode": "OFF",
        "documents": [{"data": {"text": "Rain."}}],
        "citation_options": {"mode": "FAST"},
        "stop_sequences": ["END"],
        "stream": True,
    }


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"response_format": "text"}, None),
        ({"response_format": "json_object"}, {"type": "json_object"}),
        ({"json_schema": '{"type":"object"}'}, {"type": "json_object", "json_schema": {"type": "object"}}),
    ],
)
def test_answer_formats(parameters: dict[str, Any], wanted: Any) -> None:
    """A schema lies inside the JSON form."""
    assert body(parameters=parameters).get("response_format") == wanted


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({}, None),
        ({"thinking": True}, {"type": "enabled"}),
        ({"thinking_budget": 500}, {"type": "enabled", "token_budget": 500}),
        ({"thinking": False, "thinking_budget": 500}, {"type": "disabled"}),
        ({"reasoning_effort": "none"}, {"type": "disabled"}),
    ],
)
def test_thinking(parameters: dict[str, Any], wanted: Any) -> None:
    """On, off, or with a budget."""
    assert body(parameters=parameters).get("thinking") == wanted


@pytest.mark.parametrize(
    ("choice", "names", "wanted"),
    [
        ("auto", ["weather", "time"], None),
        ("none", ["weather", "time"], "NONE"),
        ("required", ["weather", "time"], "REQUIRED"),
        ("time", ["time"], "REQUIRED"),
    ],
)
def test_tool_choice(choice: str, names: list[str], wanted: str | None) -> None:
    """A tool cannot be named, so the one that must be called is offered alone."""
    sent = body(tools=[WEATHER, TIME], parameters={"tool_choice": choice})

    assert [tool["function"]["name"] for tool in sent["tools"]] == names
    assert sent.get("tool_choice") == wanted


def test_a_conversation_with_tools_and_images() -> None:
    """Text beside calls is the plan."""
    call = ToolCall(id="c1", function=ToolCallFunction(name="weather"))
    sent = body(
        DeveloperPromptMessage(content=[TextPromptMessageContent(data="One.")]),
        UserPromptMessage(
            content=[
                TextPromptMessageContent(data="Look"),
                ImagePromptMessageContent(base64_data="iVBORw0KGgoAAA==", detail=ImageDetail.HIGH),
            ]
        ),
        AssistantPromptMessage(content="I look.", tool_calls=[call]),
        ToolPromptMessage(tool_call_id="c1", content="rain"),
        AssistantPromptMessage(content="Rain."),
    )

    image = {"url": "data:image/png;base64,iVBORw0KGgoAAA==", "detail": "high"}
    assert sent["messages"] == [
        {"role": "system", "content": "One."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": image}],
        },
        {
            "role": "assistant",
            "tool_plan": "I look.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "assistant", "content": "Rain."},
    ]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (UserPromptMessage(content=[AudioPromptMessageContent(base64_data="A")]), "takes no audio"),
        (UserPromptMessage(content=[DocumentPromptMessageContent(base64_data="A")]), "takes no document"),
        (
            AssistantPromptMessage(content=[ImagePromptMessageContent(base64_data="A")]),
            "image cannot stand in a message of role assistant",
        ),
    ],
)
def test_parts_that_cannot_be_sent_are_refused_by_place(message: PromptMessage, told: str) -> None:
    """A part that is dropped in silence would be answered as if it had never been there."""
    with pytest.raises(InvokeBadRequestError, match=rf"messages\[1\]\.content\[0\]: .*{told}"):
        CHAT.to_request(ChatCall(MODEL, [USER, message]), ENDPOINT)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 2},
        {"parallel_tool_calls": False},
        {"reasoning_effort": "high"},
        {"tool_choice": "required"},
        {"tool_choice": "weather"},
        {"documents": "[oops"},
    ],
)
def test_parameters_that_cannot_be_sent_are_refused_by_name(parameters: dict[str, Any]) -> None:
    """The API would ignore them, or name a field that the caller never sent."""
    with pytest.raises(InvokeBadRequestError, match=next(iter(parameters))):
        CHAT.to_request(ChatCall(MODEL, [USER], parameters), ENDPOINT)


def test_a_plan_goes_back_as_the_plan() -> None:
    """It is the text of our message in between."""
    message = answered(tool_plan="I look.", tool_calls=[CALLED], content=[THINKING])

    assert (message.text, message.reasoning_content) == ("I look.", "Hm")
    assert replayed(message) == {"role": "assistant", "tool_plan": "I look.", "tool_calls": [CALLED]}


def test_thinking_and_citations_go_back_as_they_came() -> None:
    """They are the model's own."""
    content = [THINKING, {"type": "text", "text": "It rains."}]
    message = answered(content=content, citations=[CITATION])

    assert replayed(message) == {"role": "assistant", "content": content, "citations": [CITATION]}


def test_a_changed_text_wins_and_loses_its_citations() -> None:
    """They point at places in the old text."""
    message = answered(content=[THINKING, {"type": "text", "text": "It rains."}], citations=[CITATION])
    message.content = "Rain."

    assert replayed(message) == {
        "role": "assistant",
        "content": [THINKING, {"type": "text", "text": "Rain."}],
    }


def test_calls_that_were_taken_away_leave_the_plan_as_text() -> None:
    """Without calls there is no plan."""
    message = answered(tool_plan="I look.", tool_calls=[CALLED], citations=[CITATION])
    message.tool_calls = []

    assert replayed(message)["content"] == "I look."


def test_a_plain_answer_has_no_state() -> None:
    """It would travel twice."""
    assert answered(content=[{"type": "text", "text": "Hi"}]).opaque_body is None


def test_nothing_of_the_callers_is_changed() -> None:
    """The caller keeps the messages for the next turn."""
    message = answered(content=[THINKING, {"type": "text", "text": "It rains."}], citations=[CITATION])
    call = ChatCall(MODEL, [USER, message], {"tool_choice": "weather"}, [WEATHER, TIME], ["END"])
    before = copy.deepcopy(call)

    CHAT.to_request(call, ENDPOINT)

    assert call == before

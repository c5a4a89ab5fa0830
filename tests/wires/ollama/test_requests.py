"""Requests of Ollama's API."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.upstreams.ollama import OllamaUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
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
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall
from modelbay.wires.ollama import CHAT, GENERATE, chat

WEATHER = PromptMessageTool(name="weather", description="Tell it.", parameters={"type": "object"})
USER = UserPromptMessage(content="Hi")
PNG = "iVBORw0KGgoAAA=="


def body(*messages: PromptMessage, model: str = "qwen3:8b", **fields: Any) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    call = ChatCall(model, messages or (USER,), **fields)
    request = chat(call.options).to_request(call, ENDPOINT)
    assert refusal_of(OllamaUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


def test_the_smallest_request() -> None:
    """The server streams unless it is told not to."""
    request = CHAT.to_request(ChatCall("qwen3:8b", [USER]), ENDPOINT)

    assert (request.method, request.url) == ("POST", "http://upstream.example/api/chat")
    assert request.json == {
        "model": "qwen3:8b",
        "stream": False,
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_parameters_are_runtime_options() -> None:
    """A few stand in the request itself; the others go to the model under their own names."""
    sent = body(
        stop=["END"],
        parameters={"temperature": 0, "max_tokens": 5, "context_size": 8192, "repeat_penalty": 1.1}
        | {"keep_alive": 0, "logprobs": True, "top_p": None},
        options={"num_ctx": 4096, "keep_alive": "5m"},
    )

    assert sent["options"] == {
        "temperature": 0,
        "num_predict": 5,
        "num_ctx": 8192,
        "repeat_penalty": 1.1,
        "stop": ["END"],
    }
    assert (sent["keep_alive"], sent["logprobs"]) == (0, True)


def test_the_model_says_how_much_context_to_serve() -> None:
    """The server's own window is short and cuts long prompts without a word."""
    sent = body(options={"num_ctx": 4096, "keep_alive": "5m"})

    assert (sent["options"], sent["keep_alive"]) == ({"num_ctx": 4096}, "5m")


@pytest.mark.parametrize(
    ("parameters", "think"),
    [
        ({}, None),
        ({"thinking": True}, True),
        ({"think": False}, False),
        ({"thinking": False, "reasoning_effort": "high"}, False),
        ({"thinking": True, "reasoning_effort": "high"}, "high"),
        ({"think_level": "medium"}, "medium"),
        ({"reasoning_effort": "minimal"}, "low"),
        ({"reasoning_effort": "none"}, False),
    ],
)
def test_thinking(parameters: dict[str, Any], think: Any) -> None:
    """One field says whether and how much."""
    assert body(parameters=parameters).get("think") == think


def test_answer_formats() -> None:
    """A schema is the format itself."""
    schema = {"type": "object"}

    assert body(parameters={"response_format": "json_object"})["format"] == "json"
    assert body(parameters={"json_schema": {"name": "n", "schema": schema}})["format"] == schema
    assert body(parameters={"format": "json"})["format"] == "json"


def test_a_conversation_with_tools() -> None:
    """Arguments are objects; a result names the tool, which only the history knows."""
    turn = AssistantPromptMessage(
        content="Let me see.",
        reasoning_content="Hm",
        tool_calls=[
            ToolCall(id="c1", function=ToolCallFunction(name="weather", arguments='{"city":"Oslo"}'))
        ],
    )
    sent = body(
        SystemPromptMessage(content="One."),
        DeveloperPromptMessage(content="Two."),
        USER,
        turn,
        ToolPromptMessage(tool_call_id="c1", content="rain"),
        ToolPromptMessage(tool_call_id="lost", content="sun", name="weather"),
        tools=[WEATHER],
    )

    assert [message["role"] for message in sent["messages"][:3]] == ["system", "system", "user"]
    assert sent["messages"][3:] == [
        {
            "role": "assistant",
            "content": "Let me see.",
            "thinking": "Hm",
            "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}],
        },
        {"role": "tool", "content": "rain", "tool_name": "weather", "tool_call_id": "c1"},
        {"role": "tool", "content": "sun", "tool_name": "weather", "tool_call_id": "lost"},
    ]
    assert sent["tools"] == [
        {
            "type": "function",
            "function": {"name": "weather", "description": "Tell it.", "parameters": {"type": "object"}},
        }
    ]


def test_tools_that_must_not_be_called_are_not_offered() -> None:
    """The API has no other way to say it."""
    assert "tools" not in body(tools=[WEATHER], parameters={"tool_choice": "none"})


def test_images_lie_beside_the_text() -> None:
    """As bare base64."""
    sent = body(
        UserPromptMessage(
            content=[
                TextPromptMessageContent(data="Look "),
                ImagePromptMessageContent(data=f"data:image/png;base64,{PNG}"),
                TextPromptMessageContent(data="here"),
            ]
        ),
        model="gemma3:4b",
    )

    assert sent["messages"] == [{"role": "user", "content": "Look here", "images": [PNG]}]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            UserPromptMessage(content=[ImagePromptMessageContent(url="https://example.org/a.png")]),
            "fetches no images",
        ),
        (
            UserPromptMessage(content=[DocumentPromptMessageContent(base64_data="JVBERi0x")]),
            "takes no document",
        ),
        (
            AssistantPromptMessage(
                tool_calls=[ToolCall(id="c", function=ToolCallFunction(name="f", arguments="{"))]
            ),
            r"tool_calls\[0\]: the arguments are not valid JSON",
        ),
        (
            AssistantPromptMessage(
                tool_calls=[ToolCall(id="c", function=ToolCallFunction(name="f", arguments="[]"))]
            ),
            "must be a JSON object",
        ),
    ],
)
def test_messages_that_cannot_be_sent_are_refused_by_place(message: PromptMessage, told: str) -> None:
    """A part that is dropped in silence would be answered as if it had never been there."""
    with pytest.raises(InvokeBadRequestError, match=rf"messages\[1\].*{told}"):
        CHAT.to_request(ChatCall("m", [USER, message]), ENDPOINT)


@pytest.mark.parametrize(
    "parameters",
    [{"n": 2}, {"tool_choice": "required"}, {"tool_choice": "weather"}, {"parallel_tool_calls": False}],
)
def test_parameters_that_cannot_be_sent_are_refused_by_name(parameters: dict[str, Any]) -> None:
    """The server would ignore them."""
    with pytest.raises(InvokeBadRequestError, match=next(iter(parameters))):
        CHAT.to_request(ChatCall("m", [USER], parameters, [WEATHER]), ENDPOINT)


def test_completion_mode_sends_one_text() -> None:
    """A base model knows no turns."""
    sent = body(
        SystemPromptMessage(content="One."),
        UserPromptMessage(
            content=[TextPromptMessageContent(data="Once"), ImagePromptMessageContent(base64_data=PNG)]
        ),
        AssistantPromptMessage(content="upon"),
        parameters={"suffix": "end", "raw": True},
        options={"api": "generate"},
        model="gemma3:4b",
    )

    assert sent == {
        "model": "gemma3:4b",
        "stream": False,
        "prompt": "Once\n\nupon",
        "system": "One.",
        "images": [PNG],
        "suffix": "end",
        "raw": True,
    }


def test_completion_mode_takes_no_tools() -> None:
    """They would be ignored."""
    with pytest.raises(InvokeBadRequestError, match="tools"):
        GENERATE.to_request(ChatCall("m", [USER], tools=[WEATHER]), ENDPOINT)


def test_nothing_of_the_callers_is_changed() -> None:
    """The caller keeps the messages for the next turn."""
    call = ChatCall("m", [USER], {"temperature": 1}, [WEATHER], ["END"], options={"num_ctx": 1})
    before = copy.deepcopy(call)

    CHAT.to_request(call, ENDPOINT)

    assert call == before

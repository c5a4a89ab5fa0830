"""What goes back of an answer on the next turn."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.anthropic_messages import redacted, signature
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    PromptMessageTool,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.wires.anthropic import MESSAGES
from modelbay.wires.family import ChatCall

THINKING = {"type": "thinking", "thinking": "Hm", "signature": signature("Hm")}
AGAIN = redacted("secret")
TEXT = {"type": "text", "text": "Let me see."}
CALLED = {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}}
SEARCHED = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
CONTENT = [THINKING, TEXT, AGAIN, CALLED]


def answer(content: list[dict[str, Any]] = CONTENT) -> AssistantPromptMessage:
    """Return an answer as a caller gets it, stored and loaded in between."""
    body = {"content": content, "stop_reason": "tool_use", "usage": {}}
    message = MESSAGES.to_result(ChatCall("m", []), body).message
    return AssistantPromptMessage.model_validate_json(message.model_dump_json())


def replayed(message: AssistantPromptMessage) -> list[dict[str, Any]]:
    """Return the turn that goes back, once the fake has found its thinking genuine."""
    results = [ToolPromptMessage(tool_call_id=call.id, content="rain") for call in message.tool_calls]
    call = ChatCall(
        "claude-sonnet-4-5",
        [UserPromptMessage(content="Weather?"), message, *results, UserPromptMessage(content="And?")],
        {"max_tokens": 4000, "thinking": True},
        [PromptMessageTool(name="weather", parameters={})],
    )
    request = MESSAGES.to_request(call, ENDPOINT)
    assert refusal_of(AnthropicUpstream(), request) is None
    blocks: list[dict[str, Any]] = request.json["messages"][1]["content"]
    return blocks


def test_an_answer_goes_back_as_it_came() -> None:
    """Thinking is signed: a changed or moved block is refused."""
    assert replayed(answer()) == CONTENT


def test_a_changed_text_wins_and_thinking_stays() -> None:
    """The application may shorten what the model said, not what it thought."""
    message = answer()
    message.content = "Looking."

    assert replayed(message) == [THINKING, {"type": "text", "text": "Looking."}, AGAIN, CALLED]


def test_a_text_that_was_taken_away_stays_away() -> None:
    """Some applications keep only the calls of a turn."""
    message = answer()
    message.content = None

    assert replayed(message) == [THINKING, AGAIN, CALLED]


def test_calls_follow_the_message() -> None:
    """An application may drop, change and add calls."""
    message = answer([THINKING, CALLED, CALLED | {"id": "t2"}])
    message.tool_calls[1].function.arguments = '{"city": "Rome"}'
    del message.tool_calls[0]
    message.tool_calls.append(ToolCall(id="t3", function=ToolCallFunction(name="weather")))

    assert replayed(message) == [
        THINKING,
        CALLED | {"id": "t2", "input": {"city": "Rome"}},
        {"type": "tool_use", "id": "t3", "name": "weather", "input": {}},
    ]


def test_texts_of_white_space_do_not_go_back() -> None:
    """The API writes them between thinking and calls, and refuses them when they return."""
    assert replayed(answer([THINKING, {"type": "text", "text": "\n\n"}, CALLED])) == [THINKING, CALLED]


def test_reasoning_without_its_state_is_not_sent() -> None:
    """Unsigned thinking, as of another provider, would be refused."""
    message = AssistantPromptMessage(content="Hello", reasoning_content="Hm", opaque_body={"other": {"a": 1}})

    assert replayed(message) == [{"type": "text", "text": "Hello"}]


@pytest.mark.parametrize("content", ["?", [3], None])
def test_state_of_another_form_is_ignored(content: Any) -> None:
    """It may come from a newer version or from hands that guessed."""
    message = AssistantPromptMessage(content="Hello", opaque_body={"anthropic": {"content": content}})

    assert replayed(message) == [{"type": "text", "text": "Hello"}]


def test_a_breakpoint_on_a_turn_leaves_its_state_alone() -> None:
    """The stored message is the caller's."""
    message = answer()
    state = message.opaque_body
    assert isinstance(state, dict)
    assert isinstance(state["anthropic"], dict)
    state["anthropic"]["cache_control"] = {"type": "ephemeral"}

    assert replayed(message)[-1] == CALLED | {"cache_control": {"type": "ephemeral"}}
    assert state["anthropic"]["content"] == CONTENT

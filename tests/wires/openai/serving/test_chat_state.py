"""What a client of chat completions gives beside the content: state that is ours to keep, words left out."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wires.openai.serving.test_chat_there_and_back import sent_on

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.openai.serving import CHAT


@pytest.mark.parametrize("described", [{}, {"description": ""}, {"description": "Look."}])
def test_a_tool_has_a_description_where_the_client_gave_one(described: dict[str, str]) -> None:
    """Some servers put an empty one into the prompt."""
    function = {"name": "weather", **described, "parameters": {"type": "object", "properties": {}}}
    tools = [{"type": "function", "function": function}]

    assert (
        sent_on({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": tools})["tools"]
        == tools
    )


@pytest.mark.parametrize("role", ["user", "system", "developer", "tool", "assistant"])
def test_state_that_a_client_puts_on_a_message_is_state(role: str) -> None:
    """It belongs to its family, and is no field of a message: some upstreams refuse what they do not know."""
    mark = {"cache_control": {"type": "ephemeral"}}
    message = {"role": role, "content": "Hi", "tool_call_id": "c1", "opaque_body": {"anthropic": mark}}
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}, message]}
    if role != "tool":
        del message["tool_call_id"]

    read = CHAT.from_request(body).messages[-1]

    assert getattr(read, "opaque_body", None) == {"anthropic": mark}
    assert "opaque_body" not in sent_on(body)["messages"][-1]


@pytest.mark.parametrize("state", ["x", 1, [], {"anthropic": "x"}])
@pytest.mark.parametrize("role", ["user", "system", "assistant"])
def test_state_that_is_none_is_refused_by_its_place(role: str, state: Any) -> None:
    """It was given out by us, or made up wrongly."""
    message = {"role": role, "content": "Hi", "opaque_body": state}

    with pytest.raises(InvokeBadRequestError, match=r"^messages\[0\]\.opaque_body: "):
        CHAT.from_request({"model": "m", "messages": [message]})


def test_state_on_parts_and_tools_is_state_too() -> None:
    """A marked part is still a plain part, and a marked tool a plain tool."""
    mark = {"anthropic": {"cache_control": {"type": "ephemeral"}}}
    part: dict[str, Any] = {"type": "text", "text": "Hi"}
    tool: dict[str, Any] = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": [{**part, "opaque_body": mark}]}],
        "tools": [{**tool, "opaque_body": mark}],
    }

    read = CHAT.from_request(body)

    assert isinstance(read.messages[0].content, list)
    assert (read.messages[0].content[0].opaque_body, read.tools[0].unknown_fields) == (
        mark,
        {"opaque_body": mark},
    )
    sent = sent_on(body)
    assert (sent["messages"][0]["content"], sent["tools"]) == ([part], [tool])

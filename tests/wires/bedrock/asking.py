"""What the tests of Converse's requests share."""

from __future__ import annotations

from typing import Any

from tests.upstreams.bedrock import BedrockUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import PromptMessage, PromptMessageTool, UserPromptMessage
from modelbay.wires.bedrock import chat
from modelbay.wires.family import ChatCall

DIALECT = chat({})
WEATHER = PromptMessageTool(
    name="weather",
    description="Tell the weather",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
CLAUDE = {"thinking": "budget", "claude_tool_choice": True}


def body(*messages: PromptMessage | str, **call: Any) -> dict[str, Any]:
    """Return the body of a call, which the fake must accept."""
    said = [UserPromptMessage(content=each) if isinstance(each, str) else each for each in messages]
    request = DIALECT.to_request(ChatCall("amazon.nova-lite-v1:0", said, **call), ENDPOINT)
    assert refusal_of(BedrockUpstream(), request) is None
    found: dict[str, Any] = request.json
    return found

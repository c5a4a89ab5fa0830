"""Provider state survives clients that know nothing of it: they give the answer back as they got it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.behind import STREAMED, said, start
from tests.gateway.conftest import Serve
from tests.gateway.speakers import SPEAKERS
from tests.upstreams.anthropic_messages import is_genuine, redacted

THINK: dict[str, dict[str, Any]] = {
    "chat": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    "messages": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    "responses": {"reasoning": {"effort": "medium"}},
}
CALLS = [{"name": "weather", "arguments": {"city": "Oslo"}}]
EACH = pytest.mark.parametrize("client", SPEAKERS)


def blocks_of(upstream: Any) -> list[Any]:
    """Return the blocks of the assistant's turn that the upstream was sent last."""
    turns = upstream.requests[-1].body["messages"]
    return next(turn["content"] for turn in turns if turn["role"] == "assistant")


@STREAMED
@EACH
async def test_signed_thinking_survives(serve: Serve, client: str, stream: bool) -> None:
    """Claude refuses a tool's result without the thinking that led to the call, unaltered and signed."""
    served, upstream, _ = await start(serve, "anthropic")
    upstream.will_stream("Let me see.", reasoning=["I need ", "the weather."], tool_calls=CALLS)
    speaker = SPEAKERS[client]
    asked = speaker.ask("anthropic/claude-opus-4-5", "Weather?", tools=True, stream=stream) | THINK[client]

    first, whole = await said(served, client, asked)
    await said(served, client, speaker.again(asked, whole, ["rain"]))

    assert first.reasoning == "I need the weather."
    thought, text, use = blocks_of(upstream)
    assert is_genuine(thought)
    assert (thought["thinking"], text["text"], use["input"]) == (
        "I need the weather.",
        "Let me see.",
        {"city": "Oslo"},
    )
    assert not upstream.refused


@EACH
async def test_redacted_thinking_survives(serve: Serve, client: str) -> None:
    """There is nothing to show of it, yet it has to come back."""
    served, upstream, _ = await start(serve, "anthropic")
    hidden = redacted("what nobody may read")
    content = [hidden, {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}]
    usage = {"input_tokens": 3, "output_tokens": 5}
    named = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-5"}
    upstream.will_answer(
        named | {"content": content, "stop_reason": "tool_use", "stop_sequence": None, "usage": usage}
    )
    speaker = SPEAKERS[client]
    asked = speaker.ask("anthropic/claude-opus-4-5", "Weather?", tools=True) | THINK[client]

    _, whole = await said(served, client, asked)
    await said(served, client, speaker.again(asked, whole, ["rain"]))

    assert blocks_of(upstream)[0] == hidden
    assert not upstream.refused


@STREAMED
@EACH
async def test_encrypted_reasoning_survives(serve: Serve, client: str, stream: bool) -> None:
    """OpenAI keeps nothing for us: its models go on thinking only if they get their own items back."""
    served, upstream, _ = await start(serve, "openai responses")
    upstream.will_stream("Let me see.", reasoning=["I need it."], tool_calls=CALLS)
    speaker = SPEAKERS[client]
    asked = speaker.ask("openai/gpt-5.4", "Weather?", tools=True, effort="low", stream=stream)

    _, whole = await said(served, client, asked)
    await said(served, client, speaker.again(asked, whole, ["rain"]))

    items = upstream.requests[-1].body["input"]
    [reasoning] = [item for item in items if item.get("type") == "reasoning"]
    assert reasoning["encrypted_content"] == "enc-resp_1"
    places = [item.get("type", "message") for item in items]
    assert places.index("reasoning") < places.index("function_call") < places.index("function_call_output")
    assert upstream.requests[0].body["store"] is False
    assert not upstream.refused


@STREAMED
@pytest.mark.parametrize("client", ["chat", "messages"])
async def test_reasoning_of_an_open_model_is_shown(serve: Serve, client: str, stream: bool) -> None:
    """Compatible servers tell reasoning in a field of their own; every dialect has a place for it."""
    served, upstream, model = await start(serve, "compatible")
    upstream.will_stream("42", reasoning=["Six ", "by seven."], usage={"reasoning": 2})

    answer, _ = await said(served, client, SPEAKERS[client].ask(model, "6 × 7?", stream=stream))

    assert (answer.reasoning, answer.text) == ("Six by seven.", "42")


async def test_state_that_was_changed_is_refused_by_name(serve: Serve) -> None:
    """It is a mistake of the client: the field is named, and nothing is sent on."""
    served, upstream, _ = await start(serve, "openai responses")
    upstream.will_stream("Let me see.", reasoning=["I need it."], tool_calls=CALLS)
    speaker = SPEAKERS["messages"]
    asked = speaker.ask("openai/gpt-5.4", "Weather?", tools=True, effort="low")
    _, whole = await said(served, "messages", asked)
    whole["content"][0]["signature"] = whole["content"][0]["signature"][:-9] + "!"

    answer = await served.post(speaker.path, speaker.again(asked, whole, ["rain"]))

    assert answer.status == 400
    assert answer.json["error"]["message"].startswith("messages[1].content[0].signature: ")
    assert len(upstream.requests) == 1


async def test_signed_thinking_goes_to_nobody_else(serve: Serve) -> None:
    """A conversation may change its model; another provider is not shown what only Claude can read."""
    served, upstream, _ = await start(serve, "anthropic")
    upstream.will_stream("Let me see.", reasoning=["Hm."], tool_calls=CALLS)
    speaker = SPEAKERS["chat"]
    asked = speaker.ask("anthropic/claude-opus-4-5", "Weather?", tools=True) | THINK["chat"]
    _, whole = await said(served, "chat", asked)
    other, openai, model = await start(serve, "openai")

    again = speaker.again(asked, whole, ["rain"]) | {"model": model}
    del again["thinking"]
    answer, _ = await said(other, "chat", again)

    assert "rain" in answer.text
    assert "signature" not in str(openai.requests[-1].body)
    assert not openai.refused


@STREAMED
async def test_a_client_is_told_what_another_provider_was_not_shown(serve: Serve, stream: bool) -> None:
    """The thought is gone for the rest of the conversation: whoever wonders why finds it said."""
    served, upstream, _ = await start(serve, "anthropic")
    upstream.will_stream("Let me see.", reasoning=["Hm."], tool_calls=CALLS)
    speaker = SPEAKERS["chat"]
    asked = speaker.ask("anthropic/claude-opus-4-5", "Weather?", tools=True) | THINK["chat"]
    _, whole = await said(served, "chat", asked)
    other, _, model = await start(serve, "openai")

    again = speaker.again(asked, whole, ["rain"]) | {"model": model, "stream": stream}
    del again["thinking"]
    answer = await other.post(speaker.path, again)
    plain = await other.post(speaker.path, speaker.ask(model, "Hi") | {"stream": stream})

    assert answer.headers["modelbay-dropped"] == "messages[1]: state of anthropic"
    assert "modelbay-dropped" not in plain.headers

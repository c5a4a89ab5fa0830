"""Whole tool loops over real sockets: what a family reads in one turn it can send in the next."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.described import DescribedUpstream
from tests.upstreams.ollama import OllamaUpstream

from modelbay.entities import (
    LLMResult,
    PromptMessage,
    PromptMessageTool,
    ToolPromptMessage,
    UserPromptMessage,
    fold,
)
from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.family import ChatCall, Endpoint, family
from modelbay.wires.transport import Transport

WEATHER = PromptMessageTool(
    name="weather",
    description="Tell the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
UPSTREAMS: dict[str, tuple[type[DescribedUpstream], str, dict[str, Any]]] = {
    "anthropic": (AnthropicUpstream, "claude-sonnet-4-5", {"max_tokens": 4000}),
    "cohere": (CohereUpstream, "command-a-03-2025", {}),
    "ollama": (OllamaUpstream, "qwen3:8b", {}),
}


async def answer(name: str, call: ChatCall, endpoint: Endpoint) -> LLMResult:
    """Call the upstream."""
    chat = family(name).chat
    assert chat is not None
    dialect = chat(call.options)
    request = dialect.to_request(call, endpoint)
    async with Transport() as transport:
        if not call.stream:
            return dialect.to_result(call, await transport.json(request))
        reader = dialect.to_chunks(call)
        frames = transport.events(request) if dialect.framing == "sse" else transport.lines(request)
        chunks = [chunk async for frame in frames for chunk in reader.read(frame)]
        return fold([*chunks, *reader.close()])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", UPSTREAMS)
async def test_a_tool_loop(name: str, stream: bool) -> None:
    """The fake refuses a next turn whose thinking, ids or results are not as its API wants them."""
    upstream_class, model, parameters = UPSTREAMS[name]
    async with upstream_class() as upstream:
        calls = [{"name": "weather", "arguments": {"city": city}} for city in ("Oslo", "Rome")]
        upstream.will_stream("Let me ", "see.", reasoning="Hm", tool_calls=calls)
        endpoint = Endpoint(upstream.url, {"authorization": "Bearer test-key", "x-api-key": "test-key"})
        messages: list[PromptMessage] = [UserPromptMessage(content="Weather?")]
        call = ChatCall(model, messages, {"thinking": True, **parameters}, [WEATHER], stream=stream)
        if name == "cohere":
            call = ChatCall(model, messages, parameters, [WEATHER], stream=stream)

        first = await answer(name, call, endpoint)
        messages.append(first.message)
        messages += [ToolPromptMessage(tool_call_id=each.id, content="rain") for each in first.tool_calls]
        second = await answer(name, call, endpoint)

    assert (first.text, first.reasoning, first.finish_reason) == ("Let me see.", "Hm", "tool_calls")
    assert len({each.id for each in first.tool_calls}) == 2
    assert second.finish_reason == "stop"
    assert "rain" in second.text
    assert first.usage.prompt_tokens > 0
    assert not upstream.refused


async def test_a_wrong_key_is_told_by_its_class() -> None:
    """The shared reading of failures knows this family's errors."""
    async with AnthropicUpstream() as upstream:
        call = ChatCall("claude-sonnet-4-5", [UserPromptMessage(content="Hi")], {"max_tokens": 5})
        with pytest.raises(InvokeAuthorizationError) as failed:
            await answer("anthropic", call, Endpoint(upstream.url, {"x-api-key": "wrong-key"}))

    assert (failed.value.status, failed.value.code) == (401, "authentication_error")

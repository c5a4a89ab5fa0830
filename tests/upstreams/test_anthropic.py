"""The fake of Anthropic: header rules, the sheet's refusals, genuine thinking, streams as published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.anthropic_messages import redacted, signature
from tests.upstreams.client import Got, ask
from tests.upstreams.published import as_published

PATH = "/v1/messages"
HEADERS = {"x-api-key": "test-key", "authorization": "", "anthropic-version": "2023-06-01"}
USER = {"role": "user", "content": "Hi there"}
TOOL = {
    "name": "weather",
    "description": "Tell the weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Bergen"}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "rain"}
THOUGHT = {"type": "thinking", "thinking": "Hm", "signature": signature("Hm")}
ADAPTIVE = {"type": "adaptive"}
fits = as_published("anthropic.schemas.json")


@pytest.fixture
async def upstream() -> AsyncIterator[AnthropicUpstream]:
    """Run a fake of Anthropic."""
    async with AnthropicUpstream() as running:
        yield running


async def send(upstream: AnthropicUpstream, *, model: str = "claude-opus-4-5", **fields: Any) -> Got:
    """Send a message request; a field set to None is left out."""
    body = {"model": model, "max_tokens": 64, "messages": [USER], **fields}
    return await ask(
        upstream, PATH, {name: value for name, value in body.items() if value is not None}, headers=HEADERS
    )


def loop(*first: Any, results: Any = (RESULT,)) -> list[Any]:
    """Make a tool loop: a question, the model's turn, the results."""
    return [
        USER,
        {"role": "assistant", "content": [*first, CALL]},
        {"role": "user", "content": list(results)},
    ]


GOOD: dict[str, dict[str, Any]] = {
    "plain": {"temperature": 0.5, "top_p": 0.9, "top_k": 5, "stop_sequences": ["END"], "system": "Be brief"},
    "no sampling": {"model": "claude-opus-5", "temperature": 1},
    "budget": {"max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": 1024}},
    "adaptive": {
        "model": "claude-sonnet-5",
        "thinking": {"type": "adaptive", "display": "omitted"},
        "output_config": {"effort": "max"},
    },
    "blocks": {
        "system": [{"type": "text", "text": "Be brief", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
                        "title": "a",
                        "citations": {"enabled": True},
                    },
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                    },
                    {"type": "text", "text": "What?"},
                ],
            }
        ],
        "metadata": {"user_id": "u"},
    },
    "tool loop": {
        "tools": [TOOL],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "messages": loop({"type": "text", "text": "Let me see"}),
    },
    "tool loop with thinking": {
        "model": "claude-opus-5",
        "thinking": ADAPTIVE,
        "tools": [TOOL],
        "messages": loop(THOUGHT, redacted("secret")),
    },
    "finished loop without its thinking": {
        "model": "claude-opus-5",
        "thinking": ADAPTIVE,
        "tools": [TOOL],
        "messages": [*loop(), {"role": "assistant", "content": "It rains"}, USER],
    },
    "schema": {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
}


@pytest.mark.parametrize("name", GOOD)
async def test_requests_of_the_sheet_are_taken(upstream: AnthropicUpstream, name: str) -> None:
    """Every form the sheet shows, with and without streaming."""
    whole = await send(upstream, **GOOD[name])
    stream = await send(upstream, **GOOD[name], stream=True)

    assert (whole.status, stream.status) == (200, 200), whole.body
    assert upstream.refused == []


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no max_tokens": ({"max_tokens": None}, "max_tokens"),
    "no messages": ({"messages": []}, "messages"),
    "typo": ({"temprature": 1}, "temprature"),
    "typo in a block": (
        {"messages": [{"role": "user", "content": [{"type": "text", "txt": "x", "text": "x"}]}]},
        "txt",
    ),
    "system role of OpenAI's tools": ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
    "empty text": ({"messages": [{"role": "user", "content": ""}]}, "messages.0.content"),
    "empty text block": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        "messages.0.content",
    ),
    "sampling": ({"model": "claude-opus-4-7", "temperature": 0.2}, "temperature"),
    "sampling while thinking": (
        {"top_k": 3, "max_tokens": 2048, "thinking": {"type": "enabled", "budget_tokens": 1024}},
        "top_k",
    ),
    "hot": ({"temperature": 1.5}, "temperature"),
    "small budget": (
        {"max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": 10}},
        "thinking.budget_tokens",
    ),
    "budget over the limit": ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "max_tokens"),
    "budget of a new model": (
        {
            "model": "claude-opus-5",
            "max_tokens": 4096,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        },
        "budget_tokens",
    ),
    "adaptive of an old model": ({"thinking": ADAPTIVE}, "thinking.type"),
    "thinking always": ({"model": "claude-opus-5-5", "thinking": {"type": "disabled"}}, "thinking.type"),
    "effort of an old model": ({"output_config": {"effort": "low"}}, "output_config.effort"),
    "forced tool while thinking": (
        {"model": "claude-opus-5", "thinking": ADAPTIVE, "tools": [TOOL], "tool_choice": {"type": "any"}},
        "tool_choice",
    ),
    "forced tool of a free model": (
        {"model": "claude-opus-5-5", "tools": [TOOL], "tool_choice": {"type": "tool", "name": "weather"}},
        "tool_choice",
    ),
    "five cache marks": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5,
                }
            ]
        },
        "cache_control",
    ),
    "prefill of a new model": (
        {"model": "claude-opus-5", "messages": [USER, {"role": "assistant", "content": "{"}]},
        "prefill",
    ),
    "prefill with a space": ({"messages": [USER, {"role": "assistant", "content": "a "}]}, "whitespace"),
    "result without call": ({"messages": [{"role": "user", "content": [RESULT]}]}, "tool_use_id"),
    "call without result": ({"messages": loop(results=[{"type": "text", "text": "x"}])}, "tool_use"),
    "result after text": (
        {"messages": loop(results=[{"type": "text", "text": "x"}, RESULT])},
        "come first",
    ),
    "loop without its thinking": (
        {"model": "claude-opus-5", "thinking": ADAPTIVE, "messages": loop({"type": "text", "text": "x"})},
        "Expected `thinking`",
    ),
    "altered thinking": (
        {"model": "claude-opus-5", "thinking": ADAPTIVE, "messages": loop({**THOUGHT, "thinking": "Hmm"})},
        "signature",
    ),
    "altered redaction": (
        {"messages": loop({**redacted("secret"), "data": "other.x"})},
        "signature",
    ),
}
BY_DESCRIPTION = {"typo", "typo in a block", "system role of OpenAI's tools"}


@pytest.mark.parametrize("name", BAD)
async def test_bad_requests_are_refused_by_name(upstream: AnthropicUpstream, name: str) -> None:
    """The message names the field, as the real one does."""
    if name in BY_DESCRIPTION and not upstream.described:
        pytest.skip("the published descriptions are not there")
    fields, named = BAD[name]

    got = await send(upstream, **fields)

    assert (got.status, got.json["error"]["type"]) == (400, "invalid_request_error"), got.body
    assert named in got.json["error"]["message"], got.json
    assert len(upstream.refused) == 1


async def test_the_version_header_is_required(upstream: AnthropicUpstream) -> None:
    """Every request carries it."""
    got = await ask(upstream, PATH, {}, headers={"x-api-key": "test-key"})

    assert (got.status, "anthropic-version" in got.json["error"]["message"]) == (400, True)


async def test_the_key_comes_in_its_own_header_or_as_bearer(upstream: AnthropicUpstream) -> None:
    """Gateways use a bearer token; both are checked."""
    version = {"anthropic-version": "2023-06-01"}
    bearer = await ask(upstream, "/v1/models", headers=version)
    own = await ask(upstream, "/v1/models", headers=HEADERS)
    wrong = await ask(upstream, "/v1/models", headers={**HEADERS, "x-api-key": "no"})

    assert [got.status for got in (bearer, own, wrong)] == [200, 200, 401]
    assert wrong.json["error"]["type"] == "authentication_error"
    fits(wrong.json, "ErrorResponse")


async def test_a_stream_is_as_published(upstream: AnthropicUpstream) -> None:
    """Thinking with its signature, text, a call in pieces, cumulative usage, the end."""
    upstream.will_stream(
        "Hel",
        "lo",
        reasoning=["H", "m"],
        tool_calls=[{"id": "t1", "name": "weather", "arguments": {"city": "Bergen"}}],
        usage={"in": 9, "out": 7, "cached": 3},
    )

    got = await send(upstream, model="claude-opus-5", thinking=ADAPTIVE, tools=[TOOL], stream=True)

    for name, event in got.events:
        assert name == event["type"]
        if name != "ping":
            fits(event, "RawMessageStreamEvent")
    deltas = [event["delta"] for event in got.data if event["type"] == "content_block_delta"]
    assert [delta["type"] for delta in deltas[:5]] == [
        *["thinking_delta"] * 2,
        "signature_delta",
        *["text_delta"] * 2,
    ]
    assert deltas[2]["signature"] == signature("Hm")
    assert "".join(delta.get("partial_json", "") for delta in deltas) == '{"city":"Bergen"}'
    assert sum(1 for delta in deltas if "partial_json" in delta) > 2
    assert got.data[0]["message"]["usage"]["cache_read_input_tokens"] == 3
    assert got.data[-2]["usage"] == {"output_tokens": 7}
    assert got.data[-2]["delta"]["stop_reason"] == "tool_use"
    assert "ping" in [name for name, _ in got.events]


async def test_what_it_thought_can_be_replayed(upstream: AnthropicUpstream) -> None:
    """The blocks it sends are the blocks it takes back, also with omitted thinking."""
    thinking = {"type": "adaptive", "display": "omitted"}
    upstream.will_stream(reasoning=["Hm"], tool_calls=[{"id": "t1", "name": "weather"}])
    first = await send(upstream, model="claude-opus-5", thinking=thinking, tools=[TOOL])

    turn = {"role": "assistant", "content": first.json["content"]}
    messages = [USER, turn, {"role": "user", "content": [RESULT]}]
    second = await send(upstream, model="claude-opus-5", thinking=thinking, tools=[TOOL], messages=messages)

    fits(first.json, "Message")
    assert first.json["content"][0]["thinking"] == ""
    assert second.status == 200, second.body


async def test_a_refusal_says_so(upstream: AnthropicUpstream) -> None:
    """`refusal` is a stop reason with details."""
    upstream.will_stream("No.", refusal="not this", times=2)

    whole = await send(upstream)
    stream = await send(upstream, stream=True)

    assert whole.json["stop_reason"] == stream.data[-2]["delta"]["stop_reason"] == "refusal"
    fits(whole.json, "Message")
    fits(stream.data[-2], "RawMessageStreamEvent")


async def test_counts_tokens_and_checks_the_same(upstream: AnthropicUpstream) -> None:
    """The same body without a limit."""
    path = "/v1/messages/count_tokens"
    good = await ask(upstream, path, {"model": "claude-opus-5", "messages": [USER]}, headers=HEADERS)
    bad = await ask(upstream, path, {"model": "claude-opus-5", "messages": []}, headers=HEADERS)

    assert good.json["input_tokens"] > 0
    assert bad.status == 400


async def test_lists_models_in_pages(upstream: AnthropicUpstream) -> None:
    """The cheapest check of a key asks for one."""
    first = await ask(upstream, "/v1/models?limit=1", headers=HEADERS)
    second = await ask(upstream, f"/v1/models?limit=99&after_id={first.json['last_id']}", headers=HEADERS)

    names = [entry["id"] for got in (first, second) for entry in got.json["data"]]
    assert names == list(upstream.models)
    assert (first.json["has_more"], second.json["has_more"]) == (True, False)
    fits(first.json["data"][0], "ModelInfo")

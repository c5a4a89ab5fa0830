"""The fake of Ollama: lines of JSON, tool calls as objects, capabilities that are checked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.upstreams.client import ask
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.published import as_published

USER = {"role": "user", "content": "Hi there"}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
fits = as_published("ollama.openapi.json")


@pytest.fixture
async def upstream() -> AsyncIterator[OllamaUpstream]:
    """Run a fake of Ollama."""
    async with OllamaUpstream() as running:
        yield running


def chat(**fields: Any) -> tuple[str, dict[str, Any]]:
    """Make a chat request."""
    return "/api/chat", {"model": "llama3.2", "messages": [USER], "stream": False, **fields}


GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "options": chat(
        options={"temperature": 0.1, "num_ctx": 8192, "num_predict": -1, "stop": ["x"], "top_k": 3}
    ),
    "images": chat(model="gemma3:4b", messages=[{**USER, "images": ["iVBORw0KGgo="]}], keep_alive="5m"),
    "json": chat(format="json"),
    "schema": chat(format={"type": "object", "properties": {"a": {"type": "integer"}}}),
    "thinking": chat(model="gpt-oss:20b", think="high", keep_alive=-1),
    "tool loop": chat(
        tools=[TOOL],
        messages=[
            USER,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"function": {"name": "weather", "arguments": {}}}],
            },
            {"role": "tool", "content": "rain", "tool_name": "weather", "tool_call_id": "c1"},
        ],
    ),
    "generate": (
        "/api/generate",
        {"model": "llama3.2", "prompt": "Once", "stream": False, "system": "Be brief", "raw": False},
    ),
    "embed": ("/api/embed", {"model": "nomic-embed-text", "input": ["a", "b"], "truncate": True}),
    "show": ("/api/show", {"model": "llama3.2:latest"}),
}


@pytest.mark.parametrize("name", GOOD)
async def test_requests_of_the_sheet_are_taken(upstream: OllamaUpstream, name: str) -> None:
    """No key is asked for on a local server."""
    got = await ask(upstream, *GOOD[name])

    assert (got.status, upstream.refused) == (200, []), got.body


BAD: dict[str, tuple[tuple[str, dict[str, Any]], int, str]] = {
    "typo": (chat(optoins={}), 400, "optoins"),
    "arguments as text": (
        chat(messages=[{**USER, "tool_calls": [{"function": {"name": "x", "arguments": "{}"}}]}]),
        400,
        "messages.0.tool_calls.0.function.arguments",
    ),
    "tool choice": (chat(tool_choice="auto"), 400, "tool_choice"),
    "parts": (
        chat(messages=[{"role": "user", "content": [{"type": "text", "text": "x"}]}]),
        400,
        "messages.0.content",
    ),
    "no messages": (("/api/chat", {"model": "llama3.2"}), 400, "messages"),
    "missing model": (chat(model="nope"), 404, "model 'nope' not found"),
    "tools of a model without": (chat(model="tinyllama", tools=[TOOL]), 400, "does not support tools"),
    "thinking of a model without": (chat(think=True), 400, "does not support thinking"),
    "chat with an embedder": (chat(model="nomic-embed-text"), 400, "does not support chat"),
}
BY_DESCRIPTION = {"typo", "arguments as text", "tool choice", "parts"}


@pytest.mark.parametrize("name", BAD)
async def test_bad_requests_are_refused_by_name(upstream: OllamaUpstream, name: str) -> None:
    """The error is a text, as Ollama's is."""
    if name in BY_DESCRIPTION and not upstream.described:
        pytest.skip("the published descriptions are not there")
    request, status, named = BAD[name]

    got = await ask(upstream, *request)

    assert got.status == status, got.body
    assert named in got.json["error"]
    assert len(upstream.refused) == 1


async def test_streams_by_default_in_lines(upstream: OllamaUpstream) -> None:
    """A client that forgets `stream: false` gets lines; calls come whole, counts last."""
    upstream.will_stream(
        "Hel",
        "lo",
        reasoning=["Hm"],
        tool_calls=[{"name": "weather", "arguments": {"a": 1}}],
        usage={"in": 9, "out": 2},
    )
    path, body = chat(model="qwen3:8b", think=True, tools=[TOOL])
    del body["stream"]

    got = await ask(upstream, path, body)

    assert got.headers["content-type"] == "application/x-ndjson"
    for line in got.lines:
        fits(line, "ChatStreamEvent")
    *lines, last = got.lines
    assert [line["message"].get("thinking") or line["message"]["content"] for line in lines] == [
        "Hm",
        "Hel",
        "lo",
        "",
    ]
    assert lines[-1]["message"]["tool_calls"] == [
        {"function": {"index": 0, "name": "weather", "arguments": {"a": 1}}}
    ]
    assert (last["done"], last["done_reason"], last["prompt_eval_count"], last["eval_count"]) == (
        True,
        "stop",
        9,
        2,
    )


async def test_answers_whole(upstream: OllamaUpstream) -> None:
    """One object with everything."""
    upstream.will_stream("Hi", reasoning=["Hm"], times=2)

    chatted = await ask(upstream, *chat())
    generated = await ask(upstream, *GOOD["generate"])

    fits(chatted.json, "ChatResponse")
    fits(generated.json, "GenerateResponse")
    assert chatted.json["message"] == {"role": "assistant", "content": "Hi", "thinking": "Hm"}
    assert (generated.json["response"], generated.json["thinking"]) == ("Hi", "Hm")


async def test_generates_in_lines(upstream: OllamaUpstream) -> None:
    """The text is in `response`, not in a message."""
    got = await ask(upstream, "/api/generate", {"model": "llama3.2", "prompt": "a b c", "stream": True})

    for line in got.lines:
        fits(line, "GenerateStreamEvent")
    assert "".join(line["response"] for line in got.lines) == "a b c"


async def test_keeps_to_a_schema(upstream: OllamaUpstream) -> None:
    """Structured output is real JSON."""
    got = await ask(upstream, *GOOD["schema"])

    assert got.json["message"]["content"] == '{"a":1}'


async def test_tells_about_its_models(upstream: OllamaUpstream) -> None:
    """Models are asked from the server: names, capabilities, lengths."""
    tags = await ask(upstream, "/api/tags")
    shown = await ask(upstream, *GOOD["show"])
    loaded = await ask(upstream, "/api/ps")
    version = await ask(upstream, "/api/version")

    fits(tags.json, "ListResponse")
    fits(shown.json, "ShowResponse")
    fits(loaded.json, "PsResponse")
    fits(version.json, "VersionResponse")
    assert [model["name"] for model in tags.json["models"]] == list(upstream.models)
    assert shown.json["capabilities"] == ["completion", "tools"]
    assert shown.json["model_info"]["llama.context_length"] == 32_768


async def test_embeds(upstream: OllamaUpstream) -> None:
    """One vector a text, about one long."""
    got = await ask(upstream, *GOOD["embed"])

    fits(got.json, "EmbedResponse")
    assert [len(vector) for vector in got.json["embeddings"]] == [768, 768]
    assert sum(value**2 for value in got.json["embeddings"][0]) == pytest.approx(1, abs=0.2)


async def test_can_ask_for_a_key() -> None:
    """The cloud and proxies do."""
    async with OllamaUpstream(key="secret") as upstream:
        right = await ask(upstream, "/api/tags")
        wrong = await ask(upstream, "/api/tags", headers={"authorization": "Bearer no"})

    assert (right.status, wrong.status) == (200, 401)

"""The fake of Cohere: chat with its event types, embeddings by type, rerank without documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.upstreams.client import ask
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.published import as_published

USER = {"role": "user", "content": "Hi there"}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "x", "parameters": {"type": "object"}},
}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
fits = as_published("cohere.schemas.json")


@pytest.fixture
async def upstream() -> AsyncIterator[CohereUpstream]:
    """Run a fake of Cohere."""
    async with CohereUpstream() as running:
        yield running


def chat(**fields: Any) -> tuple[str, dict[str, Any]]:
    """Make a chat request."""
    return "/v2/chat", {"model": "command-a-03-2025", "messages": [USER], **fields}


def embed(**fields: Any) -> tuple[str, dict[str, Any]]:
    """Make an embedding request."""
    body = {"model": "embed-v4.0", "input_type": "search_document", "texts": ["a", "b"], **fields}
    return "/v2/embed", {name: value for name, value in body.items() if value is not None}


def rerank(**fields: Any) -> tuple[str, dict[str, Any]]:
    """Make a rerank request."""
    return "/v2/rerank", {
        "model": "rerank-v3.5",
        "query": "red fox",
        "documents": ["dog", "red fox", "fox"],
        **fields,
    }


GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "sampling": chat(
        temperature=0.3, p=0.5, k=10, max_tokens=9, seed=1, stop_sequences=["x"], frequency_penalty=0.1
    ),
    "image": chat(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What?"},
                    {
                        "type": "image_url",
                        "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"},
                    },
                ],
            }
        ]
    ),
    "schema": chat(response_format={"type": "json_object", "json_schema": {"type": "object"}}),
    "tool loop": chat(
        tools=[TOOL],
        tool_choice="REQUIRED",
        strict_tools=True,
        messages=[
            {"role": "system", "content": "Be brief"},
            USER,
            {"role": "assistant", "tool_plan": "I look", "tool_calls": [CALL]},
            {
                "role": "tool",
                "tool_call_id": "c1",
                "content": [{"type": "document", "document": {"data": {"weather": "rain"}}}],
            },
        ],
    ),
    "thinking": chat(thinking={"type": "enabled", "token_budget": 100}, stream=True),
    "documents": chat(documents=["a", {"id": "1", "data": {"text": "b"}}], citation_options={"mode": "FAST"}),
    "texts": embed(embedding_types=["float", "int8", "base64"], output_dimension=256, truncate="NONE"),
    "image embedding": embed(texts=None, images=["data:image/png;base64,AA=="], input_type="image"),
    "mixed embedding": embed(texts=None, inputs=[{"content": [{"type": "text", "text": "a"}]}]),
    "rerank": rerank(top_n=2, max_tokens_per_doc=100),
    "tokenize": ("/v1/tokenize", {"model": "command-a-03-2025", "text": "a b"}),
}


@pytest.mark.parametrize("name", GOOD)
async def test_requests_of_the_sheet_are_taken(upstream: CohereUpstream, name: str) -> None:
    """Every form the sheet shows."""
    got = await ask(upstream, *GOOD[name])

    assert (got.status, upstream.refused) == (200, []), got.body


BAD: dict[str, tuple[tuple[str, dict[str, Any]], str]] = {
    "OpenAI's name of top_p": (chat(top_p=0.5), "top_p"),
    "auto": (chat(tools=[TOOL], tool_choice="AUTO"), "tool_choice"),
    "hot": (chat(temperature=1.5), "temperature"),
    "p of 1": (chat(p=1), "p must be"),
    "six stops": (chat(stop_sequences=list("abcdef")), "stop_sequences"),
    "schema with tools": (chat(tools=[TOOL], response_format={"type": "json_object"}), "response_format"),
    "content beside calls": (
        chat(messages=[USER, {"role": "assistant", "content": "I look", "tool_calls": [CALL]}]),
        "tool_calls",
    ),
    "result without call": (
        chat(messages=[USER, {"role": "tool", "tool_call_id": "c9", "content": "x"}]),
        "tool_call_id",
    ),
    "no messages": (chat(messages=[]), "messages"),
    "no input type": (embed(input_type=None), "input_type"),
    "wrong input type": (embed(input_type="query"), "input_type"),
    "97 texts": (embed(texts=["a"] * 97), "texts"),
    "texts and images": (embed(images=["data:image/png;base64,AA=="]), "texts"),
    "odd dimension": (embed(output_dimension=100), "output_dimension"),
    "dimension of an old model": (
        embed(model="embed-multilingual-v3.0", output_dimension=256),
        "output_dimension",
    ),
    "v1's documents": (rerank(return_documents=True), "return_documents"),
    "documents as objects": (rerank(documents=[{"text": "a"}]), "documents.0"),
    "no documents": (rerank(documents=[]), "documents"),
}
BY_DESCRIPTION = {
    "OpenAI's name of top_p",
    "auto",
    "wrong input type",
    "v1's documents",
    "documents as objects",
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_requests_are_refused_by_name(upstream: CohereUpstream, name: str) -> None:
    """The body is a message that names the field."""
    if name in BY_DESCRIPTION and not upstream.described:
        pytest.skip("the published descriptions are not there")
    request, named = BAD[name]

    got = await ask(upstream, *request)

    assert got.status == 400, got.body
    assert named in got.json["message"]
    assert len(upstream.refused) == 1


async def test_a_stream_is_as_published(upstream: CohereUpstream) -> None:
    """Thinking, then the plan, then calls in pieces, then the end with usage."""
    upstream.will_stream(
        "I ",
        "look",
        reasoning=["Hm"],
        tool_calls=[{"name": "weather", "arguments": {"city": "Bergen"}}],
        usage={"in": 9},
    )

    got = await ask(upstream, *chat(stream=True, tools=[TOOL]))

    for name, event in got.events:
        fits(event, "V2ChatStreamResponse")
        assert name == event["type"]
    kinds = [event["type"] for event in got.data]
    assert kinds[:6] == [
        "message-start",
        "content-start",
        "content-delta",
        "content-end",
        "tool-plan-delta",
        "tool-plan-delta",
    ]
    deltas = [
        event["delta"]["message"]["tool_calls"] for event in got.data if event["type"] == "tool-call-delta"
    ]
    assert "".join(delta["function"]["arguments"] for delta in deltas) == '{"city":"Bergen"}'
    assert len(deltas) > 1
    assert got.data[-1]["delta"]["finish_reason"] == "TOOL_CALL"
    assert got.data[-1]["delta"]["usage"]["billed_units"]["input_tokens"] == 9


async def test_text_is_streamed_as_content(upstream: CohereUpstream) -> None:
    """Without calls there is no plan."""
    got = await ask(upstream, *chat(stream=True))

    pieces = [
        event["delta"]["message"]["content"]["text"] for event in got.data if event["type"] == "content-delta"
    ]
    assert pieces == ["Hi", " there"]


async def test_answers_in_blocks(upstream: CohereUpstream) -> None:
    """Content is a list of blocks."""
    got = await ask(upstream, *chat(thinking={"type": "enabled"}))

    fits(got.json, "V2ChatResponse")
    assert [block["type"] for block in got.json["message"]["content"]] == ["thinking", "text"]
    assert got.json["finish_reason"] == "COMPLETE"


async def test_embeddings_are_keyed_by_type(upstream: CohereUpstream) -> None:
    """Even one type is an object."""
    got = await ask(
        upstream, *embed(embedding_types=["float", "int8", "uint8", "binary", "ubinary", "base64"])
    )

    fits(got.json, "EmbedByTypeResponse")
    lengths = {kind: len(rows[0]) for kind, rows in got.json["embeddings"].items()}
    assert lengths == {
        "float": 1536,
        "int8": 1536,
        "uint8": 1536,
        "binary": 192,
        "ubinary": 192,
        "base64": 8192,
    }


async def test_ranks_without_documents(upstream: CohereUpstream) -> None:
    """Best first, scores from 0 to 1."""
    got = await ask(upstream, *rerank())

    fits(got.json, "V2RerankResponse")
    assert [tuple(result.values()) for result in got.json["results"]] == [(1, 1.0), (2, 0.5), (0, 0.0)]


async def test_checks_keys_and_lists_models(upstream: CohereUpstream) -> None:
    """The free check, and the list by endpoint."""
    checked = await ask(upstream, "/v1/check-api-key", method="POST")
    refused = await ask(upstream, "/v1/check-api-key", {}, headers={"authorization": "Bearer no"})
    listed = await ask(upstream, "/v1/models?endpoint=rerank&page_size=1000")

    assert (checked.json["valid"], refused.status) == (True, 401)
    fits(checked.json, "CheckApiKeyResponse")
    fits(listed.json, "ListModelsResponse")
    assert [model["name"] for model in listed.json["models"]] == ["rerank-v4.0-pro", "rerank-v3.5"]

"""Faults of the answer as a raw client sees them: statuses, error bodies, spoilt streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.client import ask
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.jina import JinaUpstream
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.sdk.testing import FakeUpstream, faults

CHAT = "/v1/chat/completions"
BODY: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "one two three"}]}
STREAM = {**BODY, "stream": True}
RESPONSE = {"model": "gpt-4o", "input": "Hi", "stream": True}
FAMILIES: list[tuple[Callable[[], FakeUpstream], str, dict[str, Any], Callable[[Any], Any]]] = [
    (OpenAIUpstream, CHAT, BODY, lambda body: body["error"]["message"]),
    (
        AnthropicUpstream,
        "/v1/messages",
        {**BODY, "model": "claude-opus-5", "max_tokens": 9},
        lambda body: body["error"]["message"],
    ),
    (OllamaUpstream, "/api/chat", {**BODY, "model": "llama3.2"}, lambda body: body["error"]),
    (CohereUpstream, "/v2/chat", {**BODY, "model": "command-a-03-2025"}, lambda body: body["message"]),
    (
        JinaUpstream,
        "/v1/embeddings",
        {"model": "jina-embeddings-v3", "input": ["a"]},
        lambda body: body["detail"],
    ),
]


@pytest.fixture
async def upstream() -> AsyncIterator[OpenAIUpstream]:
    """Run a fake of OpenAI."""
    async with OpenAIUpstream() as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "header", "value"),
    [
        (faults.rate_limited(), None, None),
        (faults.rate_limited(2), "retry-after", "2"),
        (faults.rate_limited(0.5), "retry-after", "0.5"),
        (faults.rate_limited(retry_after_ms=20), "retry-after-ms", "20"),
        (
            faults.rate_limited(datetime(2026, 11, 21, tzinfo=UTC)),
            "retry-after",
            "Sat, 21 Nov 2026 00:00:00 GMT",
        ),
    ],
)
async def test_rate_limits(
    upstream: OpenAIUpstream, fault: faults.Fault, header: str | None, value: str | None
) -> None:
    """429 says when to come back in three ways, or not at all."""
    upstream.will_fail(fault)

    got = await ask(upstream, CHAT, BODY)

    assert (got.status, got.json["error"]["code"]) == (429, "rate_limit_exceeded")
    waits = {name: text for name, text in got.headers.items() if name.startswith("retry-after")}
    assert waits == ({header: value} if header else {})


@pytest.mark.parametrize(("family", "path", "body", "message_of"), FAMILIES)
@pytest.mark.parametrize("code", [400, 402, 403, 404, 409, 413, 429, 500, 502, 503, 504, 529])
async def test_each_family_has_its_own_error_body(
    family: Callable[[], FakeUpstream], path: str, body: Any, message_of: Callable[[Any], Any], code: int
) -> None:
    """Providers read the message from where their upstream puts it."""
    async with family() as upstream:
        upstream.will_fail(faults.status(code, "out of order"))
        got = await ask(upstream, path, body, headers={"anthropic-version": "2023-06-01"})

    assert (got.status, message_of(got.json)) == (code, "out of order")


async def test_answers_with_html(upstream: OpenAIUpstream) -> None:
    """Proxies answer for a server that is down."""
    upstream.will_fail(faults.html())

    got = await ask(upstream, CHAT, BODY)

    assert (got.status, got.headers["content-type"], got.body[:6]) == (502, "text/html", b"<html>")


async def test_answers_with_broken_json(upstream: OpenAIUpstream) -> None:
    """A 200 is no promise."""
    upstream.will_fail(faults.invalid_json())

    got = await ask(upstream, CHAT, BODY)

    assert got.status == 200
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(got.body)


async def test_labels_an_answer_wrongly(upstream: OpenAIUpstream) -> None:
    """The body is good, the label is not."""
    upstream.will_fail(faults.wrong_content_type())

    got = await ask(upstream, CHAT, BODY)

    assert (got.status, got.headers["content-type"]) == (200, "text/html")
    assert got.json["choices"]


async def test_puts_an_error_into_a_200(upstream: OpenAIUpstream) -> None:
    """Some gateways never say anything but 200."""
    upstream.will_fail(faults.error_in_200("busy"))

    got = await ask(upstream, CHAT, STREAM)

    assert (got.status, got.json["error"]["message"]) == (200, "busy")


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_puts_an_error_into_a_stream(upstream: OpenAIUpstream, after: int) -> None:
    """The error is the last thing in the stream."""
    upstream.will_fail(faults.error_event(after, "busy"))

    got = await ask(upstream, CHAT, STREAM)

    assert len(got.data) == after + 1
    assert got.data[-1]["error"]["message"] == "busy"


@pytest.mark.parametrize(
    ("family", "path", "body", "sign"),
    [
        (OpenAIUpstream, CHAT, {**STREAM, "stream_options": {"include_usage": True}}, b'"usage"'),
        (OpenAIUpstream, "/v1/responses", RESPONSE, b'"usage"'),
        (
            AnthropicUpstream,
            "/v1/messages",
            {**STREAM, "model": "claude-opus-5", "max_tokens": 9},
            b'"usage":{"output_tokens"',
        ),
        (OllamaUpstream, "/api/chat", {**STREAM, "model": "llama3.2"}, b"eval_count"),
        (CohereUpstream, "/v2/chat", {**STREAM, "model": "command-a-03-2025"}, b"billed_units"),
    ],
)
async def test_leaves_out_the_usage_of_a_stream(
    family: Callable[[], FakeUpstream], path: str, body: Any, sign: bytes
) -> None:
    """The same stream with usage proves that the sign is the right one."""
    headers = {"anthropic-version": "2023-06-01"}
    async with family() as upstream:
        whole = await ask(upstream, path, body, headers=headers)
        upstream.will_fail(faults.no_usage())
        spoilt = await ask(upstream, path, body, headers=headers)

    assert sign in whole.body
    assert sign not in spoilt.body


@pytest.mark.parametrize(
    ("family", "path", "body", "sign"),
    [
        (OpenAIUpstream, CHAT, STREAM, b"[DONE]"),
        (OpenAIUpstream, CHAT, STREAM, b'"finish_reason":"stop"'),
        (
            OpenAIUpstream,
            "/v1/responses",
            {"model": "gpt-4o", "input": "Hi", "stream": True},
            b"response.completed",
        ),
        (
            AnthropicUpstream,
            "/v1/messages",
            {**STREAM, "model": "claude-opus-5", "max_tokens": 9},
            b"message_stop",
        ),
        (OllamaUpstream, "/api/chat", {**STREAM, "model": "llama3.2"}, b'"done":true'),
        (CohereUpstream, "/v2/chat", {**STREAM, "model": "command-a-03-2025"}, b"message-end"),
    ],
)
async def test_leaves_out_the_end_of_a_stream(
    family: Callable[[], FakeUpstream], path: str, body: Any, sign: bytes
) -> None:
    """The chunked encoding ends well; only the dialect's own end is missing."""
    headers = {"anthropic-version": "2023-06-01"}
    async with family() as upstream:
        whole = await ask(upstream, path, body, headers=headers)
        upstream.will_fail(faults.no_end())
        spoilt = await ask(upstream, path, body, headers=headers)

    assert sign in whole.body
    assert sign not in spoilt.body


async def test_answers_with_nothing(upstream: OpenAIUpstream) -> None:
    """A 200 with an empty body."""
    upstream.will_fail(faults.empty())

    got = await ask(upstream, CHAT, BODY)

    assert (got.status, got.headers["content-length"], got.body) == (200, "0", b"")

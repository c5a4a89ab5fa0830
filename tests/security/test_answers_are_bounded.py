"""CVE-2024-8984 from the other side: an upstream's answer, too, is checked before it is worth anything."""

from __future__ import annotations

from typing import Any

import pytest
from tests.security.conftest import openai
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, InvokeError, TransportSettings

SMALL = TransportSettings(trust_env=False, retries=0, max_answer=100_000, max_line=10_000)
MODEL = "openai/gpt-4.1-mini"
DEEP = 200_000


async def failure_of(upstream: OpenAIUpstream, method: str, *args: Any) -> InvokeError:
    async with AsyncModelbay(openai(upstream), environment=False, transport=SMALL) as bay:
        with pytest.raises(InvokeError) as caught:
            if method == "stream":
                async for _ in bay.llm(MODEL).stream(*args):
                    pass
            elif method == "invoke":
                await bay.llm(MODEL).invoke(*args)
            else:
                await getattr(bay, method)(*args)
        error: InvokeError = caught.value
    assert len(str(error)) < 3000
    return error


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b"[" * DEEP,
        b'{"choices": [{"message": {"content": "' + b"x" * 200_000 + b'"}}]}',
    ],
    ids=["deep list", "deep object", "never closed", "large"],
)
async def test_a_deep_or_large_answer_is_an_error(upstream: OpenAIUpstream, body: bytes) -> None:
    """Not a crash of the parser, and not all the memory."""
    upstream.will_answer(body=body)
    await failure_of(upstream, "invoke", "Hi")


@pytest.mark.parametrize("depth", [2_000, 40_000])
@pytest.mark.parametrize("shape", ["answer", "error"])
async def test_a_deep_answer_within_the_size_is_an_error_too(
    upstream: OpenAIUpstream, depth: int, shape: str
) -> None:
    """Python's own recursion must not be what stops it."""
    nested = b"[" * depth + b"]" * depth
    if shape == "answer":
        upstream.will_answer(body=b'{"choices": ' + nested + b"}")
    else:
        upstream.will_answer(body=b'{"error": {"message": ' + nested + b"}}", status=400)
    await failure_of(upstream, "invoke", "Hi")


@pytest.mark.parametrize(
    "events",
    [
        [b"data: " + b"x" * 50_000],
        [b"x" * 9_000] * 5,
        [b'data: {"choices": ' + b"[" * 4_000 + b"]" * 4_000 + b"}\n\n"],
        [b"data: " + b"9" * 9_000 + b"\n\n"],
    ],
    ids=["one line without end", "in pieces", "deep", "digits"],
)
async def test_an_event_without_end_or_bottom_is_an_error(
    upstream: OpenAIUpstream, events: list[bytes]
) -> None:
    """A stream is bounded by its events, as it may be long for good reason."""
    upstream.will_answer(events=events)
    await failure_of(upstream, "stream", "Hi")


async def test_a_large_error_page_is_cut(upstream: OpenAIUpstream) -> None:
    """A message is for people; 2,000 characters of it are enough."""
    upstream.will_answer({"error": {"message": "x" * 90_000}}, status=500)
    assert "xxx" in str(await failure_of(upstream, "invoke", "Hi"))


async def test_a_large_list_of_vectors_is_refused(upstream: OpenAIUpstream) -> None:
    """Every kind of answer goes through the same gate."""
    upstream.will_answer(body=b'{"data": [' + b"1," * 100_000 + b"1]}", times=None)
    await failure_of(upstream, "embed", "openai/text-embedding-3-small", ["Hi"])


@pytest.mark.parametrize(
    "value", ["null", "[]", "5", '"text"', "{}", '{"choices": []}', '{"object": "chat.completion"}']
)
@pytest.mark.parametrize("method", ["invoke", "stream"])
async def test_an_answer_of_another_shape_is_an_error(
    upstream: OpenAIUpstream, value: str, method: str
) -> None:
    """Never an AttributeError with a traceback, and never a good answer."""
    if method == "stream":
        upstream.will_answer(events=[f"data: {value}\n\n".encode()])
    else:
        upstream.will_answer(body=value.encode())
    async with AsyncModelbay(openai(upstream), environment=False, transport=SMALL) as bay:
        with pytest.raises(InvokeError):
            if method == "stream":
                async for _ in bay.llm(MODEL).stream("Hi"):
                    pass
            else:
                await bay.llm(MODEL).invoke("Hi")

"""The fakes of servers that people run themselves: what each takes, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.upstreams.client import ask
from tests.upstreams.gpustack import GPUStackUpstream
from tests.upstreams.localai import LocalAIUpstream
from tests.upstreams.vllm import CONTEXT, VLLMUpstream
from tests.upstreams.xinference import XinferenceUpstream

from modelbay.sdk.testing import FakeUpstream

USER = [{"role": "user", "content": "Hi there"}]
CHAT, RERANK, EMBED = "/v1/chat/completions", "/v1/rerank", "/v1/embeddings"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def chat(model: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    """Make a chat request."""
    return CHAT, {"model": model, "messages": USER, **fields}


def rerank(model: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    """Make a rerank request."""
    return RERANK, {"model": model, "query": "red fox", "documents": ["dog", "red fox"], **fields}


GOOD: list[tuple[Callable[[], FakeUpstream], tuple[str, dict[str, Any]]]] = [
    (XinferenceUpstream, chat("chat-uid", chat_template_kwargs={"enable_thinking": True}, thinking=True)),
    (XinferenceUpstream, rerank("rank-uid", top_n=1, return_documents=False, kwargs="{}")),
    (GPUStackUpstream, rerank("bge-reranker", top_n=2)),
    (VLLMUpstream, chat("served", structured_outputs={"regex": "a+"}, min_tokens=1, top_k=-1)),
    (lambda: VLLMUpstream(server="guided"), chat("served", guided_regex="a+")),
    (lambda: VLLMUpstream(server="sglang"), chat("served", ebnf="root ::= 'a'")),
    (VLLMUpstream, (EMBED, {"model": "embed", "messages": USER, "continue_final_message": True})),
    (LocalAIUpstream, chat("llama", repeat_penalty=1.1, grammar="root ::= 'a'", reasoning_effort="low")),
    (LocalAIUpstream, rerank("ranker", top_n=1)),
    (LocalAIUpstream, ("/v1/audio/speech", {"model": "piper", "input": "Hi", "voice": "amy"})),
]


@pytest.mark.parametrize(("fake", "request_"), GOOD)
async def test_requests_of_the_sheet_are_taken(
    fake: Callable[[], FakeUpstream], request_: tuple[str, dict[str, Any]]
) -> None:
    """Every form that the sheet shows."""
    async with fake() as upstream:
        got = await ask(upstream, *request_)

    assert (got.status, upstream.refused) == (200, []), got.body


BAD: list[tuple[Callable[[], FakeUpstream], tuple[str, dict[str, Any]], int, str]] = [
    (XinferenceUpstream, chat("typo"), 400, "Model not found in the model list, uid: typo"),
    (XinferenceUpstream, chat("chat-uid", temprature=1), 400, "temprature"),
    (XinferenceUpstream, rerank("rank-uid", topn=1), 422, "topn"),
    (GPUStackUpstream, chat("typo"), 404, "not found"),
    (GPUStackUpstream, rerank("bge-reranker"), 422, "top_n"),
    (VLLMUpstream, chat("typo"), 404, "does not exist"),
    (VLLMUpstream, chat("served", guided_regex="a+"), 400, "guided_regex"),
    (VLLMUpstream, chat("served", max_tokens=CONTEXT + 1), 400, "maximum context length"),
    (VLLMUpstream, (EMBED, {"model": "embed", "input": ["a"], "dimensions": 8}), 400, "matryoshka"),
    (lambda: VLLMUpstream(tool_parser=False), chat("served", tools=[TOOL]), 400, "tool-call-parser"),
    (LocalAIUpstream, chat("typo"), 404, "not found"),
    (LocalAIUpstream, chat("llama", temprature=1), 400, "temprature"),
    (LocalAIUpstream, rerank("ranker", return_documents=True), 400, "return_documents"),
]


@pytest.mark.parametrize(("fake", "request_", "status", "words"), BAD)
async def test_what_the_server_would_refuse_is_refused(
    fake: Callable[[], FakeUpstream], request_: tuple[str, dict[str, Any]], status: int, words: str
) -> None:
    """A fake that takes anything proves nothing."""
    async with fake() as upstream:
        got = await ask(upstream, *request_)
        if not upstream.described and words in {"temprature", "return_documents", "guided_regex"}:
            pytest.skip("the published description is not beside this checkout")

    assert got.status == status
    assert words in got.body.decode()
    assert upstream.refused


@pytest.mark.parametrize(
    ("fake", "place"),
    [
        (XinferenceUpstream, ("detail",)),
        (GPUStackUpstream, ("error", "message")),
        (VLLMUpstream, ("error", "message")),
        (lambda: VLLMUpstream(server="guided"), ("message",)),
        (lambda: LocalAIUpstream(key="k"), ("error", "message")),
    ],
)
async def test_errors_have_the_shape_of_the_server(
    fake: Callable[[], FakeUpstream], place: tuple[str, ...]
) -> None:
    """Each keeps its words somewhere else."""
    async with fake() as upstream:
        upstream.key = None
        told: Any = (await ask(upstream, *chat("typo"))).json
    for name in place:
        told = told[name]

    assert "typo" in told


async def test_a_stream_of_xinference_has_pings_and_windows_line_ends() -> None:
    """Its server library sends both; a reader that splits at LF LF never sees an event."""
    async with XinferenceUpstream() as upstream:
        got = await ask(upstream, *chat("chat-uid", stream=True))

    assert b"\r\n\r\n" in got.body
    assert b"\n\n" not in got.body.replace(b"\r\n", b"")
    assert got.body.startswith(b": ")


async def test_a_wrong_key_of_vllm_is_one_word() -> None:
    """The refusal is its middleware's and no error object."""
    async with VLLMUpstream(key="right") as upstream:
        got = await ask(upstream, *chat("served"), headers={"authorization": "Bearer wrong"})

    assert (got.status, got.json) == (401, {"error": "Unauthorized"})

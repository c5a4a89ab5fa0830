"""The fake of OpenAI answers as published, in every endpoint."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from struct import unpack

import pytest
from tests.upstreams.client import ask, form
from tests.upstreams.made_up import TRANSCRIPT
from tests.upstreams.openai import OpenAIUpstream
from tests.upstreams.openai_requests import GOOD, TOOL, chat
from tests.upstreams.published import as_published

fits = as_published("openai.openapi.json")


@pytest.fixture
async def upstream() -> AsyncIterator[OpenAIUpstream]:
    """Run a fake of OpenAI itself."""
    async with OpenAIUpstream() as running:
        yield running


async def test_echoes_with_usage(upstream: OpenAIUpstream) -> None:
    """Without a script the fake is useful by itself."""
    got = await ask(upstream, *chat())

    assert got.json["choices"][0]["message"]["content"] == "Hi there"
    assert got.json["usage"]["total_tokens"] > got.json["usage"]["completion_tokens"] == 2
    fits(got.json, "CreateChatCompletionResponse")


async def test_a_stream_is_as_described(upstream: OpenAIUpstream) -> None:
    """Every chunk, tool calls and refusals too, must be what the published schema says."""
    upstream.will_stream(
        "Hel",
        "lo",
        tool_calls=[{"name": "weather", "arguments": {"city": "Bergen"}}],
        refusal="No.",
        usage={"in": 9, "out": 2},
    )

    got = await ask(
        upstream, *chat(stream=True, stream_options={"include_usage": True}, logprobs=True, top_logprobs=1)
    )

    *chunks, done = got.data
    for chunk in chunks:
        fits(chunk, "CreateChatCompletionStreamResponse")
    assert done == "[DONE]"
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["prompt_tokens"] == 9
    calls = [call for chunk in chunks[:-1] for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert calls[0]["function"] == {"name": "weather", "arguments": ""}
    assert len(calls) > 2
    assert "".join(call["function"]["arguments"] for call in calls) == '{"city":"Bergen"}'


async def test_a_stream_has_usage_only_when_asked(upstream: OpenAIUpstream) -> None:
    """OpenAI sends no usage at all unless `stream_options` says so."""
    got = await ask(upstream, *chat(stream=True))

    assert all("usage" not in chunk for chunk in got.data[:-1])


async def test_reasoning_comes_first_and_in_the_chosen_key() -> None:
    """Compatible servers do not agree on the key."""
    async with OpenAIUpstream(compatible=True, reasoning_key="reasoning") as upstream:
        upstream.will_stream("42", reasoning=["Let ", "me think"])
        got = await ask(upstream, *chat("qwq", stream=True))

    deltas = [chunk["choices"][0]["delta"] for chunk in got.data[:-1]]
    assert [delta.get("reasoning") or delta.get("content") for delta in deltas[1:4]] == [
        "Let ",
        "me think",
        "42",
    ]


async def test_a_compatible_server_takes_its_own_keys_and_reranks() -> None:
    """Its models are not OpenAI's, so that OpenAI's rules about models do not hold."""
    async with OpenAIUpstream(compatible=True, key=None) as upstream:
        first = await ask(upstream, *chat("gpt-5.4", max_tokens=5, enable_thinking=True))
        second = await ask(
            upstream,
            "/v1/rerank",
            {"model": "r", "query": "red fox", "documents": ["a dog", "a red fox"], "top_n": 1},
        )

    assert first.status == 200, first.body
    assert [result["index"] for result in second.json["results"]] == [1]
    assert upstream.refused == []


@pytest.mark.parametrize(
    ("quirk", "sign"),
    [
        ("comments", b": keep-alive\n\ndata: "),
        ("crlf", b"\r\n\r\n"),
        ("no-space", b"data:{"),
        ("usage-on-every-chunk", b'"usage":{'),
        ("usage-in-choice", b'"finish_reason":"tool_calls","usage":{'),
        ("whole-tool-call", b'"arguments":"{\\"city\\":1}"'),
        ("no-index", b'"tool_calls":[{"id":"call_0","function":{"arguments":'),
    ],
)
async def test_habits_of_other_servers_can_be_switched_on(quirk: str, sign: bytes) -> None:
    """Providers meet these in the field, so that tests need them."""
    async with OpenAIUpstream(compatible=True, quirks=[quirk]) as upstream:
        upstream.will_stream("Hi", tool_calls=[{"name": "weather", "arguments": {"city": 1}}])
        got = await ask(upstream, *chat("any", stream=True))

    assert sign in got.body


async def test_an_unknown_quirk_is_an_error() -> None:
    """A misspelt quirk would make a test prove nothing."""
    with pytest.raises(ValueError, match="nope"):
        OpenAIUpstream(quirks=["nope"])


async def test_calls_the_tool_that_is_forced(upstream: OpenAIUpstream) -> None:
    """The demo needs a tool call without a script."""
    got = await ask(upstream, *chat(tools=[TOOL], tool_choice="required"))

    choice = got.json["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {
        "name": "weather",
        "arguments": '{"city":"Hi there"}',
    }
    fits(got.json, "CreateChatCompletionResponse")


async def test_stops_at_the_limit(upstream: OpenAIUpstream) -> None:
    """A cut answer says so."""
    got = await ask(upstream, *chat(max_tokens=1))

    choice = got.json["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Hi", "length")


async def test_response_events_are_as_described(upstream: OpenAIUpstream) -> None:
    """Reasoning, text, a call and the terminal event, each as published."""
    upstream.will_stream(
        "Hel", "lo", reasoning=["Hm"], tool_calls=[{"name": "weather", "arguments": '{"a":1}'}]
    )

    got = await ask(upstream, "/v1/responses", {"model": "gpt-5.4", "input": "Hi", "stream": True})

    for name, event in got.events:
        fits(event, "ResponseStreamEvent")
        assert name == event["type"]
    assert [event["sequence_number"] for event in got.data] == list(range(len(got.data)))
    assert got.data[-1]["type"] == "response.completed"
    assert [item["type"] for item in got.data[-1]["response"]["output"]] == [
        "reasoning",
        "message",
        "function_call",
    ]
    assert got.data[-1]["response"]["usage"]["output_tokens_details"]["reasoning_tokens"] == 1


@pytest.mark.parametrize(
    ("finish", "status"), [(None, "completed"), ("length", "incomplete"), ("failed", "failed")]
)
async def test_a_response_says_how_it_ended(
    upstream: OpenAIUpstream, finish: str | None, status: str
) -> None:
    """The terminal event is named after the status."""
    upstream.will_stream("x", finish_reason=finish, times=2)
    body = {"model": "gpt-4o", "input": "Hi"}

    whole = await ask(upstream, "/v1/responses", body)
    stream = await ask(upstream, "/v1/responses", {**body, "stream": True})

    assert whole.json["status"] == status
    assert stream.data[-1]["type"] == f"response.{status}"
    fits(whole.json, "Response")


async def test_vectors_are_the_same_in_both_encodings(upstream: OpenAIUpstream) -> None:
    """Base64 holds little-endian float32 of the same numbers."""
    body = {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 4}

    floats = await ask(upstream, "/v1/embeddings", {**body, "encoding_format": "float"})
    packed = await ask(upstream, "/v1/embeddings", {**body, "encoding_format": "base64"})

    fits(floats.json, "CreateEmbeddingResponse")
    for row, other in zip(floats.json["data"], packed.json["data"], strict=True):
        assert unpack("<4f", b64decode(other["embedding"])) == pytest.approx(row["embedding"])
    assert floats.json["data"][0]["embedding"] != floats.json["data"][1]["embedding"]


async def test_moderation_flags_a_word(upstream: OpenAIUpstream) -> None:
    """One result a text, in order."""
    got = await ask(upstream, *GOOD["moderation"])

    assert [result["flagged"] for result in got.json["results"]] == [True, False]
    fits(got.json, "CreateModerationResponse")


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("json", b'{"text":"'),
        ("text", b"Hello"),
        ("srt", b"1\n00:"),
        ("vtt", b"WEBVTT"),
        ("verbose_json", b'{"task"'),
    ],
)
async def test_transcribes_in_every_format(upstream: OpenAIUpstream, kind: str, start: bytes) -> None:
    """Each format of the first transcriber."""
    body, headers = form({"model": "whisper-1", "response_format": kind}, ("a.mp3", b"\xff\xfb"))

    got = await ask(upstream, "/v1/audio/transcriptions", body, headers=headers)

    assert got.status == 200, got.body
    assert got.body.startswith(start)
    assert TRANSCRIPT.encode() in got.body


async def test_hears_what_it_has_spoken(upstream: OpenAIUpstream) -> None:
    """Speech read back shows both ends of a demo."""
    speech = await ask(upstream, *GOOD["speech"])
    body, headers = form({"model": "gpt-4o-transcribe"}, ("a.wav", speech.body))

    got = await ask(upstream, "/v1/audio/transcriptions", body, headers=headers)

    assert got.json["text"] == "Hi"
    assert speech.headers["content-type"] == "audio/wav"
    assert [part.name for part in upstream.requests[-1].parts] == ["model", "file"]


async def test_lists_its_models(upstream: OpenAIUpstream) -> None:
    """The cheapest check of a key."""
    got = await ask(upstream, "/v1/models")
    one = await ask(upstream, f"/v1/models/{got.json['data'][0]['id']}")

    fits(got.json, "ListModelsResponse")
    assert one.json == got.json["data"][0]
    assert (await ask(upstream, "/v1/models/nope")).status == 404

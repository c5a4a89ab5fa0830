"""Servers that may write their reasoning into the text are in the fast lane too: the answer decides."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.gateway.behind import BEHIND, STREAMED
from tests.gateway.conftest import Serve
from tests.gateway.speakers import CHAT
from tests.gateway.test_lanes import Script, same, seen

from modelbay.sdk.testing import faults

MODEL = BEHIND["compatible"][2]
CALLS = [{"name": "weather", "arguments": {"city": "Oslo"}}]
LIFE: list[str] = ["4", "2"]

# By what the server says: the pieces of its text, and the reasoning and the text that the client is told.
ANSWERS: dict[str, tuple[list[str], str, str]] = {
    "a think block": (["<think>", "\nLet me", " see.\n", "</think>", "\n\n", "4", "2"], "Let me see.", "42"),
    "in one piece": (["<think>Hm.</think>42"], "Hm.", "42"),
    "in small pieces": ([*"\n <think>Hm.</think>42"], "Hm.", "42"),
    "an empty block": (["<think>\n\n</think>\n\n", "42"], "", "42"),
    "a block without an end": (["<think>Hm.", " Hm."], "Hm. Hm.", ""),
    "nearly a block": (["<thin", "king> is hard"], "", "<thinking> is hard"),
    "half a tag": (["<thi"], "", "<thi"),
    "a tag in the middle": (["So: <think>", "no</think>"], "", "So: <think>no</think>"),
    "white space": (["\n\n", "42"], "", "\n\n42"),
    "nothing but white space": (["\n", " "], "", "\n "),
    "plain text": (["4", "2"], "", "42"),
}


def saying(*pieces: str, **more: Any) -> Script:
    def script(upstream: Any) -> None:
        upstream.will_stream(*pieces, **more)

    return script


@STREAMED
@pytest.mark.parametrize("kind", ANSWERS)
async def test_reasoning_in_the_text_is_reasoning(serve: Serve, kind: str, stream: bool) -> None:
    """In both lanes, however the text was cut; and the ledger has the same."""
    pieces, reasoning, text = ANSWERS[kind]

    found = await same(serve, "compatible", CHAT.ask(MODEL, "6 × 7?", stream=stream), saying(*pieces))

    said = CHAT.read(found.answer)
    assert (said.reasoning, said.text) == (reasoning, text)
    assert found.record["status"] == 200


@STREAMED
async def test_calls_after_a_think_block(serve: Serve, stream: bool) -> None:
    """The other half of the answer goes the same way."""
    body = CHAT.ask(MODEL, "Weather?", tools=True, stream=stream)

    found = await same(serve, "compatible", body, saying("<think>Oslo?</think>", tool_calls=CALLS))

    said = CHAT.read(found.answer)
    assert (said.reasoning, said.calls, said.finish) == (
        "Oslo?",
        [("weather", {"city": "Oslo"})],
        "tool_calls",
    )


@STREAMED
@pytest.mark.parametrize("kind", ["calls", "reasoning", "a refusal"])
async def test_answers_that_begin_otherwise(serve: Serve, kind: str, stream: bool) -> None:
    """They need not wait for a text that may never come."""
    kinds: dict[str, dict[str, Any]] = {
        "calls": {"tool_calls": CALLS},
        "reasoning": {"reasoning": ["Hm.", " Hm."]},
        "a refusal": {"refusal": "No."},
    }
    says = kinds[kind]
    pieces = LIFE if kind == "reasoning" else []

    await same(serve, "compatible", CHAT.ask(MODEL, "Hi", tools=True, stream=stream), saying(*pieces, **says))


@STREAMED
async def test_reasoning_by_another_name(serve: Serve, stream: bool) -> None:
    """Some servers say `reasoning`; our clients find it where they look."""

    def script(upstream: Any) -> None:
        upstream.style = type(upstream.style)("reasoning")
        upstream.will_stream(*LIFE, reasoning=["Hm.", " Hm."])

    found = await same(serve, "compatible", CHAT.ask(MODEL, "6 × 7?", stream=stream), script)

    assert (CHAT.read(found.answer).reasoning, CHAT.read(found.answer).text) == ("Hm. Hm.", "42")


@pytest.mark.parametrize("asked", [True, False])
async def test_usage_of_a_translated_stream(serve: Serve, asked: bool) -> None:
    """It is priced in any case, and told to clients that ask for it."""
    body = CHAT.ask(MODEL, "6 × 7?", stream=True) | {"stream_options": {"include_usage": asked}}

    found = await same(
        serve, "compatible", body, saying("<think>Hm.</think>", *LIFE, usage={"in": 100, "out": 40})
    )

    assert (found.record["prompt_tokens"], found.record["completion_tokens"]) == (100, 40)
    assert bool(found.answer.get("usage")) is asked


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
@pytest.mark.parametrize("place", [2, 4, 6])
async def test_an_error_in_a_stream(serve: Serve, lanes: bool, place: int) -> None:
    """Before, in and after the think block: what was said before it is not lost."""

    def script(upstream: Any) -> None:
        upstream.will_stream("<think>", "Hm.", "</think>", *LIFE)
        upstream.will_fail(faults.error_event(place))

    found = await seen(serve, "compatible", CHAT.ask(MODEL, "Hi", stream=True), script, lanes=lanes)

    assert "overloaded" in found.answer["error"]["message"]
    assert found.record["error"] == "InvokeServerUnavailableError"


async def test_a_stream_that_is_cut_off(serve: Serve) -> None:
    """A thought that nobody ended is no answer."""

    def script(upstream: Any) -> None:
        upstream.will_stream("<think>", "Hm.", "</think>", *LIFE)
        upstream.will_fail(faults.no_end())

    found = await same(serve, "compatible", CHAT.ask(MODEL, "Hi", stream=True), script)

    assert found.record["status"] == 502


@STREAMED
async def test_a_thought_that_comes_back(serve: Serve, stream: bool) -> None:
    """Clients keep answers of other gateways, think blocks and all: servers do not want them back."""
    body = CHAT.ask(MODEL, "Hi", stream=stream)
    body["messages"] += [
        {"role": "assistant", "content": "<think>Hm.</think>Hello."},
        {"role": "user", "content": "And?"},
    ]

    found = await same(serve, "compatible", body)

    assert found.sent["messages"][1]["content"] == "Hello."


async def test_sound_goes_as_the_server_takes_it(serve: Serve) -> None:
    """Such a message is not what its client wrote; the others of the conversation are."""
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    body = CHAT.ask(MODEL, "Hi")
    body["messages"] = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, sound]}]

    found = await same(serve, "compatible", body)

    assert found.sent["messages"][0]["content"][1]["type"] == "image_url"


async def test_the_lane_is_taken(serve: Serve) -> None:
    """What only the upstream knows arrives, in its order and spacing."""
    raw = b'{"choices": [{"index":0, "message":{"content":"Hi","new":[1.50]},"finish_reason":"stop"}] ,"x":1}'
    served = await serve("compatible")
    served.upstreams["compatible"].will_answer(body=raw)

    answer = await served.post(CHAT.path, CHAT.ask(MODEL, "Hi"))

    assert answer.body == raw


async def test_a_stream_is_passed_on_event_by_event(serve: Serve) -> None:
    """The upstream's own id is on all of it, also on what was held back."""
    served = await serve("compatible")
    served.upstreams["compatible"].will_stream(" ", "Hi ", "you")

    answer = await served.post(CHAT.path, CHAT.ask(MODEL, "Hi", stream=True))

    [named] = {event["id"] for event in answer.events if event != "[DONE]"}
    assert not named.endswith(answer.headers["x-request-id"])
    assert json.dumps(answer.events).count('"content": ') == 4


@pytest.mark.parametrize("encoding", [None, "float", "base64"])
async def test_vectors_of_such_servers(serve: Serve, encoding: str | None) -> None:
    """Their encoding is the client's, whatever the server is able to write."""
    body: dict[str, Any] = {"model": MODEL, "input": ["one", "two"]} | (
        {"encoding_format": encoding} if encoding else {}
    )
    told = []
    for lanes in (True, False):
        served = await serve("compatible", lanes=lanes)
        answer = await served.post("/v1/embeddings", body)
        told.append(
            (answer.status, [each["embedding"] for each in answer.json["data"]], answer.json["usage"])
        )

    assert told[0] == told[1]
    assert isinstance(told[0][1][0], str) is (encoding == "base64")

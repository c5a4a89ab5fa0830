"""The fast lane is an optimisation: whoever looks at both sides of the gateway sees no difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from tests.gateway.behind import BEHIND, STREAMED
from tests.gateway.client import Answer
from tests.gateway.conftest import Serve
from tests.gateway.speakers import CHAT, MESSAGES, PNG, Speaker

from modelbay.sdk.testing import faults

SAME: dict[str, Speaker] = {"openai": CHAT, "anthropic": MESSAGES, "compatible": CHAT}
OF_THE_CALL = ("id", "at", "key_id", "latency", "first_token")
OF_THE_ANSWER = ("id", "created", "request_id")
HEADERS = ("content-type", "modelbay-model", "modelbay-price", "modelbay-dropped", "retry-after")
TURNS = [
    {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]},
    {"role": "user", "content": [{"type": "text", "text": "Again: weather?"}]},
]
ANSWERED: dict[Any, list[Any]] = {
    CHAT: [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ],
    MESSAGES: [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "rain"}]},
    ],
}


class Seen(NamedTuple):
    """What can be seen of a call from both sides."""

    status: int
    answer: Any
    headers: dict[str, str]
    sent: Any
    record: dict[str, Any]


Script = Callable[[Any], None]


def nothing(upstream: Any) -> None:
    """Let the fake answer by itself."""


def bare(value: Any) -> Any:
    """Return an answer without what differs from call to call, and without fields that say nothing."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: bare(each) for name, each in value.items() if name not in OF_THE_ANSWER}
    return {name: each for name, each in kept.items() if each not in (None, 0, {}, [])}


async def seen(serve: Serve, family: str, body: Any, script: Script, *, lanes: bool) -> Seen:
    """Make a call, and return all that can be seen of it."""
    served = await serve(family, lanes=lanes)
    upstream, speaker = served.upstreams[family], SAME[family]
    script(upstream)
    answer = await served.post(speaker.path, body, user_agent="a client/1")
    [record] = await served.records()
    told: Any = bare(shown(speaker, answer))
    headers = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    sent = json.loads(upstream.requests[-1].raw) if upstream.requests else None
    kept = {name: value for name, value in record.items() if name not in OF_THE_CALL}
    return Seen(answer.status, told, headers, sent and {"stream": False, **sent}, kept)


def shown(speaker: Any, answer: Answer) -> Any:
    """Return what a client makes of an answer; of a stream that failed, its last event."""
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return answer.json
    if "error" in answer.events[-1]:
        return answer.events[-1]
    return speaker.whole(answer)


async def same(serve: Serve, family: str, body: Any, script: Script = nothing) -> Seen:
    """Make a call in both lanes; return what was seen if that is the same. Estimates need not be."""
    fast = await seen(serve, family, body, script, lanes=True)
    slow = await seen(serve, family, body, script, lanes=False)
    if slow.record["estimated"]:
        fast.record.update(
            {name: slow.record[name] for name in ("prompt_tokens", "completion_tokens", "price")}
        )
    assert fast == slow
    return fast


ASKED: dict[str, dict[str, Any]] = {
    "text": {},
    "parameters": {"temperature": 0.5},
    "a limit": {"limit": 2},
    "stop sequences": {"stop": ["weather"]},
    "tools": {"tools": True},
    "a schema": {"schema": True},
    "an image": {"image": True},
}


@STREAMED
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("family", SAME)
async def test_good_calls(serve: Serve, family: str, asked: str, stream: bool) -> None:
    """Same answer, same headers, same request to the upstream, same line in the ledger."""
    speaker, wishes = SAME[family], ASKED[asked]
    more = {name: wishes[name] for name in ("temperature",) if name in wishes}
    body = speaker.ask(BEHIND[family][2], "The weather in Oslo", stream=stream, **wishes) | more

    found = await same(serve, family, body)

    assert (found.status, found.record["status"]) == (200, 200)
    assert found.record["prompt_tokens"] > 0
    if asked == "an image":
        assert PNG in str(found.sent)


@STREAMED
@pytest.mark.parametrize("family", SAME)
async def test_a_conversation_with_tools(serve: Serve, family: str, stream: bool) -> None:
    """Earlier turns go on as they are."""
    speaker = SAME[family]
    body = speaker.ask(BEHIND[family][2], "Weather?", tools=True, stream=stream)
    body["messages"] = [*body["messages"], *ANSWERED[speaker], *TURNS]

    found = await same(serve, family, body)

    assert found.status == 200
    assert "rain" in str(found.sent)


@STREAMED
@pytest.mark.parametrize("family", SAME)
async def test_what_was_used_to_the_last_field(serve: Serve, family: str, stream: bool) -> None:
    """Cached and reasoning tokens have prices of their own."""
    usage: dict[str, Any] = {"in": 100, "out": 40, "cached": 60}
    if family == "openai":
        usage["reasoning"] = 12

    def script(upstream: Any) -> None:
        upstream.will_stream("4", "2", usage=usage)

    found = await same(serve, family, SAME[family].ask(BEHIND[family][2], "6 × 7?", stream=stream), script)

    record = found.record
    prompt = 160 if family == "anthropic" else 100  # that API tells what was cached beside the rest
    assert (record["prompt_tokens"], record["completion_tokens"]) == (prompt, 40)
    assert (record["cached_tokens"], record["reasoning_tokens"]) == (60, usage.get("reasoning", 0))


FAULTS = {
    "bad request": faults.status(400, "no such thing"),
    "its key is refused": faults.status(401, "Incorrect API key provided: test-key"),
    "rate limited": faults.rate_limited(retry_after=90),
    "server error": faults.status(500),
    "overloaded": faults.status(503),
    "a page of a proxy": faults.html(),
    "an error that looks like an answer": faults.error_in_200(),
}
GARBAGE = {"no JSON": faults.invalid_json(), "nothing": faults.empty(), "cut off": faults.truncated()}


@STREAMED
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("family", SAME)
async def test_what_goes_wrong_upstream(serve: Serve, family: str, fault: str, stream: bool) -> None:
    """The same status, words and class of error; never the upstream's key."""

    def script(upstream: Any) -> None:
        upstream.will_fail(FAULTS[fault], times=None)

    found = await same(serve, family, SAME[family].ask(BEHIND[family][2], "Hi", stream=stream), script)

    assert found.record["error"]
    assert "test-key" not in json.dumps(found.answer)


@STREAMED
@pytest.mark.parametrize("fault", GARBAGE)
@pytest.mark.parametrize("family", SAME)
@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_answers_that_are_none(
    serve: Serve, lanes: bool, family: str, fault: str, stream: bool
) -> None:
    """The client is told of it in its dialect, before the answer or in it; never is an answer made up."""

    def script(upstream: Any) -> None:
        upstream.will_fail(GARBAGE[fault], times=None)

    body = SAME[family].ask(BEHIND[family][2], "Hi", stream=stream)
    found = await seen(serve, family, body, script, lanes=lanes)

    assert found.status in (502, 503) or (stream and fault == "cut off")
    assert found.record["status"] in (502, 503)
    assert found.answer["error"]["message"]


@pytest.mark.parametrize("family", SAME)
async def test_an_error_in_a_stream(serve: Serve, family: str) -> None:
    """What was said before it is not lost, and the error is an event of the dialect."""

    def script(upstream: Any) -> None:
        upstream.will_fail(faults.error_event(4))

    found = await same(serve, family, SAME[family].ask(BEHIND[family][2], "Hi you two", stream=True), script)

    assert "overloaded" in found.answer["error"]["message"]
    assert found.record["error"] == "InvokeServerUnavailableError"


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_usage_that_nobody_tells(serve: Serve, lanes: bool) -> None:
    """It is counted here, and the record says that it is an estimate."""

    def script(upstream: Any) -> None:
        upstream.will_fail(faults.no_usage())

    asked = CHAT.ask("openai/gpt-4.1-mini", "Hi you two", stream=True)
    found = await seen(serve, "openai", asked, script, lanes=lanes)

    assert found.record["estimated"]
    assert found.record["prompt_tokens"] > 3
    assert 1 <= found.record["completion_tokens"] <= 8


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "out of the model's range": ({"temperature": 9}, "temperature"),
    "longer than the model can": ({"max_tokens": 10_000_000}, "max_tokens"),
}


@pytest.mark.parametrize("mistake", REFUSED)
@pytest.mark.parametrize("family", ["openai", "anthropic"])
async def test_what_the_models_rules_refuse(serve: Serve, family: str, mistake: str) -> None:
    """The rules hold in the fast lane too, and nothing is sent."""
    fields, name = REFUSED[mistake]

    found = await same(serve, family, SAME[family].ask(BEHIND[family][2], "Hi") | fields)

    assert (found.status, found.sent) == (400, None)
    assert found.answer["error"]["message"].startswith((name, f"parameter '{name}'"))


@pytest.mark.parametrize("family", SAME)
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"model": 1}', b'{"messages": []}', b"\xff", b"null"])
async def test_bodies_that_are_none(serve: Serve, family: str, body: bytes) -> None:
    """They are refused in the same words."""
    found = await same(serve, family, body)

    assert (found.status, found.sent) == (400, None)


async def test_the_bytes_of_an_answer_are_relayed(serve: Serve) -> None:
    """What only the upstream knows arrives, in its order and spacing: the lane was taken."""
    raw = b'{"choices": [{"index":0, "message":{"content":"Hi","new":[1.50]},"finish_reason":"stop"}] ,"x":1}'
    served = await serve("openai")
    served.upstreams["openai"].will_answer(body=raw)

    answer = await served.post(CHAT.path, CHAT.ask("openai/gpt-4.1-mini", "Hi"))

    assert answer.body == raw


STATE: dict[str, dict[str, Any]] = {
    "provider state": {"opaque_body": {"anthropic": {"content": []}}},
    "reasoning given back": {"reasoning_content": "Hm."},
}


@pytest.mark.parametrize("state", STATE)
async def test_state_takes_the_other_lane(serve: Serve, state: str) -> None:
    """What an upstream must not see as it stands has to be read."""
    served = await serve("openai")
    body = CHAT.ask("openai/gpt-4.1-mini", "Hi")
    body["messages"] += [
        {"role": "assistant", "content": "Hm", **STATE[state]},
        {"role": "user", "content": "And?"},
    ]

    answer = await served.post(CHAT.path, body)

    assert answer.status == 200
    assert not STATE[state].keys() & served.upstreams["openai"].requests[-1].body["messages"][1].keys()
    assert answer.json["id"].startswith(f"chatcmpl-{answer.headers['x-request-id']}")

"""Upstreams that fail: the client is told in its own dialect, and never of a secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from tests.gateway.client import Answer
from tests.gateway.serving import KEY
from tests.gateway.ways import EITHER_LANE, WAYS, WORDS, Watched, Way, asking, gated

from modelbay.sdk.testing import faults
from modelbay.sdk.testing.faults import Fault

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
either_lane = pytest.mark.parametrize("way", EITHER_LANE, ids=lambda way: way.name)
both_shapes = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


class Expected(NamedTuple):
    """What a fault becomes; the status of a few depends on whether the answer was to be streamed."""

    fault: Fault
    status: int | set[int]
    error: str
    words: str = ""


_UNAVAILABLE, _CONNECTION = "InvokeServerUnavailableError", "InvokeConnectionError"
AT_ONCE = [
    Expected(faults.reset(), 502, _CONNECTION, "reset"),
    Expected(faults.close(), 502, _CONNECTION, "closed"),
    Expected(faults.status(400, "no such thing"), 400, "InvokeBadRequestError", "no such thing"),
    Expected(faults.status(401, "go away"), 401, "InvokeAuthorizationError", "go away"),
    Expected(faults.rate_limited(90), 429, "InvokeRateLimitError", "rate limit reached"),
    Expected(faults.status(500, "it broke"), 500, _UNAVAILABLE, "it broke"),
    Expected(faults.status(503, "come later", {"retry-after": "90"}), 503, _UNAVAILABLE, "come later"),
    Expected(faults.status(529, "too much", {"retry-after": "90"}), 529, _UNAVAILABLE, "too much"),
    Expected(faults.html(), 502, _UNAVAILABLE, "Bad Gateway"),
    Expected(faults.invalid_json(), {502, 503}, "", "JSON"),
    Expected(faults.error_in_200("it is overloaded"), 503, _UNAVAILABLE, "it is overloaded"),
    Expected(faults.empty(), {502, 503}, ""),
    Expected(faults.reset(5, "body"), 502, _CONNECTION),
]
LATER: list[tuple[Callable[[], Fault], str]] = [
    (lambda: faults.error_event(8, "it is overloaded"), _UNAVAILABLE),
    (faults.no_end, _CONNECTION),
    (lambda: faults.reset(1500, "body"), _CONNECTION),
    (lambda: faults.close(1500, "body"), _CONNECTION),
]


@every_way
@both_shapes
async def test_a_failure_before_the_answer_is_told_with_its_status_and_words(
    way: Way, stream: bool, tmp_path: Path
) -> None:
    """Clients decide by class and status whether to try again, and people by the words."""
    async with way.serving(tmp_path) as served:
        upstream = way.upstream(served)
        for expected in AT_ONCE:
            upstream.close_idle()  # on a connection that has served before, a close is no failure yet
            upstream.will_fail(expected.fault)
            answer = await served.post(way.path, way.body(stream=stream))
            _is_told(way, expected, answer)
            record = (await served.records())[-1]
            assert (record["status"], record["prompt_tokens"]) == (answer.status, 0)
            assert record["error"] == expected.error or not expected.error
            again = await served.post(way.path, way.body(stream=stream))
            assert (again.status, again.complete) == (200, True)


def _is_told(way: Way, expected: Expected, answer: Answer) -> None:
    statuses = expected.status if isinstance(expected.status, set) else {expected.status}
    assert (answer.status in statuses, answer.complete) == (True, True), (expected, answer)
    assert answer.headers["content-type"] == "application/json"
    assert way.is_error(answer.json)
    assert expected.words in answer.json["error"]["message"]
    assert answer.headers.get("retry-after") == expected.fault.headers.get("retry-after")


@every_way
@pytest.mark.parametrize(("fault", "error"), LATER, ids=["error-event", "no-end", "reset", "close"])
async def test_a_failure_in_a_stream_is_an_error_event_and_then_the_end(
    way: Way, fault: Callable[[], Fault], error: str, tmp_path: Path
) -> None:
    """A silent cut looks like a short answer, and a terminal event like a complete one."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_stream(*WORDS)
        upstream.will_fail(fault())
        gate = gated(upstream, open_for=6)
        async with asking(served, way, stream=True) as client:
            await client.until(b"word1")
            gate.open()
            answer = await client.rest()
        assert (answer.status, answer.complete) == (200, True)
        *_, last = answer.events
        assert way.is_error(last)
        assert not any(way.is_end(event) for event in answer.events)
        record = await ledger.until(written=1)
        assert (record.error, record.status >= 500) == (error, True)
        assert record.prompt_tokens > 0
        assert record.completion_tokens > 0


@either_lane
@both_shapes
async def test_an_upstream_that_refuses_connections_is_named_as_not_reachable(
    way: Way, stream: bool, tmp_path: Path
) -> None:
    """The client can do nothing about it but try later or elsewhere."""
    async with way.serving(tmp_path) as served:
        way.upstream(served).will_fail(faults.refuse())
        answer = await served.post(way.path, way.body(stream=stream))
        assert answer.status == 502
        assert way.is_error(answer.json)
        assert "connect" in answer.json["error"]["message"]


@every_way
async def test_usage_that_is_missing_is_estimated_and_marked(way: Way, tmp_path: Path) -> None:
    """No call is free because an upstream forgot to count it."""
    async with way.serving(tmp_path) as served:
        upstream = way.upstream(served)
        upstream.will_stream(*WORDS)
        upstream.will_fail(faults.no_usage())
        answer = await served.post(way.path, way.body(stream=True))
        assert way.is_end(answer.events[-1])
        (record,) = await served.records()
        assert (record["status"], record["estimated"]) == (200, 1)
        assert record["prompt_tokens"] > 0
        assert record["completion_tokens"] > 0


LEAKS = [
    faults.status(401, f"bad key {KEY}"),
    faults.status(500, f"see {KEY}", {"x-debug": KEY}),
    faults.error_in_200(f"{KEY} is used up"),
    faults.error_event(3, f"{KEY} is used up"),
    Fault(name="page", status=502, body=f"<h1>{KEY}</h1>".encode(), content_type="text/html"),
    Fault(name="text", status=200, body=f"not JSON: {KEY}".encode()),
]


@every_way
@both_shapes
async def test_credentials_of_the_upstream_reach_no_client(way: Way, stream: bool, tmp_path: Path) -> None:
    """Providers quote keys in their errors; the key is the installation's, not the client's."""
    async with way.serving(tmp_path) as served:
        upstream = way.upstream(served)
        upstream.will_stream(*WORDS, times=None)
        for fault in LEAKS:
            upstream.will_fail(fault)
            answer = await served.post(way.path, way.body(stream=stream))
            assert answer.complete
            assert KEY not in answer.body.decode() + repr(answer.headers)
            if fault.error_after is None:
                assert answer.status != 200
            elif stream:
                assert answer.status != 200 or way.is_error(answer.events[-1])
        assert KEY not in repr(await served.records())


NONSENSE: list[Any] = [
    [],
    "text",
    None,
    {"choices": None},
    {"choices": [{}], "usage": {"prompt_tokens": "many", "completion_tokens": []}},
    {"choices": [{"message": 3}], "usage": [1, 2]},
    {"content": [{"type": "text"}], "usage": {"input_tokens": {"a": 1}, "output_tokens": -5}},
    {"type": "message", "content": 7, "usage": "none"},
    {"error": True},
    {"error": {"message": {"deep": ["x"]}, "code": [1], "status": "x"}},
    {"error": [], "choices": [{"index": "a", "message": {"content": {"a": 1}}, "finish_reason": 4}]},
]


@every_way
@both_shapes
async def test_an_answer_that_makes_no_sense_is_the_providers_fault_and_said_so(
    way: Way, stream: bool, tmp_path: Path
) -> None:
    """Whatever an upstream sends, the gateway neither falls over nor makes up an answer."""
    async with way.serving(tmp_path) as served:
        for value in NONSENSE:
            if stream:
                events = [b"data: %b\n\n" % orjson.dumps(value), b"data: [DONE]\n\n"]
                way.upstream(served).will_answer(events=events)
            else:
                way.upstream(served).will_answer(value)
            answer = await served.post(way.path, way.body(stream=stream))
            assert answer.complete
            assert b"its log says why" not in answer.body, value
            if answer.status != 200:
                assert answer.status in {400, 429, 500, 502, 503}
                assert way.is_error(answer.json)
            elif stream:
                last = answer.events[-1]
                assert way.is_error(last) or way.is_end(last), value
        counted = [(each["prompt_tokens"], each["completion_tokens"]) for each in await served.records()]
        assert len(counted) == len(NONSENSE)
        assert all(number >= 0 for pair in counted for number in pair)

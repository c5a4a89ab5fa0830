"""The deadline of a call: one, whoever is slow, and whatever the clock on the wall says."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.gateway.serving import serving
from tests.gateway.ways import WAYS, WORDS, Watched, Way, asking, gated, until

from modelbay.gateway.ids import new_id
from modelbay.gateway.settings import Limits
from modelbay.sdk.testing import faults

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
both_shapes = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
DAY = 86_400


@every_way
@both_shapes
async def test_an_upstream_that_does_not_answer_in_time_is_left(
    way: Way, stream: bool, tmp_path: Path
) -> None:
    """The client has said how long it waits; nobody may work for it any longer."""
    async with way.serving(tmp_path) as served:
        upstream = way.upstream(served)
        upstream.will_fail(faults.slow_headers())
        answer = await served.post(way.path, way.body(stream=stream), modelbay_timeout="0.2")
        await until(lambda: not upstream.connections, pause=0.01)
        assert answer.status in {502, 504}
        assert way.is_error(answer.json)
        assert "0.2" in answer.json["error"]["message"] or "imeout" in answer.json["error"]["message"]
        (record,) = await served.records()
        assert (record["status"], record["error"]) == (answer.status, "InvokeConnectionError")
        assert upstream.connections == 0


@every_way
async def test_a_stream_that_stalls_ends_with_an_error_in_time(way: Way, tmp_path: Path) -> None:
    """What was said by then was paid for, and counts."""
    async with way.serving(tmp_path) as served:
        await served.post(way.path, way.body())  # loads what takes half a second where a machine is busy
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_stream(*WORDS)
        gated(upstream, open_for=8)
        answer = await served.post(way.path, way.body(stream=True), modelbay_timeout="1.2")
        await until(lambda: not upstream.connections, pause=0.01)
        assert (answer.status, answer.complete) == (200, True)
        assert way.is_error(answer.events[-1])
        assert not any(map(way.is_end, answer.events))
        record = await ledger.until(written=1)
        assert (record.status, record.error) == (502, "InvokeConnectionError")
        assert record.completion_tokens > 0


@every_way
async def test_a_stream_that_never_ends_ends_in_time(way: Way, tmp_path: Path) -> None:
    """Something arrives all the time, so no silence ends it: the deadline is for all of the answer."""
    async with way.serving(tmp_path) as served:
        await served.post(way.path, way.body())  # loads what takes half a second where a machine is busy
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_stream(*WORDS * 100)
        upstream.delay = 0.01
        answer = await served.post(way.path, way.body(stream=True), modelbay_timeout="1.2")
        await until(lambda: not upstream.connections, pause=0.01)
        assert way.is_error(answer.events[-1])
        assert not any(map(way.is_end, answer.events))
        assert (await ledger.until(written=1)).error == "InvokeConnectionError"


@every_way
async def test_the_settings_bound_what_a_client_may_ask_for(way: Way, tmp_path: Path) -> None:
    """The installation decides how long its connections are held at most."""
    async with way.serving(tmp_path, limits=Limits(timeout=0.2)) as served:
        upstream = way.upstream(served)
        upstream.will_fail(faults.stall(), times=None)
        for allowed in ({}, {"modelbay_timeout": "3600"}, {"modelbay_timeout": "inf"}):
            answer = await served.post(way.path, way.body(), **allowed)
            assert answer.status in {502, 504}
            await until(lambda: not upstream.connections, pause=0.01)


@every_way
async def test_a_pause_that_goes_beyond_the_deadline_is_not_begun(way: Way, tmp_path: Path) -> None:
    """The client learns at once that it should come back, and when."""
    async with way.serving(tmp_path) as served:
        upstream = way.upstream(served)
        upstream.will_fail(faults.rate_limited(30), times=None)
        answer = await served.post(way.path, way.body(), modelbay_timeout="20")
        assert (answer.status, answer.headers["retry-after"]) == (429, "30")
        assert len(upstream.requests) == 1


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "", "1e", "0x10"])
async def test_a_timeout_that_is_no_number_of_seconds_is_refused_by_name(
    seconds: str, tmp_path: Path
) -> None:
    """A limit that is not understood must not become no limit."""
    way = WAYS[0]
    async with way.serving(tmp_path) as served:
        answer = await served.post(way.path, way.body(), modelbay_timeout=seconds)
        assert answer.status == 400
        assert "modelbay-timeout" in answer.json["error"]["message"]
        assert not way.upstream(served).requests


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/moderations", "/v1/audio/speech"])
async def test_every_surface_has_the_deadline(path: str, tmp_path: Path) -> None:
    """It is the call's, whatever is called."""
    models = {
        "embeddings": "text-embedding-3-small",
        "moderations": "omni-moderation-latest",
        "speech": "tts-1",
    }
    async with serving(tmp_path, "openai") as served:
        upstream = served.upstreams["openai"]
        upstream.will_fail(faults.stall(), times=None)
        body = {"model": f"openai/{models[path.rpartition('/')[2]]}", "input": "Hi", "voice": "alloy"}
        if path != "/v1/audio/speech":
            del body["voice"]
        answer = await served.post(path, body, modelbay_timeout="0.2")
        assert answer.status in {502, 504}
        assert answer.json["error"]["message"]
        await until(lambda: not upstream.connections, pause=0.01)


@every_way
@pytest.mark.parametrize("jump", [-10 * DAY, 10 * DAY], ids=["back", "forward"])
async def test_a_clock_that_is_set_ends_no_call(
    way: Way, jump: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machines are set right while they serve; the time that is left is not measured by that clock."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_stream(*WORDS)
        gate, real = gated(upstream, open_for=8), time.time
        async with asking(served, way, stream=True) as client:
            await client.until(b"word3")
            monkeypatch.setattr(time, "time", lambda: real() + jump)
            gate.open()
            answer = await client.rest()
        assert way.is_end(answer.events[-1])
        first = await ledger.until(written=1)
        again = await served.post(way.path, way.body())
        second = await ledger.until(written=2)
        assert (again.status, first.status, second.status) == (200, 200, 200)
        assert first.id != second.id
        assert 0 <= first.latency < DAY
        assert 0 <= second.latency < DAY
        assert len(await served.records()) == 2


def test_ids_are_unique_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time in them is for people who sort them; the rest is what makes them different."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    standing = {new_id() for _ in range(5000)}
    monkeypatch.setattr(time, "time", lambda: 1_799_999_999.999)
    back = {new_id() for _ in range(5000)}
    assert len(standing | back) == 10_000

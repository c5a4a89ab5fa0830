"""The harness of the gateway's benchmarks: what it counts is what happened. Nothing here is timed."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
from array import array
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
import pytest
from benchmarks.gateway import answers, bench, calls, lasting
from benchmarks.gateway.__main__ import main
from benchmarks.gateway.bench import Bench, Scale
from benchmarks.gateway.idle import Idle, open_streams
from benchmarks.gateway.load import Chunks, Target, load, percentile
from benchmarks.gateway.report import Quantity, Report
from benchmarks.gateway.servers import Cores, serving, upstream
from benchmarks.gateway.subjects import UnavailableError, direct, relay
from benchmarks.gateway.upstream import serving as mock
from benchmarks.gateway.wrk import read
from hypothesis import given
from hypothesis import strategies as st

_WRK = """
  2 threads and 16 connections
  Latency Distribution
     50%  250.00us
     75%    1.02ms
     90%    2.10ms
     99%    3.50ms
  1200 requests in 2.00s, 1.0MB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 200
"""


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    """An upstream in this process."""
    async with mock() as port:
        yield Target("127.0.0.1", port)


@pytest.mark.parametrize("path", [bench.CHAT_PATH, bench.MESSAGES_PATH])
async def test_every_piece_of_every_stream_is_counted(target: Target, path: str) -> None:
    """CPU is given per piece, so a piece that is lost or counted twice would change every figure."""
    body = bench.chat("any", "bench-burst-37", stream=True)

    outcome = await load(target, target.request(path, body), connections=3, calls=7, pieces=37)

    assert (outcome.answered, outcome.pieces, outcome.failed) == (7, 7 * 37, "")
    assert len(outcome.firsts) == len(outcome.latencies) == 7


async def test_calls_are_shared_by_the_connections_and_made_exactly(target: Target) -> None:
    """The ledger is compared with this number."""
    body = bench.chat("any", "bench-unary", padding=200_000)

    outcome = await load(target, target.request(bench.CHAT_PATH, body), connections=4, calls=30)

    assert (outcome.answered, len(outcome.latencies), outcome.failed) == (30, 30, "")


async def test_a_stream_with_too_few_pieces_is_an_error(target: Target) -> None:
    """A gateway that loses text must not look fast."""
    body = bench.chat("any", "bench-burst-9", stream=True)

    outcome = await load(target, target.request(bench.CHAT_PATH, body), connections=1, calls=2, pieces=10)

    assert outcome.errors == {"9 of 10 pieces": 2}


async def test_a_refused_call_is_an_error_and_not_an_answer(target: Target) -> None:
    """Refusing is quick, too."""
    outcome = await load(target, target.request("/nowhere", b"{}"), connections=2, calls=4)

    assert (outcome.answered, outcome.errors) == (0, {"status 404": 4})


async def test_nobody_listening_is_reported_and_ends() -> None:
    """A server that crashed must not hang the run."""
    outcome = await load(Target("127.0.0.1", 1), b"", connections=2, calls=4)

    assert outcome.answered == 0
    assert "connect" in outcome.failed


async def test_paced_pieces_tell_when_they_were_sent(target: Target) -> None:
    """Lateness is read from the text, whatever dialect carries it; both ends have the same clock."""
    body = bench.chat("any", "bench-paced-1ms-5", stream=True)

    outcome = await load(
        target, target.request(bench.CHAT_PATH, body), connections=8, calls=8, pieces=5, ramp=0.01
    )

    assert (outcome.answered, len(outcome.lateness)) == (8, 40)
    assert min(outcome.lateness) >= 0


async def test_idle_streams_stay_until_they_are_left(target: Target) -> None:
    """The upstream's count tells whether a gateway lets go of what its client has left."""
    request = target.request(bench.CHAT_PATH, bench.chat("any", "bench-idle", stream=True))

    async with Idle(target, request, 120) as idle:
        assert idle.open == 120
        assert await open_streams(target.port) == 120
    async with asyncio.timeout(10):
        while await open_streams(target.port):
            continue


@pytest.mark.parametrize("dialect", answers.DIALECTS.values())
def test_events_of_a_stream_are_json_and_name_their_moment(dialect: answers.Dialect) -> None:
    """A gateway has to read them; a stamp must not change their length, which is written in front of them."""
    chunks = Chunks()
    text = chunks.feed(dialect.opening + dialect.stamped(1234) + dialect.plain + dialect.closing_with_usage)
    data = [line[6:] for line in text.splitlines() if line.startswith(b"data: {")]

    assert chunks.ended
    assert all(orjson.loads(line) for line in data)
    assert text.count(answers.STAMP) == 2
    assert b"%019d" % 1234 in text
    assert len(dialect.stamped(1234)) == len(dialect.plain)


def test_vectors_are_the_same_as_numbers_and_as_base64() -> None:
    """Otherwise the two scenarios would not compare the same answer."""
    rows = [
        orjson.loads(answers.vectors(2, as_base64).partition(b"\r\n\r\n")[2])["data"][1]["embedding"]
        for as_base64 in (False, True)
    ]

    assert array("f", rows[0]) == array("f", base64.b64decode(rows[1]))
    assert len(rows[0]) == answers.DIMENSIONS


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(1, 9)))
def test_chunks_are_put_together_wherever_they_are_cut(parts: Sequence[bytes], cuts: Sequence[int]) -> None:
    """A network cuts anywhere, and a proxy may move the borders of chunks into the middle of a stamp."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    places = [0, *itertools.accumulate(cuts), len(framed)]
    chunks = Chunks()

    fed = [chunks.feed(framed[begin:end]) for begin, end in itertools.pairwise(places) if framed[begin:end]]

    assert b"".join(fed) == b"".join(parts)
    assert chunks.ended


def test_wrk_is_read_with_its_failures() -> None:
    """Refused calls are counted by wrk among its requests."""
    outcome = read(_WRK)

    assert (outcome.answered, outcome.seconds) == (1000, 2.0)
    assert outcome.errors == {"refused": 200, "broken": 3}
    assert [percentile(outcome.latencies, part) for part in (0.5, 0.99)] == [0.00025, 0.0035]


def test_the_report_holds_ours_against_the_goals_and_is_kept(tmp_path: Path) -> None:
    """The median decides, and only ours has goals."""
    quantity = Quantity("unary", "CPU", "s", 1.0)
    report = Report(["nginx", "modelbay"], "modelbay")
    for value in (0.5, 3.0, 2.0):
        report.add(quantity, "modelbay", value)
        report.add(quantity, "nginx", 9.0)

    path = report.write(tmp_path)

    assert report.missed == ["unary: CPU"]
    assert "| unary | CPU | 9 (9–9) | 2 (0.5–3) | ≤ 1 | ✗ | s |" in path.read_text()
    assert orjson.loads(path.with_suffix(".json").read_bytes())["rows"][0]["median"]["modelbay"] == 2.0


async def test_scenarios_measure_a_real_server_in_its_own_process() -> None:
    """From the start of the processes to the rows of the report, with a relay in the gateway's place."""
    scale = Scale(1, 0, 40, 20, 4, 8, 5, 0.1, 1, 20, 30, 0, 40, 80)
    cores = Cores.here()
    report = Report(["direct", "relay"], "relay")
    scenarios = (
        *(calls.single, calls.burst, calls.paced, calls.embeddings),
        *(lasting.start, lasting.idle, lasting.growth),
    )
    async with (
        upstream(cores.load) as provider,
        serving(direct(), provider, cores.load) as alone,
        serving(relay(), provider, cores.subject) as server,
    ):
        for scenario in scenarios:
            await scenario(Bench(scale, report, [alone, server], provider, cores))

    measured = {scenario for (scenario, _), row in report.rows.items() if row.values.get("relay")}
    assert report.notes == []
    assert measured >= {
        "unary, 1 connection",
        "burst, same dialect",
        "start",
        "100 streams, 20 ms a chunk",
        "30 idle streams",
        "client gone",
    }
    assert report.rows["30 idle streams", "lost"].median("relay") == 0


def test_the_command_writes_a_report_and_says_what_is_missing(tmp_path: Path) -> None:
    """What cannot be measured is a note and not a failure; the process keeps the cores that it had."""
    cores = os.sched_getaffinity(0)
    options = ["--quick", "--rounds", "1", "--results", str(tmp_path), "--subjects", "direct", "--only"]

    assert main([*options, "embeddings"]) == 0
    assert main([*options, "ledger"]) == 2
    assert [path.suffix for path in sorted(tmp_path.iterdir())] == [".json", ".md"]
    assert os.sched_getaffinity(0) == cores


async def test_a_port_that_somebody_else_has_is_refused(target: Target) -> None:
    """Else somebody else's upstream would answer, and its CPU would not be counted."""
    with pytest.raises(UnavailableError, match=f"port {target.port} is taken"):
        async with upstream(Cores.here().load, target.port):
            pytest.fail("it started")

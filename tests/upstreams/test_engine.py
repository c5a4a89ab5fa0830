"""The engine of the fakes: HTTP over a real socket, scripts, pace, threads, and nothing left over."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.client import ask, form, talking
from tests.upstreams.openai import OpenAIUpstream

from modelbay.sdk.testing import Answer, FakeUpstream, Gate, Reply, faults
from modelbay.sdk.testing.http import RequestReader
from modelbay.sdk.testing.pace import Pace

CHAT = "/v1/chat/completions"
STREAM: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "héllo 世界 🌍 " * 9}],
    "stream": True,
}


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """Run a fake without a family."""
    async with FakeUpstream(key=None) as running:
        yield running


async def test_answers_what_was_scripted_in_order(upstream: FakeUpstream) -> None:
    """A script is a queue; what is not scripted is a 404."""
    upstream.will_answer({"first": 1})
    upstream.will_answer(body=b"raw", content_type="text/plain", status=201, headers={"x-a": "b"})

    first, second, third = [await ask(upstream, "/any", {}) for _ in range(3)]

    assert (first.status, first.json) == (200, {"first": 1})
    assert (second.status, second.body, second.headers["x-a"]) == (201, b"raw", "b")
    assert third.status == 404


async def test_answers_for_a_path_wait_for_it(upstream: FakeUpstream) -> None:
    """Two endpoints are scripted independently, `times` counts, None is for ever."""
    upstream.will_answer({"path": "b"}, path="/b")
    upstream.will_answer({"path": "any"}, times=None)

    got = [(await ask(upstream, path)).json["path"] for path in ("/a", "/b", "/b")]

    assert got == ["any", "b", "any"]


async def test_forgets_its_script(upstream: FakeUpstream) -> None:
    """A long fixture starts its next test afresh."""
    upstream.will_answer({}, times=None)
    upstream.forget_script()

    assert (await ask(upstream, "/a")).status == 404


async def test_remembers_requests(upstream: FakeUpstream) -> None:
    """Tests assert on what was sent: method, path, query, headers, body."""
    upstream.will_answer({}, times=None)
    await ask(upstream, "/a%20b?x=1&y=z", {"n": [1]}, method="PUT", headers={"X-Custom": "yes"})

    request = upstream.requests[-1]

    assert (request.method, request.path, request.query) == ("PUT", "/a b", {"x": "1", "y": "z"})
    assert (request.headers["x-custom"], request.body) == ("yes", {"n": [1]})


async def test_reads_multipart_forms(upstream: FakeUpstream) -> None:
    """Files keep their bytes, whatever they are."""
    upstream.will_answer({})
    data = bytes(range(256)) + b"\r\n--form\r\n"
    body, headers = form({"model": "m", "prompt": "héllo"}, ("sound.wav", data))
    await ask(upstream, "/a", body, headers=headers)

    model, prompt, file = upstream.requests[-1].parts

    assert (model.name, model.text, prompt.text) == ("model", "m", "héllo")
    assert (file.name, file.filename, file.content_type, file.data) == (
        "file",
        "sound.wav",
        "audio/wav",
        data,
    )


async def test_keeps_connections_alive_and_counts_them(upstream: FakeUpstream) -> None:
    """Pooling is proven by counting."""
    upstream.will_answer({"a": 1}, times=None)
    async with talking(upstream) as talk:
        for _ in range(3):
            talk.send("/a", {})
            await talk.got()
        assert (upstream.connections, upstream.accepted, len(upstream.requests)) == (1, 1, 3)


async def test_answers_pipelined_requests_in_order(upstream: FakeUpstream) -> None:
    """The second waits until the first, a stream, is done."""
    upstream.will_answer(events=[b"data: 1\n\n", b"data: 2\n\n"])
    upstream.will_answer({"last": True})
    async with talking(upstream) as talk:
        talk.send("/a", {})
        talk.send("/b", {})
        assert (await talk.got()).data == [1, 2]
        assert (await talk.got()).json == {"last": True}


async def test_head_has_no_body(upstream: FakeUpstream) -> None:
    """A HEAD answers like the GET, without the body, and keeps the connection usable."""
    upstream.will_answer({"a": 1}, times=None)
    async with talking(upstream) as talk:
        talk.send("/a", method="HEAD")
        assert (await talk.head())[1]["content-length"] == "7"
        talk.send("/a")
        assert (await talk.got()).json == {"a": 1}


async def test_honours_connection_close_and_expect(upstream: FakeUpstream) -> None:
    """Clients that ask for `100-continue` send the body only after it."""
    upstream.will_answer({"a": 1})
    async with talking(upstream) as talk:
        talk.send_bytes(
            b"POST /a HTTP/1.1\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"
        )
        assert await talk.some(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        talk.send_bytes(b"{}")
        assert (await talk.got()).headers["connection"] == "close"
        assert await talk.rest() == b""


async def test_refuses_what_is_not_http(upstream: FakeUpstream) -> None:
    """Nonsense gets a 400 and an end, not a traceback."""
    async with talking(upstream) as talk:
        talk.send_bytes(b"nonsense\r\n\r\n")
        assert (await talk.got()).status == 400
        assert await talk.rest() == b""


@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_requests_are_read_at_any_boundary(cuts: list[int]) -> None:
    """TCP promises no boundaries: length, chunks and pipelining must survive all of them."""
    sent = (
        b"POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\n"
        + "{'ü': 1}".encode()
        + b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        + b"GET /c HTTP/1.1\r\n\r\n"
    )
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    reader = RequestReader()

    requests = [request for start, end in pairwise(places) for request in reader.feed(sent[start:end])]

    assert [(request.method, request.path) for request in requests] == [
        ("POST", "/a"),
        ("POST", "/b"),
        ("GET", "/c"),
    ]
    assert [request.raw for request in requests] == ["{'ü': 1}".encode(), b"abcde", b""]


@given(
    events=st.lists(st.binary(max_size=30), max_size=6),
    boundary=st.one_of(st.none(), st.just("random"), st.integers(1, 40)),
    seed=st.integers(0, 9),
)
def test_cutting_loses_nothing(events: list[bytes], boundary: Any, seed: int) -> None:
    """Pieces joined are the body, none is empty (an empty chunk would end it), and a seed repeats itself."""
    pace = Pace(boundary=boundary, seed=seed)

    pieces = list(pace.cut(events))

    assert b"".join(pieces) == b"".join(events)
    assert all(pieces)
    assert pieces == list(pace.cut(events))
    if isinstance(boundary, int):
        assert all(len(piece) == boundary for piece in pieces[:-1])


@pytest.mark.parametrize("boundary", [1, 7, "random"])
async def test_the_boundary_splits_characters_but_not_the_answer(boundary: Any) -> None:
    """A chunk of a byte puts every character of two bytes and more apart."""
    async with OpenAIUpstream() as upstream:
        whole = await ask(upstream, CHAT, STREAM)
        upstream.boundary = boundary
        async with talking(upstream) as talk:
            talk.send(CHAT, STREAM)
            await talk.head()
            pieces = [piece async for piece in talk.pieces()]

    assert b"".join(pieces).replace(b"chatcmpl-2", b"chatcmpl-1") == whole.body
    assert len(pieces) > len(whole.data)
    with pytest.raises(UnicodeDecodeError):
        [piece.decode() for piece in pieces]


async def test_the_gate_lets_one_event_pass_at_a_time() -> None:
    """Tests step through a stream without sleeping."""
    async with OpenAIUpstream() as upstream, talking(upstream) as talk:
        upstream.gate = gate = Gate()
        upstream.will_stream("a", "b")
        talk.send(CHAT, STREAM)
        await talk.head()
        gate.let(2)
        assert b'"role"' in await talk.piece()
        assert b'"content":"a"' in await talk.piece()
        await gate.reached(3)
        gate.open()
        assert b"[DONE]" in [piece async for piece in talk.pieces()][-1]


async def test_a_gate_can_be_opened_from_another_thread() -> None:
    """Sync tests drive a fake that runs elsewhere."""
    async with OpenAIUpstream() as upstream, talking(upstream) as talk:
        upstream.gate = gate = Gate()
        talk.send(CHAT, {**STREAM, "stream": False})
        opener = threading.Thread(target=gate.open)
        opener.start()
        assert (await talk.got()).status == 200
        opener.join()


async def test_a_client_that_reads_slowly_holds_the_stream_back() -> None:
    """Memory stays bounded: the events of a generator are made as they are read."""
    made = 0

    def events() -> Any:
        nonlocal made
        for _ in range(10_000):
            made += 1
            yield b"x" * 10_000

    class Endless(FakeUpstream):
        def routes(self) -> Any:
            return {"GET /x": lambda request: Answer(events=events())}

    async with Endless(key=None) as upstream, talking(upstream) as talk:
        talk.send("/x")
        await talk.head()
        await talk.piece()
        seen = -1
        while seen != made:  # until the writer waits
            seen = made
            for _ in range(20):
                await asyncio.sleep(0)
        assert made < 10_000


def test_runs_on_a_thread_for_sync_code() -> None:
    """No event loop is needed, and leaving the block leaves no thread and no socket."""
    before = threading.active_count()
    upstream = OpenAIUpstream(key=None)
    with upstream.in_thread():
        with urlopen(f"{upstream.base_url}/models") as answer:
            assert answer.status == 200
        assert upstream.requests[-1].path == "/v1/models"
        upstream.stop_listening()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", upstream.port))
    assert (threading.active_count(), upstream.connections) == (before, 0)


async def test_a_fake_on_another_thread_listens_again() -> None:
    """The loop that calls need not be the loop that serves."""
    with OpenAIUpstream().in_thread() as upstream:
        upstream.will_fail(faults.refuse())
        with pytest.raises(ConnectionRefusedError):
            await ask(upstream, "/v1/models")
        await upstream.listen_again()
        assert (await ask(upstream, "/v1/models")).status == 200


def test_a_hang_up_is_seen_from_a_thread() -> None:
    """The sync twin of `hung_up`."""
    upstream = OpenAIUpstream(key=None)
    upstream.gate = Gate()
    with upstream.in_thread():
        client = socket.create_connection(("127.0.0.1", upstream.port))
        client.sendall(b"GET /v1/models HTTP/1.1\r\n\r\n")
        client.close()
        upstream.wait_hung_up()


def test_a_taken_port_is_an_error() -> None:
    """The thread must not hang when it cannot listen."""
    with (
        OpenAIUpstream().in_thread() as first,
        pytest.raises(OSError),
        OpenAIUpstream(port=first.port).in_thread(),
    ):
        pass


async def test_serves_many_clients_at_once() -> None:
    """Streams of several connections do not wait for each other."""
    async with OpenAIUpstream() as upstream:
        upstream.reply = Reply(tuple(f"w{number} " for number in range(20)))
        got = await asyncio.gather(*(ask(upstream, CHAT, STREAM) for _ in range(20)))

    assert {len(each.data) for each in got} == {20 + 3}


async def test_waits_for_requests_to_come() -> None:
    """A test that acts in the middle of a call need not poll."""
    async with OpenAIUpstream() as upstream, talking(upstream) as talk:
        upstream.will_fail(faults.stall())
        talk.send(CHAT, STREAM)
        await upstream.received()
        assert len(upstream.requests) == 1
        await upstream.received(1)


async def test_remembers_only_so_many_requests() -> None:
    """A benchmark of a million requests must not fill the memory."""
    async with FakeUpstream(key=None, keep=2) as upstream:
        upstream.will_answer({}, times=None)
        for number in range(3):
            await ask(upstream, f"/{number}")

    assert [request.path for request in upstream.requests] == ["/1", "/2"]


async def test_names_its_answers() -> None:
    """Errors carry the request id of the upstream, so the fakes give one, also on errors."""
    async with OpenAIUpstream() as upstream:
        first = await ask(upstream, "/v1/models")
        second = await ask(upstream, "/v1/nope")

    assert [got.headers["x-request-id"] for got in (first, second)] == ["req_000001", "req_000002"]

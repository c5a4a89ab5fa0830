"""Timeouts, broken connections, cancellation, limits: what a network does to people."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import socket
import threading
import time
from typing import Any

import pytest
from tests.wires.raw_upstream import Received, always, answer_of, chunk, raw_upstream, stream_head

from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.request import Request, Timeouts, call_deadline
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

DIRECT = TransportSettings(trust_env=False, retries=0)
FACES = ["send", "events", "lines", "chunks"]


async def consume(transport: Transport, face: str, request: Request) -> list[Any]:
    if face in {"send", "json"}:
        return [await getattr(transport, face)(request)]
    return [each async for each in getattr(transport, face)(request)]


async def silence(received: Received) -> None:
    await received.hang_up_seen()


async def stall(received: Received) -> None:
    await received.say(stream_head(), chunk(b"data: 1\n\n"))
    await received.hang_up_seen()


@pytest.mark.parametrize("face", FACES)
async def test_cancelling_a_call_that_waits_for_an_answer_closes_the_socket(face: str) -> None:
    """Whoever stops a call stops paying for it: the upstream must see the end at once, before any answer."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def answer(received: Received) -> None:
        asked.set()
        await received.hang_up_seen()
        gone.set()

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        call = asyncio.create_task(consume(transport, face, Request("POST", upstream.url, json={})))
        await asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(gone.wait(), 5)


@pytest.mark.parametrize("how", ["cancel", "aclose", "break"])
async def test_leaving_a_stalled_stream_closes_the_socket(how: str) -> None:
    """The same in the middle of a stream, in each way of leaving it."""
    begun, gone = asyncio.Event(), asyncio.Event()

    async def answer(received: Received) -> None:
        await stall(received)
        gone.set()

    async def first(events: Any) -> None:
        async for _ in events:
            begun.set()
            if how != "cancel":
                break

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        events = transport.events(Request("POST", upstream.url, json={}))
        call = asyncio.create_task(first(events))
        await begun.wait()
        if how == "cancel":
            call.cancel()
        await asyncio.wait([call])
        if how == "aclose":
            await events.aclose()
        del events, call
        gc.collect()  # `break` alone leaves the iterator to the collector, which asyncio has close it
        await asyncio.wait_for(gone.wait(), 5)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n8\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncont",
        b"",
    ],
)
async def test_an_answer_that_breaks_off_is_a_connection_error(face: str, said: bytes) -> None:
    """Half an answer must never pass for a whole one."""

    async def answer(received: Received) -> None:
        await received.say(said)
        received.writer.close()

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        with pytest.raises(InvokeConnectionError):
            await consume(transport, face, Request("POST", upstream.url, json={}))


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nabc"])
async def test_a_reset_is_a_connection_error(said: bytes) -> None:
    """Before the answer and within it."""

    async def answer(received: Received) -> None:
        if said:
            await received.say(said)
        received.reset()

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        with pytest.raises(InvokeConnectionError):
            await transport.json(Request("POST", upstream.url, json={}))


@pytest.mark.parametrize(
    "said",
    [
        b"lalala\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000,
        answer_of(200, b"{not json"),
        answer_of(200, b""),
    ],
)
async def test_an_answer_that_is_not_http_or_not_json_is_the_providers_fault(said: bytes) -> None:
    """It is up, but what it says cannot be used."""
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        with pytest.raises(InvokeServerUnavailableError):
            await transport.json(Request("POST", upstream.url, json={}))


async def test_a_refused_connection_names_the_place() -> None:
    """The commonest mistake with a model server of one's own is that it is not running."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    async with Transport(DIRECT) as transport:
        with pytest.raises(InvokeConnectionError, match=f"127.0.0.1:{port}"):
            await transport.json(Request("GET", f"http://127.0.0.1:{port}/"))


@pytest.mark.parametrize("face", FACES)
async def test_a_missing_answer_times_out_naming_phase_and_limit(face: str) -> None:
    """ "Timeout" alone leaves people guessing which of five settings to change."""
    async with raw_upstream(silence) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", upstream.url, timeouts=Timeouts(first_byte=0.05))
        with pytest.raises(InvokeConnectionError, match=r"waiting for the answer, after 0\.05 seconds"):
            await consume(transport, face, request)


async def test_a_stalled_stream_times_out_between_reads() -> None:
    """What came before the stall has been passed on."""
    async with raw_upstream(stall) as upstream, Transport(DIRECT) as transport:
        events = transport.events(Request("POST", upstream.url, timeouts=Timeouts(idle=0.05)))
        assert (await anext(events)).data == b"1"
        with pytest.raises(InvokeConnectionError, match=r"reading the answer, after 0\.05 seconds"):
            await anext(events)


async def test_a_slow_reader_is_not_a_stalled_upstream() -> None:
    """Time that the caller takes does not count against the upstream."""
    ready = asyncio.Event()

    async def answer(received: Received) -> None:
        await received.say(stream_head(), chunk(b"data: 1\n\n"))
        await ready.wait()
        await received.say(chunk(b"data: 2\n\n"), chunk(b""))

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        events = transport.events(Request("POST", upstream.url, timeouts=Timeouts(idle=0.2)))
        await anext(events)
        await asyncio.sleep(0.3)
        ready.set()
        assert [event.data async for event in events] == [b"2"]


async def test_the_whole_call_has_one_limit() -> None:
    """A stream that trickles for ever stays within every single phase."""

    async def answer(received: Received) -> None:
        await received.say(stream_head())
        while True:
            await received.say(chunk(b"data: 1\n\n"))
            await asyncio.sleep(0.01)

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        with pytest.raises(InvokeConnectionError, match=r"whole call may take 0\.1 seconds"):
            await consume(transport, "events", Request("POST", upstream.url, timeouts=Timeouts(total=0.1)))


async def test_the_callers_deadline_counts_too() -> None:
    """A call has one deadline from the first byte to the last, whoever set it."""
    async with raw_upstream(silence) as upstream, Transport(DIRECT) as transport:
        token = call_deadline.set(time.monotonic() + 0.05)
        try:
            with pytest.raises(InvokeConnectionError, match="whole call"):
                await transport.json(Request("POST", upstream.url))
        finally:
            call_deadline.reset(token)


async def test_connecting_times_out() -> None:
    """A listener whose queue is full neither accepts nor refuses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for each in fillers:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        async with Transport(DIRECT) as transport:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            with pytest.raises(InvokeConnectionError, match=r"connecting, after 0\.05 seconds"):
                await transport.json(Request("POST", url, timeouts=Timeouts(connect=0.05)))
        for each in fillers:
            each.close()


async def test_an_upload_that_is_not_taken_times_out() -> None:
    """An upstream that stops reading must not hold a call for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport too
        connections.append(writer)

    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with Transport(DIRECT) as transport:
        request = Request("POST", url, json="x" * 50_000_000, timeouts=Timeouts(first_byte=0.2))
        with pytest.raises(InvokeConnectionError, match="sending the request"):
            await transport.json(request)
    for writer in connections:
        writer.transport.abort()
    server.close()
    await server.wait_closed()


async def test_an_early_refusal_of_an_upload_is_heard() -> None:
    """An upstream that says 413 and hangs up has given a reason; a broken pipe is none."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer_of(413, {"error": {"message": "too large"}}))
        await writer.drain()
        writer.write_eof()
        await done.wait()
        writer.close()

    done = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with Transport(DIRECT) as transport:
        with pytest.raises(Exception, match="too large"):
            await transport.json(Request("POST", url, json="x" * 20_000_000))
    done.set()
    server.close()
    await server.wait_closed()


async def test_an_unread_stream_holds_the_upstream_back() -> None:
    """Memory of an open stream is bounded: the upstream is slowed down, not buffered."""
    accepted = 0

    async def answer(received: Received) -> None:
        nonlocal accepted
        received.writer.transport.set_write_buffer_limits(0)
        sock = received.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        await received.say(stream_head("audio/pcm"))
        while True:
            await received.say(chunk(b"x" * 65536))
            accepted += 65536

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        stream = transport.chunks(Request("POST", upstream.url))
        await anext(stream)
        before = -1
        while before != accepted:  # until nothing moves any more
            before = accepted
            await asyncio.sleep(0.1)
        assert accepted < 16 * 2**20  # the kernel's own buffers, a few MB
        await stream.aclose()


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_over_the_limit_is_refused(packed: bool) -> None:
    """A small compressed body can hold gigabytes; neither kind may fill the memory."""
    body = b'"' + b"x" * 5_000_000 + b'"'
    headers = {"content-encoding": "gzip"} if packed else {}
    said = answer_of(200, gzip.compress(body) if packed else body, headers)
    settings = TransportSettings(trust_env=False, max_answer=1_000_000)
    async with raw_upstream(always(said)) as upstream, Transport(settings) as transport:
        with pytest.raises(InvokeServerUnavailableError, match="longer than 1000000 bytes"):
            await transport.json(Request("POST", upstream.url))


@pytest.mark.parametrize("face", ["events", "lines"])
async def test_a_line_over_the_limit_is_refused(face: str) -> None:
    """An event without end is no event."""

    async def answer(received: Received) -> None:
        await received.say(stream_head("text/event-stream"))
        while True:
            await received.say(chunk(b"x" * 1000))

    settings = TransportSettings(trust_env=False, max_line=50_000)
    async with raw_upstream(answer) as upstream, Transport(settings) as transport:
        with pytest.raises(InvokeServerUnavailableError, match="longer than 50000 bytes"):
            await consume(transport, face, Request("POST", upstream.url))


async def test_calls_over_the_number_of_connections_wait_their_turn() -> None:
    """The limit holds, and a failed call gives its place back."""
    at_once = most = 0

    async def answer(received: Received) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        await received.say(answer_of(404 if len(upstream.requests) % 2 else 200, {}))

    settings = TransportSettings(trust_env=False, max_connections=2)
    async with raw_upstream(answer) as upstream, Transport(settings) as transport:
        calls = [transport.json(Request("POST", upstream.url)) for _ in range(12)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert most == 2
    assert len(upstream.requests) == 12
    assert any(result == {} for result in results)


def open_sockets() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - the entries vanish while they are read
        try:
            found.add(os.readlink(f"/proc/self/fd/{name}"))  # noqa: PTH115
        except OSError:
            continue
    return {each for each in found if each.startswith("socket:")}


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs the Linux /proc")  # noqa: PTH110
def test_closing_leaves_no_socket_and_no_thread() -> None:
    """After idle, failed, stalled and abandoned calls alike."""
    sockets, threads = open_sockets(), set(threading.enumerate())

    async def use() -> None:
        async with raw_upstream(stall) as stalling, raw_upstream(always(answer_of(body={}))) as upstream:
            transport = Transport(DIRECT)
            await asyncio.gather(*(transport.json(Request("GET", upstream.url)) for _ in range(5)))
            events = transport.events(Request("POST", stalling.url))
            await anext(events)
            await transport.aclose()
            with pytest.raises(InvokeConnectionError):
                await anext(events)

    asyncio.run(use())
    assert open_sockets() == sockets
    assert set(threading.enumerate()) == threads


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs the Linux /proc")  # noqa: PTH110
def test_a_forgotten_transport_leaves_nothing_when_its_loop_ends() -> None:
    """A script that never closes must not end in warnings."""
    sockets = open_sockets()

    async def use() -> None:
        async with raw_upstream(always(answer_of(body={}))) as upstream:
            await Transport(DIRECT).json(Request("GET", upstream.url))

    asyncio.run(use())
    gc.collect()
    assert open_sockets() == sockets

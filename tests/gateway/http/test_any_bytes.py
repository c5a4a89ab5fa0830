"""Whatever arrives, and however it is cut: the same exchanges, no exception, bounded memory."""

from __future__ import annotations

import asyncio
import gc
import logging
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.http.raw_client import GET, chunked, connected, echo, post, serving

from modelbay.gateway.http.connection import Connection
from modelbay.gateway.http.server import Server
from modelbay.gateway.http.settings import ServerSettings

_TOKENS = [
    *(
        b"GET ",
        b"POST ",
        b"/",
        b" HTTP/1.1",
        b" HTTP/1.0",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b": ",
        b"\0",
        b" ",
    ),
    *(b"Host: a\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"),
    *(b"Expect: 100-continue\r\n", b"Content-Length: ", b"5", b"0\r\n\r\n", b"3\r\nabc\r\n", b"hello", GET),
    *(post(b"body"), chunked(b"one", b"two")),
]
_PIECES = st.lists(st.one_of(st.sampled_from(_TOKENS), st.binary(max_size=8)), max_size=30)


class Wire(asyncio.Transport):
    """The other end of a connection, in memory: what was written, and whether reading is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high

    def get_write_buffer_size(self) -> int:
        return 0


async def _converse(pieces: list[bytes], *, wait: bool) -> bytes:
    """Feed a connection; return what it wrote. `wait`: whether the application runs between the pieces."""
    server = Server(echo, ServerSettings())
    connection = Connection(server)
    wire = Wire()
    connection.connection_made(wire)
    for piece in pieces:
        if wire.closed:
            break
        connection.data_received(piece)
        for _ in range(5 * wait):
            await asyncio.sleep(0)
    for _ in range(200):
        await asyncio.sleep(0)
    connection.connection_lost(None)
    assert await server.drain(1.0)
    return wire.written


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(each % (len(data) + 1) for each in cuts)})
    return [data[a:b] for a, b in pairwise(at)]


@given(pieces=_PIECES, cuts=st.lists(st.integers(0, 2000), max_size=10), wait=st.booleans())
@settings(max_examples=300)
async def test_any_bytes_give_the_same_exchanges_wherever_they_are_cut(
    pieces: list[bytes], cuts: list[int], wait: bool
) -> None:
    """The network may cut anywhere, so nothing may depend on it; and nothing may come out but answers."""
    data = b"".join(pieces)
    expected = await _converse([data] if data else [], wait=wait)
    assert await _converse(_cut(data, cuts), wait=wait) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n" + GET + post(b"body") + b"POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + GET,
        chunked(b"one", b"t" * 20) + b"GET /last HTTP/1.0\r\n\r\n",
        GET + b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + GET,
        chunked(b"one")[:-5] + b"x\r\n" + GET,
    ],
)
async def test_requests_are_the_same_cut_at_every_byte(data: bytes) -> None:
    """A head's end, a chunk's size and a boundary between requests each have bytes to fall between."""
    expected = await _converse([data], wait=True)
    for at in range(1, len(data)):
        assert await _converse([data[:at], data[at:]], wait=True) == expected
    assert await _converse([data[at : at + 1] for at in range(len(data))], wait=True) == expected


@given(data=st.lists(st.one_of(st.sampled_from(_TOKENS), st.binary(max_size=100)), max_size=20).map(b"".join))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_bytes_on_a_socket_make_the_server_stumble(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """After anything at all the next client is served, and the log holds no complaint."""
    async with serving(echo) as server:
        async with connected(server) as client:
            await client.say(data)
            client.writer.write_eof()
            await client.rest()
        async with connected(server) as client:
            await client.say(GET)
            assert (await client.reply()).status == 200
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_a_connection_holds_little_of_what_nobody_takes() -> None:
    """A head without end, a body and requests ahead of their turn: each is bounded."""

    async def waits(exchange: object) -> None:
        await asyncio.Event().wait()

    for flood in (b"GET /" + b"a" * 2**20, post(b"x" * 2**20), chunked(b"x" * 2**20), GET + b"x" * 2**20):
        server = Server(waits, ServerSettings())
        connection, wire = Connection(server), Wire()
        connection.connection_made(wire)
        taken = 0
        for at in range(0, len(flood), 1000):
            if not wire.reading:
                break
            connection.data_received(flood[at : at + 1000])
            taken = at
        refused = server.refusals == {414: 1}
        assert refused or taken < 70_000
        connection.connection_lost(None)
        assert await server.drain(1.0)


@pytest.mark.parametrize("request_bytes", [GET, post(b"x" * 1000), chunked(b"x"), b"nonsense\r\n\r\n"])
async def test_a_request_leaves_nothing_for_the_garbage_collector(request_bytes: bytes) -> None:
    """What only a collection frees piles up between two of them, and each one halts every stream."""
    async with serving(echo) as server:
        for round_ in range(2):
            async with connected(server) as client:
                gc.collect()
                gc.disable()
                try:
                    await client.say(request_bytes)
                    await client.reply()
                    gc.set_debug(gc.DEBUG_SAVEALL)
                    gc.collect()
                    ours = {type(each).__name__ for each in gc.garbage if _is_ours(each)}
                finally:
                    gc.set_debug(0)
                    gc.garbage.clear()
                    gc.enable()
            assert ours == set(), round_


def _is_ours(thing: object) -> bool:
    return type(thing).__module__.startswith(("modelbay", "httptools"))

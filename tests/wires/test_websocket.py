"""Conversations over websockets: messages whole and in order, refusals in the upstream's words."""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Asked
from websockets.http11 import Response

from modelbay.errors import InvokeAuthorizationError, InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.request import Replies, Request, Timeouts
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

SETTINGS = TransportSettings(trust_env=False, retries=0)
Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def upstream(handler: Handler, key: str | None = None) -> AsyncIterator[str]:
    """Serve on a free port; yield the address."""

    def check(connection: ServerConnection, request: Asked) -> Response | None:
        if key is None or request.headers.get("Authorization") == f"Bearer {key}":
            return None
        refusal = connection.respond(http.HTTPStatus.UNAUTHORIZED, '{"message": "the key is not known"}')
        refusal.headers["X-Request-Id"] = "r-1"
        return refusal

    async with serve(handler, "127.0.0.1", 0, process_request=check, max_size=2**22) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/talk"


async def heard(url: str, replies: Replies | None = None, **how: object) -> list[bytes]:
    """Return all that the upstream said."""
    async with Transport(SETTINGS) as transport:
        request = Request("GET", url, replies=replies, **how)  # type: ignore[arg-type]
        return [message async for message in transport.messages(request)]


def saying(*messages: str | bytes) -> Replies:
    """Say something when the talk begins."""
    return lambda message: messages if message is None else ()


async def test_what_is_said_is_answered_in_order() -> None:
    """A request goes out when the socket opens; frames come as they are, text and bytes alike."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)
            if message == "end":
                return

    async with upstream(echo) as url:
        assert await heard(url, saying("one", b"\x00\x01", "é", "end")) == [
            b"one",
            b"\x00\x01",
            "é".encode(),
            b"end",
        ]


async def test_the_next_thing_is_said_when_the_upstream_is_ready() -> None:
    """Tasks are started, then fed, then finished: each step waits for a word."""

    async def task(connection: ServerConnection) -> None:
        assert await connection.recv() == "start"
        await connection.send("started")
        sizes = []
        while isinstance(piece := await connection.recv(), bytes):
            sizes.append(len(piece))
        await connection.send(f"{piece}: {sum(sizes)} in {len(sizes)}")

    def replies(message: bytes | None) -> Iterable[str | bytes]:
        if message is None:
            return ["start"]
        return [*[bytes(200_000)] * 8, "finish"] if message == b"started" else []

    async with upstream(task) as url:
        assert await heard(url, replies) == [b"started", b"finish: 1600000 in 8"]


@settings(max_examples=25)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6), st.booleans())
async def test_a_message_in_fragments_is_whole(pieces: list[str], with_pings: bool) -> None:
    """Whether a message is cut, and what comes between, is the sender's business."""

    async def in_pieces(connection: ServerConnection) -> None:
        async def cut() -> AsyncIterator[str]:
            for piece in pieces:
                yield piece
                if with_pings:
                    await connection.ping()

        await connection.send(cut())

    async with upstream(in_pieces) as url:
        assert await heard(url) == ["".join(pieces).encode()]


async def test_a_refusal_has_the_upstreams_words_and_its_id() -> None:
    """A wrong key is found out in the handshake already; the key is not told."""
    async with upstream(lambda _: asyncio.sleep(0), key="good") as url:
        with pytest.raises(InvokeAuthorizationError, match="the key is not known") as caught:
            await heard(url, headers={"Authorization": "Bearer bad-key-1"})

    assert (caught.value.status, caught.value.request_id) == (401, "r-1")
    assert "bad-key-1" not in str(caught.value)


async def test_an_end_with_a_reason_is_an_error_and_a_normal_one_is_not() -> None:
    """1011 and its like say that something went wrong; a farewell does not."""

    async def fail(connection: ServerConnection) -> None:
        await connection.send("begun")
        await connection.close(1011, "out of memory")

    async with upstream(fail) as url:
        with pytest.raises(InvokeServerUnavailableError, match="out of memory"):
            await heard(url)


async def test_a_server_that_is_no_websocket_says_so() -> None:
    """A wrong address leads to a web server."""

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(InvokeServerUnavailableError, match="answered 200; check the address"):
            await heard(f"ws://127.0.0.1:{port}/")


async def test_nobody_there_is_a_connection_error() -> None:
    """As for any other request."""
    with pytest.raises(InvokeConnectionError, match="Cannot connect"):
        await heard("ws://127.0.0.1:1/")


async def test_silence_ends_the_talk() -> None:
    """A limit between two messages, as between two chunks."""
    over = asyncio.Event()

    async def silent(connection: ServerConnection) -> None:
        await connection.send("begun")
        await over.wait()

    async with upstream(silent) as url:
        try:
            with pytest.raises(InvokeConnectionError, match="waiting for the next message"):
                await heard(url, timeouts=Timeouts(idle=0.05))
        finally:
            over.set()


async def test_whoever_listens_no_more_hangs_up() -> None:
    """The upstream must not go on working for nobody."""
    gone = asyncio.Event()

    async def endless(connection: ServerConnection) -> None:
        try:
            while True:
                await connection.send("more")
        except ConnectionClosed:
            gone.set()

    async with upstream(endless) as url, Transport(SETTINGS) as transport:
        talk = transport.messages(Request("GET", url))
        assert await anext(talk) == b"more"
        await talk.aclose()
        await asyncio.wait_for(gone.wait(), 10)


async def test_a_message_that_is_too_long_is_refused() -> None:
    """Memory is bounded, whatever the upstream sends."""

    async def long(connection: ServerConnection) -> None:
        await connection.send(bytes(10_000))
        await connection.wait_closed()

    async with (
        upstream(long) as url,
        Transport(TransportSettings(trust_env=False, max_line=1000)) as transport,
    ):
        with pytest.raises(InvokeServerUnavailableError, match="cannot be read"):
            _ = [message async for message in transport.messages(Request("GET", url))]

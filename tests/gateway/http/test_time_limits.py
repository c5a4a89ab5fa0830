"""Clients that are slow, silent or stuck. The tests say what time it is; none of them waits."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.gateway.http.raw_client import GET, LIMIT, Client, connected, hello, post, serving

from modelbay.gateway.http.exchange import Exchange
from modelbay.gateway.http.server import Server


async def _reached(server: Server, *, connections: int = 1) -> None:
    while server.connections != connections:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0)


async def _read(server: Server, client: Client, data: bytes) -> None:
    """Send, and go round until the server must have read it: it answers others that came after."""
    await client.say(data)
    async with connected(server) as other:
        await other.say(GET)
        await other.reply()
    await _reached(server)


@pytest.mark.parametrize("sent", [b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
async def test_a_head_that_takes_too_long_is_refused(sent: bytes) -> None:
    """Slow loris: many connections, each with a byte now and then, would fill the server."""
    async with serving(hello) as server, connected(server) as client:
        await _reached(server)
        await _read(server, client, sent)
        server.sweep(time.monotonic() + 9)
        await _read(server, client, b"E"[: len(sent) - 1])
        server.sweep(time.monotonic() + 11)
        reply = await client.reply()
        assert (reply.status, reply.headers["connection"]) == (408, "close")
        assert await client.rest() == b""


async def test_a_new_connection_that_says_nothing_is_closed() -> None:
    """It is no client."""
    async with serving(hello) as server, connected(server) as client:
        await _reached(server)
        server.sweep(time.monotonic() + 9)
        server.sweep(time.monotonic() + 11)
        assert await client.rest() == b""


async def test_an_idle_connection_is_kept_for_a_while() -> None:
    """Clients pool their connections; most keep them for less than a minute."""
    async with serving(hello) as server, connected(server) as client:
        await client.say(GET)
        await client.reply()
        server.sweep(time.monotonic() + 74)
        await client.say(GET)
        assert (await client.reply()).status == 200
        server.sweep(time.monotonic() + 76)
        assert await client.rest() == b""


async def test_a_body_that_stops_arriving_is_an_error_for_who_waits() -> None:
    """The call fails with the status that the face puts into its dialect; here nobody catches it."""

    async def app(exchange: Exchange) -> None:
        if exchange.method == "POST":
            await exchange.body(LIMIT)
        else:
            await hello(exchange)

    async with serving(app) as server, connected(server) as client:
        await _reached(server)
        await _read(server, client, post(b"xx")[:-1])
        now = time.monotonic()
        server.sweep(now)
        server.sweep(now + 29)
        server.sweep(now + 31)
        reply = await client.reply()
        assert (reply.status, reply.headers["connection"]) == (408, "close")
        assert "30 seconds" in reply.json["error"]["message"]


async def test_a_body_that_trickles_is_an_error_too() -> None:
    """A byte every few seconds would hold a call for hours."""

    async def app(exchange: Exchange) -> None:
        if exchange.method == "POST":
            await exchange.body(LIMIT)
        else:
            await hello(exchange)

    async with serving(app) as server, connected(server) as client:
        await _reached(server)
        await _read(server, client, post(b"x" * 1000)[:-1000])
        for seconds in range(0, 36, 4):
            await _read(server, client, b"x")
            server.sweep(time.monotonic() + seconds)
        reply = await client.reply()
        assert (reply.status, "a second" in reply.json["error"]["message"]) == (408, True)


async def test_an_answer_that_outlives_its_request_ends_the_connection() -> None:
    """What follows a body that broke off cannot be told from its rest, even if the head promised to go on."""
    go_on = asyncio.Event()

    async def app(exchange: Exchange) -> None:
        exchange.begin(200, b"")
        await go_on.wait()
        exchange.end(b"x")

    async with serving(app) as server, connected(server) as client:
        await client.say(post(b"x" * len(GET))[: -len(GET)])
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert b"connection" not in head
        now = time.monotonic()
        server.sweep(now)
        server.sweep(now + 31)
        go_on.set()
        await client.reader.readuntil(b"0\r\n\r\n")
        await client.say(GET)
        assert await client.rest() == b""
        assert server.answered == 1


async def test_a_body_that_the_application_holds_back_is_not_late() -> None:
    """Its client is not to blame."""
    take, held = asyncio.Event(), asyncio.Event()

    async def app(exchange: Exchange) -> None:
        held.set()
        await take.wait()
        exchange.respond(200, b"", b"%d" % len(await exchange.body(LIMIT)))

    async with serving(app, read_ahead=1000) as server, connected(server) as client:
        await client.say(post(b"x" * 900_000)[:-1])
        await held.wait()
        for seconds in range(0, 300, 20):
            server.sweep(time.monotonic() + seconds)
        take.set()
        await client.say(b"x")
        assert (await client.reply()).body == b"900000"


async def test_a_client_that_takes_nothing_of_its_answer_is_cut() -> None:
    """What waits for it is memory. As long as it takes something, however little, it is served."""
    behind, cancelled = asyncio.Event(), asyncio.Event()

    async def app(exchange: Exchange) -> None:
        exchange.begin(200, b"")
        while not exchange.send(b"x" * 65536):
            pass
        behind.set()
        try:
            await exchange.drained()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with serving(app) as server, connected(server, limit=1) as client:
        await client.say(GET)
        await behind.wait()
        now = time.monotonic()
        for seconds in (0, 59):
            server.sweep(now + seconds)
        assert not cancelled.is_set()
        server.sweep(now + 61)
        await cancelled.wait()


async def test_a_client_that_never_stops_sending_after_its_last_answer_is_closed() -> None:
    """Hearing it out saves the answer, but not for ever."""
    async with serving(hello) as server, connected(server) as client:
        await client.say(b"nonsense\r\n\r\n")
        assert (await client.reply()).status == 400
        assert await client.rest() == b""
        server.sweep(time.monotonic() + 6)
        await _reached(server, connections=0)


async def test_the_clock_is_looked_at_without_being_asked() -> None:
    """One timer for the whole server."""
    async with serving(hello, sweep=0.001, head_timeout=0.001) as server, connected(server) as client:
        assert await client.rest() == b""
        await _reached(server, connections=0)

"""Answers while they are sent: back-pressure, clients that leave, applications that fail."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

import pytest
from tests.gateway.http.raw_client import (
    GET,
    LIMIT,
    chunked,
    connected,
    hello,
    post,
    serving,
    talking,
)

from modelbay.gateway.http.exchange import ClientGoneError, Exchange
from modelbay.gateway.http.head import lines


async def test_a_stream_arrives_piece_by_piece() -> None:
    """A chunk that was sent must not wait for the next one."""
    go_on = asyncio.Event()

    async def app(exchange: Exchange) -> None:
        exchange.begin(200, b"content-type: text/event-stream\r\n")
        exchange.send(b"one")
        await go_on.wait()
        exchange.send(b"")
        exchange.send(b"two")
        exchange.end()

    async with talking(app) as client:
        await client.say(GET)
        assert b"transfer-encoding: chunked" in await client.reader.readuntil(b"\r\n\r\n")
        assert await client.reader.readexactly(8) == b"3\r\none\r\n"
        go_on.set()
        assert await client.reader.readexactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"


async def test_pieces_sent_in_one_go_leave_in_one_write() -> None:
    """A system call costs more than all else that is done for a chunk."""

    async def app(exchange: Exchange) -> None:
        exchange.begin(200, b"")
        for _ in range(50):
            exchange.send(b"x")
        exchange.end()

    async with serving(app) as server:
        host, _, port = server.addresses[0].rpartition(":")
        loop = asyncio.get_running_loop()
        with socket.create_connection((host, int(port))) as sock:
            sock.setblocking(False)
            await loop.sock_sendall(sock, GET)
            data = await loop.sock_recv(sock, 65536)
        assert data.count(b"1\r\nx\r\n") == 50


async def test_a_client_that_does_not_read_holds_the_stream_back() -> None:
    """Memory per stream is bounded by asking the application to wait."""
    sent = 0
    waiting, finished = asyncio.Event(), asyncio.Event()

    async def app(exchange: Exchange) -> None:
        nonlocal sent
        exchange.begin(200, b"")
        while not exchange.send(b"x" * 65536):
            sent += 1
        waiting.set()
        await exchange.drained()
        exchange.end()
        finished.set()

    async with talking(app) as client:
        await client.say(GET)
        await waiting.wait()
        assert not finished.is_set()
        assert len((await client.reply()).body) == (sent + 1) * 65536
        await finished.wait()


async def test_pushed_data_is_held_back_by_calls() -> None:
    """The fast lane has no task of its own to wait in: the upstream's socket is paused and resumed."""
    calls: asyncio.Queue[str] = asyncio.Queue()

    async def app(exchange: Exchange) -> None:
        exchange.on_flow(lambda: calls.put_nowait("pause"), lambda: calls.put_nowait("resume"))
        exchange.begin(200, b"")
        while calls.empty():
            exchange.send(b"x" * 65536)
        again: list[str] = []
        exchange.on_flow(lambda: again.append("pause"), lambda: calls.put_nowait("resume"))
        assert again == ["pause"]
        await exchange.drained()
        exchange.end(b"end")

    async with talking(app) as client:
        await client.say(GET)
        assert await calls.get() == "pause"
        assert (await client.reply()).body.endswith(b"xend")
        assert await calls.get() == "resume"


async def _waits_for_the_end(exchange: Exchange) -> None:
    await asyncio.Event().wait()


async def _streams_without_end(exchange: Exchange) -> None:
    exchange.begin(200, b"")
    while True:
        if exchange.send(b"x" * 1000):
            await exchange.drained()
        await asyncio.sleep(0)


async def _reads_the_body(exchange: Exchange) -> None:
    await exchange.body(LIMIT)


@pytest.mark.parametrize("app", [_waits_for_the_end, _streams_without_end, _reads_the_body])
@pytest.mark.parametrize("leave", ["close", "reset", "half-close"])
async def test_a_client_that_leaves_cancels_its_exchange(
    app: Callable[[Exchange], asyncio.Future[None]], leave: str
) -> None:
    """Nobody reads the answer, so nobody should pay for it. A half-close looks the same."""
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def watched(exchange: Exchange) -> None:
        started.set()
        try:
            await app(exchange)
        except asyncio.CancelledError:
            with pytest.raises(ClientGoneError):
                await exchange.drained()
            cancelled.set()
            raise

    async with serving(watched) as server, connected(server) as client:
        await client.say(post(b"xx")[:-1])
        await started.wait()
        if leave == "close":
            client.writer.close()
        elif leave == "reset":
            client.reset()
        else:
            client.writer.write_eof()
        await cancelled.wait()


async def test_an_answer_to_nobody_is_dropped() -> None:
    """An application that was already finishing need not ask at every step whether the client is there."""
    gone, done = asyncio.Event(), asyncio.Event()

    async def app(exchange: Exchange) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            gone.set()
        exchange.begin(200, b"")
        assert exchange.send(b"x")
        exchange.end()
        done.set()

    async with serving(app) as server:
        async with connected(server) as client:
            await client.say(GET)
        await done.wait()
        async with connected(server) as client:
            await client.say(GET)
            client.reset()
            await gone.wait()


async def _raises(exchange: Exchange) -> None:
    raise ValueError("sk-secret")


async def _returns(exchange: Exchange) -> None:
    return


async def _answers_twice(exchange: Exchange) -> None:
    exchange.begin(200, b"")
    exchange.respond(200, b"", b"")


async def _stops_in_the_middle(exchange: Exchange) -> None:
    exchange.begin(200, b"")
    exchange.send(b"half")
    await asyncio.sleep(0)
    raise ValueError


@pytest.mark.parametrize("app", [_raises, _returns])
async def test_an_application_that_fails_before_its_answer_is_a_500(
    app: Callable[[Exchange], asyncio.Future[None]], caplog: pytest.LogCaptureFixture
) -> None:
    """The client is told something, though not what: that is for the log. The connection goes on."""
    async with talking(app) as client:
        for _ in range(2):
            await client.say(GET)
            reply = await client.reply()
            assert (reply.status, reply.json["error"]["type"]) == (500, "server_error")
            assert b"secret" not in reply.body
    assert [each.levelno for each in caplog.records] == [logging.ERROR] * 2


@pytest.mark.parametrize("app", [_answers_twice, _stops_in_the_middle])
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
async def test_an_answer_that_breaks_off_does_not_look_complete(
    app: Callable[[Exchange], asyncio.Future[None]], version: bytes
) -> None:
    """In HTTP/1.0 the end of the connection is the end of the answer, so only a reset tells."""
    async with talking(app) as client:
        await client.say(b"GET / HTTP/%b\r\nHost: a\r\n\r\n" % version)
        try:
            data = await client.rest()
        except ConnectionResetError:
            return
        assert version == b"1.1"
        assert not data.endswith(b"0\r\n\r\n")


async def test_a_body_that_nobody_takes_is_held_back_at_the_client() -> None:
    """An upload to a slow disk must not pile up in memory."""
    take = asyncio.Event()

    async def app(exchange: Exchange) -> None:
        await take.wait()
        exchange.respond(200, b"", b"%d" % len(await exchange.body(2**27)))

    async with talking(app, read_ahead=1000) as client:
        sending = asyncio.create_task(client.say(chunked(*[b"x" * 2**20] * 40)))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not sending.done()
        take.set()
        assert (await client.reply()).body == b"%d" % (40 * 2**20)
        await sending


async def test_an_application_may_work_on_after_its_answer() -> None:
    """The next request of the client does not wait for that, and its leaving does not stop it."""
    ended, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def app(exchange: Exchange) -> None:
        await hello(exchange)
        if not ended.is_set():
            ended.set()
            await go_on.wait()
            done.set()

    async with serving(app) as server:
        async with connected(server) as client:
            for _ in range(2):
                await client.say(GET)
                assert (await client.reply()).body == b"hello"
        go_on.set()
        await done.wait()


@pytest.mark.parametrize(
    "pair", [("a", "x\r\ny: z"), ("a", "x\0"), ("a", "€"), ("a b", "x"), ("A", "x"), ("", "x"), ("a:", "x")]
)
def test_header_lines_cannot_be_split(pair: tuple[str, str]) -> None:
    """A model's name or an upstream's words in a header must not become headers of their own."""
    with pytest.raises(ValueError, match=r"header"):
        lines([("fine", "value"), pair])
    assert lines([("a", "b"), ("c", "d é")]) == b"a: b\r\nc: d \xe9\r\n"

"""Requests that are well-formed: what the application sees, and how its answer is framed."""

from __future__ import annotations

import asyncio

import pytest
from tests.gateway.http.raw_client import GET, LIMIT, chunked, connected, echo, hello, post, serving, talking

from modelbay.gateway.http.exchange import BodyError, Exchange


async def test_the_application_sees_the_request_as_it_was_sent() -> None:
    """Routing, authorisation and dialects read nothing but these."""
    async with talking(echo) as client:
        await client.say(
            b"POST /v1/a%20b?x=1&y=%3F HTTP/1.1\r\nHOST: a.test:80\r\nX-Two: a\r\nx-two:  b \t\r\n"
            b"Cookie: a=1\r\ncookie: b=2\r\nX-High: \xe9\r\nX-Empty:\r\nContent-Length: 4\r\n\r\nbody"
        )
        seen = (await client.reply()).json

    assert (seen["method"], seen["path"], seen["query"]) == ("POST", "/v1/a%20b", "x=1&y=%3F")
    assert seen["body"] == "body"
    assert seen["headers"] == {
        "host": "a.test:80",
        "x-two": "a, b",
        "cookie": "a=1; b=2",
        "x-high": "é",
        "x-empty": "",
        "content-length": "4",
    }


async def test_one_connection_serves_request_after_request() -> None:
    """Keep-alive is the default of HTTP/1.1, and saves a handshake per call."""
    async with serving(echo) as server, connected(server) as client:
        for number in range(5):
            await client.say(post(b"%d" % number))
            assert (await client.reply()).json["body"] == str(number)
        await client.say(chunked(b"ab", b"c", b"d" * 70_000))
        assert (await client.reply()).json["body"] == "abc" + "d" * 70_000
        assert server.connections == 1


async def test_pipelined_requests_are_served_one_at_a_time_in_order() -> None:
    """A client that sends ahead must not get answers mixed up, nor run several calls at once."""
    running: list[str] = []

    async def app(exchange: Exchange) -> None:
        running.append(exchange.path)
        assert len(running) == 1
        body = await exchange.body(LIMIT)
        await asyncio.sleep(0)
        running.remove(exchange.path)
        exchange.respond(200, b"", exchange.path.encode() + body)

    requests = b"".join(
        b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n%d" % (n, n) for n in range(9)
    )
    async with talking(app) as client:
        await client.say(requests + GET)
        assert [(await client.reply()).body for _ in range(9)] == [b"/%d%d" % (n, n) for n in range(9)]
        assert (await client.reply()).body == b"/"


async def test_far_too_many_pipelined_requests_are_held_back_at_the_socket() -> None:
    """What nobody takes yet may not fill the server's memory."""
    async with talking(hello, read_ahead=1000) as client:
        sending = asyncio.create_task(client.say(GET * 20_000))
        for _ in range(20_000):
            assert (await client.reply()).body == b"hello"
        await sending


@pytest.mark.parametrize("request_bytes", [b"\r\n" + GET, b"\r\n\r\n" + GET, b"\n" + GET])
async def test_empty_lines_before_a_request_are_skipped(request_bytes: bytes) -> None:
    """Old clients end a body with a line end that nobody counted (RFC 9112, 2.2)."""
    async with talking(hello) as client:
        await client.say(request_bytes, request_bytes)
        assert [(await client.reply()).status for _ in range(2)] == [200, 200]


async def test_an_absolute_target_is_read_as_its_path() -> None:
    """Clients that think they speak to a proxy send the whole URL (RFC 9112, 3.2.2)."""
    async with talking(echo) as client:
        await client.say(b"GET http://other.test/a?b HTTP/1.1\r\nHost: test\r\n\r\n")
        seen = (await client.reply()).json
        assert (seen["path"], seen["query"]) == ("/a", "b")


async def test_an_upgrade_that_is_offered_is_not_taken() -> None:
    """curl --http2 asks for h2c; the answer comes in HTTP/1.1, and the connection stays in it."""
    async with talking(hello) as client:
        for _ in range(2):
            await client.say(
                b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
            )
            assert (await client.reply()).body == b"hello"


async def test_a_client_that_asks_first_is_told_to_send_its_body() -> None:
    """curl waits a second for this before it sends a large body."""
    async with talking(echo) as client:
        await client.say(post(b"later", b"Expect: 100-continue").removesuffix(b"later"))
        assert (await client.reply()).status == 100
        await client.say(b"later")
        assert (await client.reply()).json["body"] == "later"


async def test_a_client_that_asks_first_is_spared_a_body_that_is_refused() -> None:
    """Asking first is for this. Whether the body follows all the same cannot be known: so it closes."""

    async def app(exchange: Exchange) -> None:
        await exchange.body(10)

    async with talking(app) as client:
        await client.say(post(b"x" * 11, b"Expect: 100-continue")[:-11])
        reply = await client.reply()
        assert (reply.status, reply.headers["connection"]) == (413, "close")
        assert await client.rest() == b""


async def test_http_1_0_gets_its_answer_up_to_the_end() -> None:
    """It knows neither chunks nor, unless it asks, connections that stay."""

    async def stream(exchange: Exchange) -> None:
        exchange.begin(200, b"")
        exchange.send(b"one ")
        exchange.end(b"two")

    async with talking(stream) as client:
        await client.say(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        reply = await client.reply()
        assert (reply.body, reply.headers) == (b"one two", {"connection": "close"})
    async with talking(hello) as client:
        await client.say(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n")
        assert (await client.reply()).headers["connection"] == "keep-alive"
        assert (await client.reply()).headers["connection"] == "close"
        assert await client.rest() == b""


async def test_head_gets_the_length_without_the_body() -> None:
    """A body after the answer to HEAD would be taken for the next answer."""

    async def app(exchange: Exchange) -> None:
        if exchange.path == "/whole":
            exchange.respond(200, b"", b"hello")
        else:
            exchange.begin(200, b"")
            exchange.send(b"he")
            exchange.end(b"llo")

    async with talking(app) as client:
        await client.say(b"HEAD /whole HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await client.reply(to_head=True)).headers == {"content-length": "5"}
        assert (await client.reply(to_head=True)).headers == {"transfer-encoding": "chunked"}
        await client.say(b"GET /whole HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await client.reply()).body == b"hello"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_never_has_a_body_is_sent_without_framing(status: int) -> None:
    """A length or chunks with these would confuse the client about the next answer (RFC 9110, 8.6)."""

    async def app(exchange: Exchange) -> None:
        if exchange.path == "/begin":
            exchange.begin(status, b"x-a: b\r\n")
            exchange.end()
        else:
            exchange.respond(status, b"x-a: b\r\n", b"")

    async with talking(app) as client:
        await client.say(b"GET /begin HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        for _ in range(2):
            reply = await client.reply()
            assert (reply.status, reply.headers) == (status, {"x-a": "b"})


async def test_close_is_answered_by_closing() -> None:
    """The client asked for it, and is told."""
    async with talking(hello) as client:
        await client.say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n")
        assert (await client.reply()).headers["connection"] == "close"
        assert await client.rest() == b""


async def test_a_body_may_be_taken_piece_by_piece() -> None:
    """Audio files go straight to disk."""

    async def app(exchange: Exchange) -> None:
        size = 0
        async for piece in exchange.pieces():
            size += len(piece)
        exchange.respond(200, b"", b"%d" % size)

    async with talking(app) as client:
        await client.say(post(b"x" * 300_000))
        assert (await client.reply()).body == b"300000"
        await client.say(chunked(*[b"y" * 1000] * 300))
        assert (await client.reply()).body == b"300000"


@pytest.mark.parametrize("request_bytes", [post(b"x" * 11), chunked(b"x" * 6, b"x" * 5)])
async def test_a_body_that_is_too_long_is_a_typed_error(request_bytes: bytes) -> None:
    """The face answers in its dialect; how the length was declared makes no difference."""
    caught: list[BodyError] = []

    async def app(exchange: Exchange) -> None:
        try:
            await exchange.body(10)
        except BodyError as error:
            caught.append(error)
            exchange.respond(413, b"", b"too long")

    async with talking(app) as client:
        await client.say(request_bytes)
        assert (await client.reply()).status == 413
    assert [(each.status, "10 bytes" in str(each)) for each in caught] == [(413, True)]

"""Bytes that are no request, or too much of one: a clear status, and the connection's end."""

from __future__ import annotations

import pytest
from tests.gateway.http.raw_client import GET, chunked, connected, echo, hello, post, serving, talking

_HEAD = b"GET / HTTP/1.1\r\nHost: test\r\n"
_POST = b"POST / HTTP/1.1\r\nHost: test\r\n"

_MALFORMED = {
    "length and chunks": _POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": _POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "the same length twice": _POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": _POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": _POST + b"Content-Length: +3\r\n\r\nabc",
    "an underscored length": _POST + b"Content-Length: 1_0\r\n\r\nabc",
    "an endless length": _POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "chunked twice": _POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked, then not": _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
    "not chunked at all": _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "hidden chunked": _POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two hosts": _HEAD + b"Host: other\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a folded header": _HEAD + b"X: a\r\n b\r\n\r\n",
    "a folded first header": b"GET / HTTP/1.1\r\n Host: test\r\n\r\n",
    "a space before the colon": _HEAD + b"X : a\r\n\r\n",
    "a header without a colon": _HEAD + b"nothing\r\n\r\n",
    "a header without a name": _HEAD + b": a\r\n\r\n",
    "NUL in a header": _HEAD + b"X: a\0b\r\n\r\n",
    "a control character": _HEAD + b"X: a\x01b\r\n\r\n",
    "a bare line feed": _HEAD + b"X: a\n\r\n",
    "only line feeds": b"GET / HTTP/1.1\nHost: test\n\n",
    "a bare carriage return": _HEAD + b"X: a\rY: b\r\n\r\n",
    "a space in the path": b"GET /a b HTTP/1.1\r\nHost: test\r\n\r\n",
    "a high byte in the path": b"GET /\xff HTTP/1.1\r\nHost: test\r\n\r\n",
    "no path": b"GET test HTTP/1.1\r\nHost: test\r\n\r\n",
    "a tunnel": b"CONNECT test:443 HTTP/1.1\r\nHost: test\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: test\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the beginning of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("name", _MALFORMED)
async def test_malformed_requests_are_refused_and_end_the_connection(name: str) -> None:
    """What servers read differently smuggles requests past a proxy: nothing after it may be served."""
    async with serving(echo) as server, connected(server) as client:
        await client.say(_MALFORMED[name] + GET)
        reply = await client.reply()
        assert (reply.status, reply.headers["connection"]) == (400, "close")
        assert reply.json["error"]["type"] == "invalid_request_error"
        assert await client.rest() == b""
        assert (server.answered, server.refusals) == (0, {400: 1})


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\nabc\r\n0\r\n\r\n",
        b"-1\r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"4\r\nabc\r\n0\r\n\r\n",
        b"3;a\0b\r\nabc\r\n0\r\n\r\n",
        b"3;a\rb\r\nabc\r\n0\r\n\r\n",
        b"fffffffff\r\nabc\r\n0\r\n\r\n",
        b"3;" + b"x" * 300 + b"\r\nabc\r\n0\r\n\r\n",
        b"3" * 1000,
        b"0\r\nX: a\n\r\n\r\n",
        b"0\r\n" + b"X: a\r\n" * 3000 + b"\r\n",
    ],
)
async def test_malformed_chunks_are_refused_and_end_the_connection(body: bytes) -> None:
    """Where the body ends must be beyond doubt, or the next request is somebody else's."""
    head, _, _ = chunked().partition(b"\r\n\r\n")
    async with talking(echo) as client:
        await client.say(head + b"\r\n\r\n" + body + GET)
        reply = await client.reply()
        assert (reply.status, reply.headers["connection"]) == (400, "close")
        assert await client.rest() == b""


@pytest.mark.parametrize(
    "body",
    [
        b"3\r\nabc\r\n0\r\n\r\n",
        b"003 ; a=b\r\nabc\r\n0;c\r\nTrailer: x\r\n\r\n",
        b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ],
)
async def test_chunks_that_are_merely_unusual_are_read(body: bytes) -> None:
    """Extensions and trailers are allowed; nobody here wants them."""
    head, _, _ = chunked().partition(b"\r\n\r\n")
    async with talking(echo) as client:
        for _ in range(2):
            await client.say(head + b"\r\n\r\n" + body)
            assert (await client.reply()).json["body"] == "abc"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (_HEAD + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (_HEAD + b"X: " + b"a" * 400_000, 431),
        (_HEAD + b"".join(b"x-%d: a\r\n" % n for n in range(100)) + b"\r\n", 431),
        (_HEAD + b"x: a\r\n" * 200 + b"\r\n", 431),
        (b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /" + b"a" * 50_000, 414),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 505),
        (_POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (_POST + b"Content-Length: 1\r\nExpect: miracles\r\n\r\nx", 417),
    ],
)
async def test_what_is_beyond_the_limits_has_its_own_status(request_bytes: bytes, status: int) -> None:
    """The client's developer has to know which limit it was."""
    async with talking(echo) as client:
        await client.say(request_bytes)
        reply = await client.reply()
        assert (reply.status, reply.headers["connection"]) == (status, "close")
        assert await client.rest() == b""


async def test_what_is_just_within_the_limits_is_served() -> None:
    """The limits are exact."""
    head = _HEAD + b"".join(b"x-%d: a\r\n" % n for n in range(98))
    fill = 32 * 1024 - len(head + b"x: \r\n\r\n")
    async with talking(hello) as client:
        await client.say(head + b"x: " + b"a" * fill + b"\r\n\r\n")
        assert (await client.reply()).status == 200
        await client.say(b"GET /" + b"a" * 8191 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await client.reply()).status == 200


async def test_a_little_unread_body_is_dropped_to_keep_the_connection() -> None:
    """A refused key must not cost a new connection each time."""
    async with serving(hello) as server, connected(server) as client:
        for _ in range(3):
            await client.say(post(b"x" * 60_000))
            assert "connection" not in (await client.reply()).headers
        assert server.connections == 1


async def test_a_large_unread_body_ends_the_connection_after_the_answer_has_arrived() -> None:
    """Reading gigabytes for nothing is worse than a new connection; but a reset would destroy the answer."""
    async with talking(hello) as client:
        await client.say(_POST + b"Content-Length: 90000000\r\n\r\n" + b"x" * 500_000)
        reply = await client.reply()
        assert (reply.body, reply.headers["connection"]) == (b"hello", "close")
        await client.say(b"x" * 500_000)
        assert await client.rest() == b""


async def test_one_connection_too_many_is_refused_and_the_others_go_on() -> None:
    """A full server says so at once, instead of letting clients wait in its queue."""
    async with (
        serving(hello, max_connections=2) as server,
        connected(server) as one,
        connected(server) as two,
    ):
        for client in (one, two):
            await client.say(GET)
            assert (await client.reply()).status == 200
        async with connected(server) as three:
            reply = await three.reply()
            assert (reply.status, await three.rest()) == (503, b"")
        await one.say(GET)
        assert (await one.reply()).status == 200
        assert server.refusals == {503: 1}

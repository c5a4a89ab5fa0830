"""A client that says exactly the bytes it is told, and applications for it to talk to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from modelbay.gateway.http.exchange import App, Exchange
from modelbay.gateway.http.head import JSON
from modelbay.gateway.http.server import Server
from modelbay.gateway.http.settings import ServerSettings

GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
LIMIT = 2**20


@dataclass
class Reply:
    """One answer as it was read."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Client:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heads: list[bytes] = field(default_factory=list)

    async def say(self, *data: bytes) -> None:
        for each in data:
            self.writer.write(each)
            await self.writer.drain()

    async def reply(self, *, to_head: bool = False) -> Reply:
        """Read one answer, by its length, its chunks, or up to the end."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        reply = Reply(int(first.split(" ", 2)[1]), dict(pairs), b"")
        if to_head or reply.status in {100, 204, 304}:
            return reply
        if "content-length" in reply.headers:
            reply.body = await self.reader.readexactly(int(reply.headers["content-length"]))
        elif reply.headers.get("transfer-encoding") == "chunked":
            reply.body = await self._chunks()
        else:
            reply.body = await self.reader.read()
        return reply

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body

    async def rest(self) -> bytes:
        """Read until the server closes."""
        return await self.reader.read()

    def reset(self) -> None:
        """Go away as a crashed client does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(app: App, **settings: Any) -> AsyncIterator[Server]:
    """Serve on a free port of the loopback; at the end nothing may be left over."""
    server = await Server.start(app, ServerSettings(**settings))
    try:
        yield server
    finally:
        await server.drain(0.0)
        assert (server.connections, server.active) == (0, 0)


@contextlib.asynccontextmanager
async def connected(server: Server, **options: Any) -> AsyncIterator[Client]:
    host, _, port = server.addresses[0].rpartition(":")
    client = Client(*await asyncio.open_connection(host, int(port), **options))
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def talking(app: App, **settings: Any) -> AsyncIterator[Client]:
    """Serve, and connect one client."""
    async with serving(app, **settings) as server, connected(server) as client:
        yield client


async def echo(exchange: Exchange) -> None:
    """Answer with the request as the application saw it."""
    body = await exchange.body(LIMIT)
    seen = {
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query,
        "headers": dict(exchange.headers),
        "body": body.decode("latin-1"),
    }
    exchange.respond(200, JSON, orjson.dumps(seen))


async def hello(exchange: Exchange) -> None:
    """Answer without looking at the body."""
    exchange.respond(200, b"content-type: text/plain\r\n", b"hello")


def post(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(each + b"\r\n" for each in headers)
    return b"POST /p HTTP/1.1\r\nHost: test\r\n%bContent-Length: %d\r\n\r\n%b" % (lines, len(body), body)


def chunked(*pieces: bytes) -> bytes:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
    return b"POST /c HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"

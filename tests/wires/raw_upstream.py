"""A server that says exactly the bytes it is told, for tests of the transport."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson


@dataclass
class Received:
    """A request as it arrived, and the connection to answer on."""

    head: bytes
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(b": ") for line in self.head.split(b"\r\n")[1:] if line)
        return {name.decode().lower(): value.decode() for name, _, value in pairs}

    async def say(self, *data: bytes) -> None:
        for each in data:
            self.writer.write(each)
            await self.writer.drain()

    async def hang_up_seen(self) -> bytes:
        """Wait until the client closes; return what it still said."""
        with contextlib.suppress(ConnectionError):
            return await self.reader.read()
        return b""

    def reset(self) -> None:
        """Cut the connection so that the client sees a reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Answer = Callable[[Received], Awaitable[None]]


@dataclass
class RawUpstream:
    """What the server was asked and over how many connections."""

    url: str
    port: int
    requests: list[Received] = field(default_factory=list)
    connections: int = 0


@contextlib.asynccontextmanager
async def raw_upstream(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawUpstream]:
    """Serve: `answer` is called for each request; a connection stays open until `answer` closes it."""
    tasks: set[asyncio.Task[None]] = set()
    upstream = RawUpstream("", 0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.connections += 1
        try:
            while not writer.is_closing():
                received = await read_request(reader, writer)
                upstream.requests.append(received)
                await answer(received)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    upstream.port = server.sockets[0].getsockname()[1]
    upstream.url = f"{'https' if tls else 'http'}://127.0.0.1:{upstream.port}"
    try:
        yield upstream
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Received:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
    return Received(head[:-4], await reader.readexactly(int(length or 0)), reader, writer)


def answer_of(
    status: int = 200,
    body: object = b"",
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> bytes:
    """Return a complete answer; anything but bytes is written as JSON."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    lines = [f"HTTP/1.1 {status} Said", f"content-type: {content_type}", f"content-length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def stream_head(content_type: str = "text/event-stream") -> bytes:
    """Return the head of an answer in chunks."""
    return f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n".encode()


def chunk(data: bytes) -> bytes:
    """Return one chunk; of nothing, the end."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def always(*said: bytes) -> Answer:
    """Answer every request with these bytes."""

    async def answer(received: Received) -> None:
        await received.say(*said)

    return answer


def in_turn(*said: bytes) -> Answer:
    """Answer the first request with the first bytes, and so on; the last for all that follow."""
    left = list(said)

    async def answer(received: Received) -> None:
        await received.say(left.pop(0) if len(left) > 1 else left[0])

    return answer

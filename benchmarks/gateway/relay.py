"""The floor of Python: a relay on raw asyncio protocols that looks at nothing.

No gateway: it has neither keys nor records.

What a gateway in Python costs above it is its own doing; what this costs above nginx is the language's.

    python -m benchmarks.gateway.relay --upstream 9099 --port 9100
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections import deque
from typing import Any

import uvloop

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_LAST_CHUNK = b"\r\n0\r\n\r\n"


class Relay:
    """The pool of connections to the upstream."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.free: deque[_Upstream] = deque()

    async def connect(self, client: _Client, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        _, upstream = await loop.create_connection(lambda: _Upstream(self), "127.0.0.1", self.port)
        upstream.begin(client, request)


class _Upstream(asyncio.Protocol):
    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.client: _Client | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def begin(self, client: _Client, request: bytes) -> None:
        self.client, client.upstream, self.left, self.tail = client, self, 0, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.client is None:
            return
        self.client.transport.write(data)
        if self.left:
            self.left -= len(data)
        elif not self.tail and (length := _LENGTH.search(data)):
            self.left = int(length[1]) - (len(data) - data.index(b"\r\n\r\n") - 4)
        else:
            self.tail = (self.tail + data if len(data) < len(_LAST_CHUNK) else data)[-len(_LAST_CHUNK) :]
        if not self.left and self.tail in {b"", _LAST_CHUNK}:
            self.client.upstream, self.client = None, None
            self.relay.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.relay.free:
            self.relay.free.remove(self)
        if self.client:
            self.client.transport.abort()


class _Client(asyncio.Protocol):
    def __init__(self, relay: Relay) -> None:
        self.relay, self.buffer, self.needed = relay, bytearray(), 0
        self.upstream: _Upstream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) < self.needed or (end := self.buffer.find(b"\r\n\r\n")) < 0:
            return
        length = _LENGTH.search(self.buffer, 0, end)
        self.needed = end + 4 + (int(length[1]) if length else 0)
        del length  # it holds the buffer, which could not shrink
        if len(self.buffer) < self.needed:
            return
        request, self.buffer, self.needed = bytes(self.buffer), bytearray(), 0
        if self.relay.free:
            self.relay.free.pop().begin(self, request)
        else:
            task = asyncio.get_running_loop().create_task(self.relay.connect(self, request))
            task.add_done_callback(lambda done: done.result())

    def connection_lost(self, exc: Exception | None) -> None:
        if self.upstream:
            self.upstream.client = None
            self.upstream.transport.abort()


async def _main(port: int, upstream: int) -> None:
    relay = Relay(upstream)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Client(relay), "127.0.0.1", port, backlog=8192)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m benchmarks.gateway.relay")
    options.add_argument("--upstream", type=int, required=True, help="the upstream's port")
    options.add_argument("--port", type=int, default=0, help="0 chooses a free one, which is printed")
    arguments = options.parse_args()
    try:
        uvloop.run(_main(arguments.port, arguments.upstream))
    except KeyboardInterrupt:
        sys.exit(130)

"""Streams that are opened and then held, while nothing comes on them."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from benchmarks.gateway.answers import STAMP
from benchmarks.gateway.load import Target


class _Held(asyncio.Protocol):
    """One stream that is opened and kept."""

    def __init__(self, request: bytes) -> None:
        self.request, self.received = request, b""
        self.begun: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.lost = False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.begun.done():
            self.received += data
            if STAMP in self.received:
                self.begun.set_result(self.received.startswith(b"HTTP/1.1 200"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.begun.done():
            self.begun.set_result(False)


class Idle:
    """Streams that have begun and stay open: `async with Idle(target, request, 5000) as idle`."""

    def __init__(self, target: Target, request: bytes, count: int) -> None:
        self._target, self._request, self._count = target, request, count
        self._held: list[_Held] = []

    async def __aenter__(self) -> Idle:
        for begin in range(0, self._count, 100):  # in hundreds: connecting is not what is measured
            await asyncio.gather(*(self._open() for _ in range(min(100, self._count - begin))))
        return self

    async def _open(self) -> None:
        held = _Held(self._request)
        self._held.append(held)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(30):
                await loop.create_connection(lambda: held, self._target.host, self._target.port)
                await held.begun
        except (OSError, TimeoutError):
            held.lost = True

    @property
    def open(self) -> int:
        """How many are up."""
        return sum(not held.lost and held.begun.done() for held in self._held)

    async def __aexit__(self, *error: object) -> None:
        for held in self._held:
            if held.transport:
                held.transport.abort()
        await asyncio.sleep(0)


async def open_streams(port: int) -> int:
    """Ask the upstream how many streams it has."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(Target("127.0.0.1", port).request("/bench/stats", b"", "GET"))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        return int(orjson.loads(await reader.readexactly(length))["streams"])
    finally:
        writer.close()

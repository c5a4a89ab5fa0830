"""A raw HTTP client for the tests of the fakes: sees every byte, knows no dialect, hides no fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from modelbay.sdk.testing import FakeUpstream

BOUNDARY = "form-boundary"


@dataclass(frozen=True, slots=True)
class Got:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a value."""
        return orjson.loads(self.body)

    @property
    def events(self) -> list[tuple[str | None, Any]]:
        """The server-sent events: name and data, `[DONE]` as text."""
        return [_event(block) for block in self.body.decode().split("\n\n") if block]

    @property
    def data(self) -> list[Any]:
        """The data of the server-sent events."""
        return [data for _, data in self.events]

    @property
    def lines(self) -> list[Any]:
        """The values of newline-delimited JSON."""
        return [orjson.loads(line) for line in self.body.splitlines()]


class Talk:
    """One connection to a fake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str | None) -> None:
        self._reader = reader
        self._writer = writer
        self._key = key

    def send(
        self,
        path: str,
        body: Any = None,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a request; bytes go as they are, anything else as JSON, nothing as a GET."""
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = {"host": "127.0.0.1", "content-length": str(len(raw)), "content-type": "application/json"}
        if self._key is not None:
            sent |= {"authorization": f"Bearer {self._key}"}
        sent |= headers or {}
        lines = [f"{method or ('GET' if body is None else 'POST')} {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in sent.items()]
        self.send_bytes(("\r\n".join(lines) + "\r\n\r\n").encode() + raw)

    def send_bytes(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read the status and the headers."""
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split(" ")[1]), headers

    async def piece(self) -> bytes:
        """Read one chunk of a chunked body; an empty one is the end."""
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]

    async def pieces(self) -> AsyncIterator[bytes]:
        """Read the chunks of a body."""
        while piece := await self.piece():
            yield piece

    async def got(self, *, head_only: bool = False) -> Got:
        """Read a whole answer."""
        status, headers = await self.head()
        if head_only:
            return Got(status, headers, b"")
        if "transfer-encoding" in headers:
            body = b"".join([piece async for piece in self.pieces()])
        else:
            body = await self._reader.readexactly(int(headers["content-length"]))
        return Got(status, headers, body)

    async def some(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        return await self._reader.readexactly(count)

    async def rest(self) -> bytes:
        """Read to the end of the connection."""
        return await self._reader.read()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


@asynccontextmanager
async def talking(upstream: FakeUpstream) -> AsyncIterator[Talk]:
    """Open a connection to a fake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", upstream.port, limit=2**24)
    talk = Talk(reader, writer, upstream.key)
    try:
        yield talk
    finally:
        await talk.close()


async def ask(upstream: FakeUpstream, path: str, body: Any = None, **options: Any) -> Got:
    """Send one request on a connection of its own and read the answer."""
    async with talking(upstream) as talk:
        talk.send(path, body, **options)
        return await talk.got(head_only=options.get("method") == "HEAD")


def form(fields: Mapping[str, str], file: tuple[str, bytes] | None = None) -> tuple[bytes, dict[str, str]]:
    """Write a multipart form: its bytes and its content type."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    if file is not None:
        named = f'name="file"; filename="{file[0]}"\r\nContent-Type: audio/wav\r\n\r\n'
        parts.append(named.encode() + file[1])
    lines = [f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode() + part for part in parts]
    body = b"\r\n".join(lines) + f"\r\n--{BOUNDARY}--\r\n".encode()
    return body, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def _event(block: str) -> tuple[str | None, Any]:
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    data = fields["data"]
    return fields.get("event"), data if data == "[DONE]" else orjson.loads(data)

"""The plainest of clients: one request, one connection, every byte of the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelbay.wires.http1.errors import WireError
from modelbay.wires.http1.head import read_head


@dataclass
class Answer:
    """What a client got. `complete` is whether the answer ended as HTTP says."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of the stream's events, decoded where it is JSON."""
        data = [line[5:].strip() for line in self.body.decode().splitlines() if line.startswith("data:")]
        return [each if each == "[DONE]" else json.loads(each) for each in data if each]


def encode(method: str, path: str, body: Any, headers: Mapping[str, str]) -> bytes:
    """Return a request; a body that is not bytes is sent as JSON."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"host": "gateway", "connection": "close", "content-length": str(len(data)), **headers}
    if body is not None and not isinstance(body, bytes):
        named.setdefault("content-type", "application/json")
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


async def fetch(
    place: tuple[str, int], method: str, path: str, body: Any, headers: Mapping[str, str]
) -> Answer:
    """Send a request and read until the server closes."""
    reader, writer = await asyncio.open_connection(*place)
    try:
        writer.write(encode(method, path, body, headers))
        return read_answer(await reader.read())
    finally:
        writer.close()
        await writer.wait_closed()


def read_answer(data: bytes) -> Answer:
    """Return the answer that a connection carried."""
    begin, _, rest = data.partition(b"\r\n\r\n")
    head = read_head(begin)
    body = head.body("POST")
    content = body.feed(rest)
    try:
        body.end()
    except WireError:
        return Answer(head.status, head.headers, content, complete=body.done)
    return Answer(head.status, head.headers, content)

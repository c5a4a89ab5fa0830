"""One exchange as the application sees it: the request's head and body, and the writing of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

from modelbay.gateway.http.body import Body
from modelbay.gateway.http.head import CLOSE, CONTINUE, END_OF_CHUNKS, STATUS_LINES, status_line
from modelbay.gateway.http.outbox import Outbox
from modelbay.gateway.http.request import HeadReader

__all__ = ["Connected", "HttpExchange"]

_KEEP = (b"connection: keep-alive\r\n", b"")  # by minor version: HTTP/1.0 has to be told


class Connected(Protocol):
    """What an exchange asks of its connection."""

    @property
    def out(self) -> Outbox:
        """Where the answer goes."""
        ...

    @property
    def peer(self) -> str:
        """The other end's address."""
        ...

    def keeps(self, exchange: HttpExchange) -> bool:
        """Tell whether another request can follow on this connection."""
        ...

    def answered(self, keep: bool) -> None:
        """Go on after the answer's last byte."""
        ...

    def cut(self, hard: bool) -> None:
        """End the connection at once; `hard`: by a reset, where an ordinary end would look like success."""
        ...


class HttpExchange:
    """An `Exchange` over HTTP/1.1 or HTTP/1.0."""

    __slots__ = (
        "_bodiless",
        "_chunked",
        "_connection",
        "_head",
        "_keep",
        "_out",
        "begun",
        "content",
        "ended",
        "method",
        "pause",
        "resume",
        "running",
        "started",
        "task",
    )

    def __init__(self, connection: Connected, head: HeadReader, content: Body, started: float) -> None:
        self._connection = connection
        self._out = connection.out
        self._head = head
        self._keep = False
        self._chunked = False
        self._bodiless = False
        self.content = content
        self.method = head.method
        self.started = started
        self.begun = False
        self.ended = False
        self.running = False
        self.task: asyncio.Task[None] | None = None
        self.pause: Callable[[], None] | None = None
        self.resume: Callable[[], None] | None = None

    # The request.

    @property
    def path(self) -> str:
        return self._head.path

    @property
    def query(self) -> str:
        return self._head.query

    @property
    def headers(self) -> Mapping[str, str]:
        return self._head.headers

    @property
    def peer(self) -> str:
        return self._connection.peer

    @property
    def head(self) -> HeadReader:
        return self._head

    async def body(self, limit: int) -> bytes:
        if self._head.expects and self._head.length <= limit:
            self._encourage()
        return await self.content.whole(limit)

    def pieces(self) -> AsyncIterator[bytes]:
        if self._head.expects:
            self._encourage()
        return self.content.pieces()

    def _encourage(self) -> None:
        """Tell a client that waits for it to send the body."""
        self._head.expects = False
        if self.content.untouched and not self.begun and not self._out.gone:
            self._out.write(CONTINUE)

    # The answer.

    def respond(self, status: int, head: bytes, body: bytes) -> None:
        if self.begun:
            raise RuntimeError("An answer has begun already.")
        self.begun = self.ended = True
        connection = self._connection
        if self._out.gone:
            return
        keep = connection.keeps(self)
        start = STATUS_LINES.get(status) or status_line(status)
        line = _KEEP[self._head.minor] if keep else CLOSE
        if _never_has_body(status):
            data = b"%b%b%b\r\n" % (start, head, line)
        elif self.method == "HEAD":
            data = b"%b%bcontent-length: %d\r\n%b\r\n" % (start, head, len(body), line)
        else:
            data = b"%b%bcontent-length: %d\r\n%b\r\n%b" % (start, head, len(body), line, body)
        self._out.write(data)
        connection.answered(keep)

    def begin(self, status: int, head: bytes) -> None:
        if self.begun:
            raise RuntimeError("An answer has begun already.")
        self.begun = True
        connection = self._connection
        if self._out.gone:
            return
        self._bodiless = self.method == "HEAD" or _never_has_body(status)
        self._chunked = self._head.minor == 1 and not _never_has_body(status)
        self._keep = (self._chunked or self._bodiless) and connection.keeps(self)
        start = STATUS_LINES.get(status) or status_line(status)
        framing = b"transfer-encoding: chunked\r\n" if self._chunked else b""
        line = _KEEP[self._head.minor] if self._keep else CLOSE
        self._out.put(b"%b%b%b%b\r\n" % (start, head, framing, line))

    def send(self, data: bytes) -> bool:
        if self.ended or not self.begun:
            raise RuntimeError("No answer is being sent.")
        out = self._out
        if out.gone:
            return True
        if data and not self._bodiless:
            out.put(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        return out.behind

    async def drained(self) -> None:
        await self._out.drained()

    def end(self, data: bytes = b"") -> None:
        if self.ended or not self.begun:
            raise RuntimeError("No answer is being sent.")
        self.ended = True
        connection = self._connection
        if self._out.gone:
            return
        if self._bodiless:
            data = b""
        elif self._chunked:
            data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if data else END_OF_CHUNKS
        self._out.write(data)
        connection.answered(self._keep)

    def abort(self) -> None:
        hard = self.begun and not self._chunked
        self.begun = self.ended = True
        self._connection.cut(hard)

    def on_flow(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self.pause, self.resume = pause, resume
        if self._out.behind:
            pause()


def _never_has_body(status: int) -> bool:
    return status in {204, 304}

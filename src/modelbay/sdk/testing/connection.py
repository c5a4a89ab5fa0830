"""One connection of a fake upstream: reads requests, writes answers, breaks them where a fault says so."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from math import isinf
from typing import TYPE_CHECKING, cast

from .faults import Cut, Fault
from .http import Answer, Request, RequestReader, chunk, head

if TYPE_CHECKING:
    from .server import Server

_NEVER = 10**9  # seconds; asyncio refuses an infinite sleep


_NO_FAULT = Fault(name="none")


class _CutShortError(Exception):
    """The answer has reached the byte at which it breaks off."""


class Connection(asyncio.Protocol):
    """Serves one client, request after request."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._reader = RequestReader()
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._served = 0
        self._left: int | None = None  # bytes until the answer breaks off
        self._leaving = False
        self._closed = asyncio.Event()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.joined(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._waiting.extend(self._reader.feed(data))
        except ValueError as error:
            self._refuse_bytes(error)
            return
        if self._reader.expects_continue:
            self._reader.expects_continue = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._serve_waiting()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.left(self, in_answer=self._task is not None and not self._leaving)
        self._leaving = True
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
        self._closed.set()

    # What the server calls.

    @property
    def idle(self) -> bool:
        """Whether no answer is under way."""
        return self._task is None

    async def gone(self) -> None:
        """Wait until the socket is closed and nothing runs for it any more."""
        await self._closed.wait()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def close(self) -> None:
        """Close cleanly after what is written."""
        self._leaving = True
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._leaving = True
        self._transport.abort()

    def reset(self) -> None:
        """Close so that the client sees a reset: with linger 0 the kernel sends RST instead of FIN."""
        self._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.abort()

    # Serving.

    def _serve_waiting(self) -> None:
        while self._waiting and self._task is None and not self._leaving:
            self._serve(self._waiting.popleft())

    def _serve(self, request: Request) -> None:
        answer, fault = self._server.serve(request, used=self._served > 0)
        self._served += 1
        if fault is not None and fault.stale:
            self.close()
        elif fault is None and answer.events is None and self._server.pace.at_once:
            self._write_whole(request, answer)
        else:
            self._task = asyncio.get_running_loop().create_task(self._deliver(request, answer, fault))
            self._task.add_done_callback(self._delivered)

    def _write_whole(self, request: Request, answer: Answer) -> None:
        close = self._wants_close(request)
        body = b"" if request.method == "HEAD" else answer.body
        self._transport.write(head(answer, length=len(answer.body), close=close) + body)
        if close:
            self.close()

    async def _deliver(self, request: Request, answer: Answer, fault: Fault | None) -> None:
        fault = fault or _NO_FAULT
        self._left = _left(fault.cut)
        close = self._wants_close(request) or fault.close
        try:
            if self._server.pace.latency:
                await asyncio.sleep(self._server.pace.latency)
            await self._put_head(answer, fault, close)
            if request.method != "HEAD":
                await self._put_body(answer, fault)
        except _CutShortError:
            await self._break_off(fault.cut)
            return
        if close or fault.truncated:
            self.close()

    async def _put_head(self, answer: Answer, fault: Fault, close: bool) -> None:
        length = None if answer.events is not None else len(answer.body)
        if length is not None and fault.truncated:
            length += 64
        data = head(answer, length=length, close=close)
        if fault.head_seconds:
            first = data.index(b"\r\n") + 2
            await self._put(data[:first])
            await asyncio.sleep(_NEVER if isinf(fault.head_seconds) else fault.head_seconds)
            data = data[first:]
        await self._put(data)

    async def _put_body(self, answer: Answer, fault: Fault) -> None:
        pace, chunked = self._server.pace, answer.events is not None
        if fault.cut is not None and fault.cut.counting == "body":
            self._left = fault.cut.after
            await self._put(b"")
        events = [answer.body] if answer.events is None else answer.events
        for place, piece in enumerate(pace.cut(events)):
            if not pace.at_once:
                await pace.before_write(first=place == 0)
            if chunked and fault.truncated:
                await self._put(b"%x\r\n" % (len(piece) * 2) + piece)
                return
            await self._put(chunk(piece) if chunked else piece)
        if chunked:
            await self._put(chunk(b""))

    async def _put(self, data: bytes) -> None:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if self._transport.is_closing():
            await asyncio.sleep(_NEVER)  # the client is gone; `connection_lost` is about to cancel this
        self._transport.write(data)
        if self._left == 0:
            raise _CutShortError
        await self._writable.wait()

    async def _break_off(self, cut: Cut | None) -> None:
        if cut is None or cut.how == "stall":
            await asyncio.sleep(_NEVER)
        elif cut.how == "close":
            self.close()
        else:
            self.reset()

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._server.broke(error)
            self.abort()
        self._serve_waiting()

    def _wants_close(self, request: Request) -> bool:
        return not self._server.keep_alive or request.headers.get("connection", "").lower() == "close"

    def _refuse_bytes(self, error: ValueError) -> None:
        answer = Answer(400, str(error).encode(), "text/plain")
        self._transport.write(head(answer, length=len(answer.body), close=True) + answer.body)
        self.close()


def _left(cut: Cut | None) -> int | None:
    return cut.after if cut is not None and cut.counting == "answer" else None

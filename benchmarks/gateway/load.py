"""The load: keep-alive connections on raw asyncio protocols, which cost less than what they measure."""

from __future__ import annotations

import asyncio
import gc
import math
import re
import time
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benchmarks.gateway.answers import STAMP

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")
_DIGITS = 19
_MOST_ERRORS = 200


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` (0 to 1) of the values do not exceed; 0.0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * part) - 1)] if ordered else 0.0


@dataclass(slots=True)
class Outcome:
    """What a load saw. Times are seconds."""

    latencies: array[float] = field(default_factory=lambda: array("d"))
    firsts: array[float] = field(default_factory=lambda: array("d"))
    lateness: array[float] = field(default_factory=lambda: array("d"))
    pieces: int = 0
    answered: int = 0
    seconds: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> str:
        """What went wrong, "" if nothing did."""
        return ", ".join(f"{count} × {what}" for what, count in self.errors.most_common(3))


@dataclass(frozen=True, slots=True)
class Target:
    """Where a load goes: a base URL without path, and the headers that open it."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str, key: str = "") -> Target:
        """Read `http://host:port`; the key goes into the headers of OpenAI's and Anthropic's clients."""
        parts = urlsplit(url)
        headers = {"authorization": f"Bearer {key}", "x-api-key": key} if key else {}
        return cls(parts.hostname or "127.0.0.1", parts.port or 80, headers)

    def request(self, path: str, body: bytes, method: str = "POST") -> bytes:
        """Return the bytes of one request."""
        lines = {
            "host": f"{self.host}:{self.port}",
            "content-type": "application/json",
            "content-length": str(len(body)),
            "anthropic-version": "2023-06-01",
            **self.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class _Run:
    """What the connections of one load share: how many calls are left, and what was seen."""

    def __init__(self, target: Target, request: bytes, calls: int, pieces: int) -> None:
        self.target, self.request, self.left, self.pieces = target, request, calls, pieces
        self.outcome = Outcome()
        self.open = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> bool:
        if self.left <= 0 or sum(self.outcome.errors.values()) > _MOST_ERRORS:
            return False
        self.left -= 1
        return True

    async def connect(self, client: _Client) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: client, self.target.host, self.target.port)
        except OSError as error:
            self.outcome.errors[f"connect: {error.strerror or error}"] += 1
            self.closed()

    def closed(self) -> None:
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)


class Chunks:
    """Takes HTTP's chunks apart: proxies put their borders anywhere, even into a stamp."""

    def __init__(self) -> None:
        self._rest, self._left, self.ended = (
            b"\r\n",
            0,
            False,
        )  # every head of a chunk begins with a line's end

    def feed(self, data: bytes) -> bytes:
        """Return the payload in `data`; `ended` tells whether it was the last."""
        data, place, payload = self._rest + data, 0, []
        while True:
            if self._left:
                part = data[place : place + self._left]
                payload.append(part)
                self._left -= len(part)
                place += len(part)
            end = data.find(b"\r\n", place + 2)
            if self._left or end < 0:
                break
            self._left = int(data[place + 2 : end].partition(b";")[0], 16)
            if not self._left:
                self.ended = len(data) >= end + 4
                break
            place = end + 2
        self._rest = data[place:]
        return b"".join(payload)


class _Client(asyncio.Protocol):
    """One connection that sends the next request when the last one is answered."""

    def __init__(self, run: _Run) -> None:
        self.run, self.outcome = run, run.outcome
        self.transport: Any = None
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next()

    def _next(self) -> None:
        if not self.run.take():
            self.transport.close()
            return
        self.busy, self.in_body = True, False
        self.rest, self.left, self.pieces = b"", 0, 0
        self.status = b""
        self.began = time.perf_counter()
        self.transport.write(self.run.request)

    def data_received(self, data: bytes) -> None:
        if self.in_body:
            self._body(data)
            return
        data = self.rest + data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self.rest = data
            return
        head = data[:end]
        length = _LENGTH.search(head)
        self.status = head[9:12]
        self.left = int(length[1]) if length else -1
        self.chunks = None if length or not _CHUNKED.search(head) else Chunks()
        self.in_body, self.rest = True, b""
        if self.left == 0:
            self._answered()
        elif len(data) > end + 4:
            self._body(data[end + 4 :])

    def _body(self, data: bytes) -> None:
        if self.left > 0:
            self.left -= len(data)
            if self.left <= 0:
                self._answered()
        elif self.chunks is None:
            self._events(data)
        else:
            self._events(self.chunks.feed(data))
            if self.chunks.ended:
                self._answered()

    def _events(self, data: bytes) -> None:
        """Count the pieces of text, and how late they are. What may be half a stamp waits for the rest."""
        now = time.monotonic_ns()
        if self.rest:
            data = self.rest + data
        place = data.find(STAMP)
        while place >= 0:
            begin = place + len(STAMP)
            digits = data[begin : begin + _DIGITS]
            if len(digits) < _DIGITS:
                break
            if not self.pieces:
                self.outcome.firsts.append(time.perf_counter() - self.began)
            self.pieces += 1
            if digits[:1] != b"0" or digits.strip(b"0"):
                self.outcome.lateness.append((now - int(digits)) / 1e9)
            place = data.find(STAMP, begin + _DIGITS)
        self.rest = data[place:] if place >= 0 else data[-len(STAMP) + 1 :]

    def _answered(self) -> None:
        outcome = self.outcome
        if self.status != b"200":
            outcome.errors[f"status {self.status.decode('latin-1')}"] += 1
        elif self.pieces != self.run.pieces:
            outcome.errors[f"{self.pieces} of {self.run.pieces} pieces"] += 1
        else:
            outcome.latencies.append(time.perf_counter() - self.began)
            outcome.answered += 1
            outcome.pieces += self.pieces
        self.busy = False
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.busy and self.in_body and self.left < 0 and self.chunks is None:
            self._answered()  # an answer that ends with the connection
        elif self.busy:
            self.outcome.errors["connection cut"] += 1
        if self.run.left > 0 and sum(self.outcome.errors.values()) <= _MOST_ERRORS:
            task = asyncio.get_running_loop().create_task(self.run.connect(_Client(self.run)))
            task.add_done_callback(_raise)
        else:
            self.run.closed()


def _raise(task: asyncio.Task[None]) -> None:
    task.result()


async def _ramp(run: _Run, connections: int, seconds: float) -> None:
    began = time.perf_counter()
    for number in range(connections):
        await run.connect(_Client(run))
        await asyncio.sleep(max(0.0, began + (number + 1) * seconds / connections - time.perf_counter()))


async def load(
    target: Target,
    request: bytes,
    *,
    connections: int,
    calls: int,
    pieces: int = 0,
    ramp: float = 0.0,
    limit: float = 120.0,
) -> Outcome:
    """Make `calls` calls over `connections` connections.

    Args:
        pieces: How many pieces of text each answer must hold; 0 for answers that are not streamed.
        ramp: Seconds over which the connections are opened, evenly; 0 opens all at once.
        limit: Seconds after which the calls that are left are given up, as an error.
    """
    run = _Run(target, request, calls, pieces)
    run.open = connections
    gc.collect()
    gc.disable()  # a collection in the client would be counted as lateness of the gateway
    started = time.perf_counter()
    try:
        async with asyncio.timeout(limit):
            if ramp:
                await _ramp(run, connections, ramp)
            else:
                await asyncio.gather(*(run.connect(_Client(run)) for _ in range(connections)))
            await run.done
    except TimeoutError:
        run.outcome.errors[f"not done after {limit:g} s"] += 1
    finally:
        gc.enable()
    run.outcome.seconds = time.perf_counter() - started
    return run.outcome

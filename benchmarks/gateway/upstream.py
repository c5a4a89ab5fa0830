"""A provider that costs next to nothing: its answers are bytes that were made before.

It has OpenAI's chat and embeddings and Anthropic's messages. What it does is asked for by a word that may
stand anywhere in the request, such as the model's name or the prompt:

- `bench-unary`
- `bench-burst-100`: that many pieces as fast as they go, each its own write
- `bench-paced-20ms-50`: that many pieces, one every 20 ms
- `bench-idle`: one piece, then silence

`GET /bench/stats` counts connections, streams and answers.

    python -m benchmarks.gateway.upstream --port 9099
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import orjson
import uvloop

from benchmarks.gateway.answers import DIALECTS, MODELS, STREAM_HEAD, Dialect, answer, vectors
from benchmarks.gateway.wheel import Wheel

_WORD = b"bench-"
_WISH = re.compile(rb"bench-(unary|burst|paced|idle)(?:-(\d+)ms)?(?:-(\d+))?")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_STREAMED = (b'"stream":true', b'"stream": true')
_BASE64 = re.compile(rb'"encoding_format" ?: ?"base64"')
_NOT_FOUND = answer(
    b'{"error":{"message":"There is nothing here.","type":"invalid_request_error"}}', b"404 Not Found"
)
_NO_LENGTH = answer(
    b'{"error":{"message":"Send content-length.","type":"invalid_request_error"}}', b"411 Length Required"
)
DEFAULT_PIECES = 100


class Upstream:
    """What all connections share."""

    def __init__(self) -> None:
        self.connections = self.streams = self.answered = 0
        self._wheels: dict[int, Wheel] = {}

    def wheel(self, period_ms: int) -> Wheel:
        """Return the one timer of this pace."""
        if period_ms not in self._wheels:
            self._wheels[period_ms] = Wheel(period_ms)
        return self._wheels[period_ms]

    def close(self) -> None:
        """Stop all timers."""
        for wheel in self._wheels.values():
            wheel.close()

    def stats(self) -> bytes:
        """Return the counts: open connections, streams that have not ended, answers given or begun."""
        counts = {"connections": self.connections, "streams": self.streams, "answered": self.answered}
        return answer(orjson.dumps(counts))


class Connection(asyncio.Protocol):
    """One connection; requests are answered in their order."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream, self.buffer, self.needed = upstream, bytearray(), 0
        self.streaming = self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.descriptor: int = transport.get_extra_info("socket").fileno()
        self.upstream.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.upstream.connections -= 1
        self._stream_ended()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while len(self.buffer) > self.needed:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end])
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < whole:
                self.needed = whole - 1
                return
            body = bytes(self.buffer[end + 4 : whole])
            del self.buffer[:whole]
            self.needed = 0
            self._answer(head, body, measured=length is not None)

    def _answer(self, head: bytes, body: bytes, *, measured: bool) -> None:
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            known = {b"/v1/models": MODELS, b"/bench/stats": self.upstream.stats()}
            self.transport.write(known.get(path.partition(b"?")[0], _NOT_FOUND))
        elif not measured:
            self.transport.write(_NO_LENGTH)
        elif path == b"/v1/embeddings":
            self.upstream.answered += 1
            texts = orjson.loads(body)["input"]
            count = len(texts) if isinstance(texts, list) else 1
            self.transport.write(vectors(count, _BASE64.search(body) is not None))
        elif dialect := DIALECTS.get(path):
            self.upstream.answered += 1
            self._chat(dialect, body)
        else:
            self.transport.write(_NOT_FOUND)

    def _chat(self, dialect: Dialect, body: bytes) -> None:
        if not any(word in body for word in _STREAMED):
            self.transport.write(dialect.whole)
            return
        # `find` before the pattern: in a prompt of 200 kB it is ten times as fast as a search by the pattern.
        wish = _WISH.match(body, max(0, body.find(_WORD)))
        kind, pace, pieces = wish.groups() if wish else (b"burst", None, None)
        end = dialect.closing_with_usage if b'"include_usage"' in body else dialect.closing
        self.streaming = True
        self.upstream.streams += 1
        self._write(STREAM_HEAD + dialect.opening)
        if kind == b"idle":
            self._write(dialect.stamped(time.monotonic_ns()))
        elif kind == b"paced":
            step = partial(self._step, dialect, end, iter(range(int(pieces or DEFAULT_PIECES))))
            self.upstream.wheel(int(pace or 20)).add(step)
        else:
            self._burst(dialect.plain, int(pieces or DEFAULT_PIECES), end)

    def _burst(self, piece: bytes, pieces: int, end: bytes) -> None:
        for _ in range(pieces):
            self._write(piece)
        self._write(end)
        self._stream_ended()

    def _step(self, dialect: Dialect, end: bytes, left: Any, now: int) -> bool:
        """Send the next piece of a paced stream; False when there is no next."""
        if self.gone:
            return False
        if next(left, None) is None:
            self._write(end)
            self._stream_ended()
            return False
        self._write(dialect.stamped(now))
        return True

    def _write(self, data: bytes) -> None:
        """Write at once, in a system call of its own: the loop would gather what is written in one turn."""
        if self.gone:
            return
        if not self.transport.get_write_buffer_size():
            try:
                data = data[os.write(self.descriptor, data) :]
            except BlockingIOError:
                pass
            except OSError:  # the connection was reset; the loop will tell
                return
        if data:
            self.transport.write(data)

    def _stream_ended(self) -> None:
        if self.streaming:
            self.streaming = False
            self.upstream.streams -= 1


@asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[int]:
    """Listen; gives the port."""
    upstream = Upstream()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(upstream), "127.0.0.1", port, backlog=8192)
    async with server:
        yield server.sockets[0].getsockname()[1]
    upstream.close()


async def _main(port: int) -> None:
    async with serving(port) as chosen:
        print(chosen, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m benchmarks.gateway.upstream")
    options.add_argument("--port", type=int, default=0, help="0 chooses a free one, which is printed")
    try:
        uvloop.run(_main(options.parse_args().port))
    except KeyboardInterrupt:
        sys.exit(130)

"""Clients that read slowly: they hold their upstream back, and cost no memory."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from tests.gateway.client import encode, read_answer
from tests.gateway.serving import Served
from tests.gateway.ways import WAYS, Watched, Way, until

from modelbay.sdk.testing import Gate

PIECE = "x" * 4096
PIECES = 2500
MOST = 700_000
"""Bytes of memory for one stream of 10 MB that nobody reads: the gateway's, the fake's and the test's own."""
MOST_WITH_TEXT = 6_000_000
"""The same where a message is put together as it comes, since its blocks may be state of the next turn: the
text that the kernel's buffers have taken."""
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
passed_on = pytest.mark.parametrize("way", [WAYS[0], WAYS[3]], ids=lambda way: way.name)


class Turnstile(Gate):
    """Counts the events that an upstream has begun to send; all may pass."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.open()

    async def passed(self) -> None:
        self.count += 1
        await super().passed()


def _openai() -> list[bytes]:
    def event(delta: object, finish: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {
            "id": "c",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [choice],
        }
        return b"data: %b\n\n" % orjson.dumps({**chunk, **more})

    usage = {"prompt_tokens": 1, "completion_tokens": PIECES, "total_tokens": PIECES + 1}
    last = event({}, "stop", usage=usage)
    return [event({"role": "assistant"}), *[event({"content": PIECE})] * PIECES, last, b"data: [DONE]\n\n"]


def _anthropic() -> list[bytes]:
    def event(kind: str, **more: object) -> bytes:
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **more}))

    message = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "m"}
    said = event("content_block_delta", index=0, delta={"type": "text_delta", "text": PIECE})
    return [
        event("message_start", message={**message, "usage": {"input_tokens": 1, "output_tokens": 1}}),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *[said] * PIECES,
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": PIECES}),
        event("message_stop"),
    ]


_KEEPING = [way for way in WAYS if way.family == "anthropic" and way.name != "messages-passed-on"]
LONG: dict[str, Callable[[], list[bytes]]] = {"openai": _openai, "anthropic": _anthropic}


@contextmanager
def _client(served: Served) -> Iterator[socket.socket]:
    """Connect, with no room for an answer."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock.connect(served.place)
        sock.setblocking(False)
        yield sock


@contextmanager
def _measured(most: int = MOST) -> Iterator[None]:
    """Fail if the block needs more memory than a stream may."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most


async def _held_back(turnstile: Turnstile) -> None:
    """Run everything until the upstream gets no further."""
    seen, turns = -1, 0
    while turns < 300:
        turns = turns + 1 if turnstile.count == seen else 0
        seen = turnstile.count
        await asyncio.sleep(0)
    assert turnstile.count < PIECES


async def _everything(sock: socket.socket) -> bytes:
    loop, pieces = asyncio.get_running_loop(), []
    while data := await loop.sock_recv(sock, 2**20):
        pieces.append(data)
    return b"".join(pieces)


@every_way
async def test_a_client_that_reads_nothing_holds_its_upstream_back(way: Way, tmp_path: Path) -> None:
    """Else one client with a slow line, times a thousand, ends the process."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        await served.post(way.path, way.body(stream=True))
        upstream.will_answer(events=LONG[way.family]())
        turnstile = upstream.gate = Turnstile()
        with _client(served) as sock:
            sent = encode("POST", way.path, way.body(stream=True), {"authorization": f"Bearer {served.key}"})
            with _measured(MOST_WITH_TEXT if way in _KEEPING else MOST):
                sock.send(sent)
                await upstream.received(2)
                await _held_back(turnstile)
            assert len(ledger.asked) == 1
            answer = read_answer(await _everything(sock))
        assert (answer.status, answer.complete) == (200, True)
        assert answer.body.count(PIECE.encode()) == PIECES
        assert way.is_end(answer.events[-1])
        record = await ledger.until(written=2)
        assert (record.status, record.completion_tokens) == (200, PIECES)


@passed_on
async def test_a_client_that_is_behind_already_holds_its_next_upstream_back(way: Way, tmp_path: Path) -> None:
    """With pipelining an answer may begin while the one before still waits to be read."""
    async with way.serving(tmp_path) as served:
        upstream = way.upstream(served)
        upstream.will_stream("y" * 8_000_000)
        named = {"authorization": f"Bearer {served.key}", "connection": "keep-alive"}
        with _client(served) as sock:
            sock.send(encode("POST", way.path, way.body(), named))
            await upstream.received()
            await until(lambda: not served.server.active)
            turnstile = upstream.gate = Turnstile()
            upstream.will_answer(events=LONG[way.family]())
            with _measured():
                sock.send(encode("POST", way.path, way.body(stream=True), {**named, "connection": "close"}))
                await upstream.received(2)
                await _held_back(turnstile)
            data = await _everything(sock)
        assert data.count(b"y" * 8_000_000) == 1
        assert data.count(PIECE.encode()) == PIECES
        assert data.endswith(b"0\r\n\r\n")


@every_way
async def test_a_client_that_leaves_while_it_is_behind_frees_the_upstream(way: Way, tmp_path: Path) -> None:
    """Its leaving is not seen by reading the upstream, which is on hold."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_answer(events=LONG[way.family]())
        turnstile = upstream.gate = Turnstile()
        with _client(served) as sock:
            sent = encode("POST", way.path, way.body(stream=True), {"authorization": f"Bearer {served.key}"})
            sock.send(sent)
            await upstream.received()
            await _held_back(turnstile)
        await upstream.hung_up()
        record = await ledger.until(written=1)
        assert (record.status, record.completion_tokens > 0) == (499, True)
        assert upstream.connections == 0


@every_way
async def test_a_client_that_is_too_slow_for_the_deadline_frees_the_upstream(
    way: Way, tmp_path: Path
) -> None:
    """Reading slowly must not keep a call alive that may take no longer."""
    async with way.serving(tmp_path) as served:
        upstream, ledger = way.upstream(served), Watched(served.gateway)
        upstream.will_answer(events=LONG[way.family]())
        upstream.gate = Turnstile()
        with _client(served) as sock:
            named = {"authorization": f"Bearer {served.key}", "modelbay-timeout": "3"}
            sock.send(encode("POST", way.path, way.body(stream=True), named))
            await upstream.received()
            await upstream.hung_up()
            record = await ledger.until(written=1)
            assert (record.error, record.status) == ("InvokeConnectionError", 502)
            assert record.completion_tokens > 0
            answer = read_answer(await _everything(sock))
        assert answer.complete
        assert way.is_error(answer.events[-1])

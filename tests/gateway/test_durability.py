"""No answer is complete before its call is written down: what a client has got, the ledger has."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.gateway.client import encode, read_answer
from tests.gateway.serving import Served, serving
from tests.gateway.ways import EITHER_LANE, WAYS, Watched, Way

from modelbay.platform.fold import FOLDER
from modelbay.platform.ledger import Ledger

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
either_lane = pytest.mark.parametrize("way", EITHER_LANE, ids=lambda way: way.name)
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Surface(NamedTuple):
    """One operation that is answered whole, or in pieces without an end of its own."""

    family: str
    path: str
    body: dict[str, Any]


SURFACES = {
    "embeddings": Surface(
        "openai", "/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": "Hi"}
    ),
    "embed": Surface(
        "cohere",
        "/v2/embed",
        {
            "model": "cohere/embed-v4.0",
            "texts": ["Hi"],
            "input_type": "search_query",
            "embedding_types": ["float"],
        },
    ),
    "rerank": Surface(
        "jina",
        "/v1/rerank",
        {"model": "jina/jina-reranker-v2-base-multilingual", "query": "a", "documents": ["b"]},
    ),
    "moderations": Surface(
        "openai", "/v1/moderations", {"model": "openai/omni-moderation-latest", "input": "Hi"}
    ),
    "speech": Surface(
        "openai", "/v1/audio/speech", {"model": "openai/tts-1", "input": "Hi", "voice": "alloy"}
    ),
    "responses": Surface("openai", "/v1/responses", {"model": "openai/gpt-4o-mini", "input": "Hi"}),
    "responses-streamed": Surface(
        "openai", "/v1/responses", {"model": "openai/gpt-4o-mini", "input": "Hi", "stream": True}
    ),
    "completions": Surface("openai", "/v1/completions", {"model": "openai/gpt-4o-mini", "prompt": "Hi"}),
}


@contextmanager
def _asked(served: Served, path: str, body: Any) -> Iterator[socket.socket]:
    with socket.create_connection(served.place) as sock:
        sock.sendall(encode("POST", path, body, {"authorization": f"Bearer {served.key}"}))
        sock.setblocking(False)
        yield sock


async def _so_far(served: Served, sock: socket.socket) -> bytes:
    """Return what has come, after everything else that could happen has happened."""
    for _ in range(3):
        assert (await served.call("GET", "/healthz")).status == 200
    try:
        return sock.recv(2**20)
    except BlockingIOError:
        return b""


async def _rest(sock: socket.socket) -> bytes:
    pieces = []
    while data := await asyncio.get_running_loop().sock_recv(sock, 65536):
        pieces.append(data)
    return b"".join(pieces)


@every_way
async def test_a_whole_answer_waits_for_its_record(way: Way, tmp_path: Path) -> None:
    """Not a byte of it: a client that has its answer will not ask again."""
    async with way.serving(tmp_path) as served:
        ledger = Watched(served.gateway)
        ledger.open.clear()
        with _asked(served, way.path, way.body()) as sock:
            await ledger.until(asked=1)
            assert await _so_far(served, sock) == b""
            ledger.open.set()
            answer = read_answer(await _rest(sock))
        assert (answer.status, answer.complete) == (200, True)
        (record,) = await served.records()
        assert record["id"] == answer.headers["request-id" if way.path == "/v1/messages" else "x-request-id"]


@every_way
async def test_the_end_of_a_stream_waits_for_its_record(way: Way, tmp_path: Path) -> None:
    """Everything is passed on as it comes but that it is complete."""
    async with way.serving(tmp_path) as served:
        way.upstream(served).will_stream("first ", "last")
        ledger = Watched(served.gateway)
        ledger.open.clear()
        with _asked(served, way.path, way.body(stream=True)) as sock:
            await ledger.until(asked=1)
            begun = await _so_far(served, sock)
            assert b'"last"' in begun
            assert b"[DONE]" not in begun
            assert b"message_stop" not in begun
            assert not begun.endswith(b"\r\n0\r\n\r\n")
            ledger.open.set()
            answer = read_answer(begun + await _rest(sock))
        assert answer.complete
        assert way.is_end(answer.events[-1])
        assert len(await served.records()) == 1


@pytest.mark.parametrize("lanes", [True, False], ids=["lanes", "no-lanes"])
@pytest.mark.parametrize("name", SURFACES)
async def test_every_surface_waits_for_its_record(name: str, lanes: bool, tmp_path: Path) -> None:
    """The rule holds for a call, not for a conversation."""
    surface = SURFACES[name]
    async with serving(tmp_path, surface.family, lanes=lanes) as served:
        ledger = Watched(served.gateway)
        ledger.open.clear()
        with _asked(served, surface.path, surface.body) as sock:
            await ledger.until(asked=1)
            begun = await _so_far(served, sock)
            assert not begun or not read_answer(begun).complete or not begun.endswith(b"0\r\n\r\n")
            ledger.open.set()
            answer = read_answer(begun + await _rest(sock))
        assert (answer.status, answer.complete) == (200, True), answer.body
        (record,) = await served.records()
        assert record["id"] == answer.headers["x-request-id"]


@every_way
async def test_an_answer_that_cannot_be_written_down_is_not_given(way: Way, tmp_path: Path) -> None:
    """Better no answer than one that nobody knows of."""
    async with way.serving(tmp_path) as served:
        way.upstream(served).will_stream("the ", "secret", times=None)
        Watched(served.gateway).failure = FULL
        answer = await served.post(way.path, way.body())
        assert answer.status == 503
        assert way.is_error(answer.json)
        assert "ledger" in answer.json["error"]["message"]
        assert b"secret" not in answer.body
        assert str(tmp_path).encode() not in answer.body


@every_way
async def test_a_stream_that_cannot_be_written_down_is_not_completed(way: Way, tmp_path: Path) -> None:
    """What has been passed on cannot be taken back; that it is complete is never said."""
    async with way.serving(tmp_path) as served:
        way.upstream(served).will_stream("first ", "last")
        Watched(served.gateway).failure = FULL
        answer = await served.post(way.path, way.body(stream=True))
        assert (answer.status, answer.complete) == (200, True)
        assert b'"last"' in answer.body
        assert not any(map(way.is_end, answer.events))
        assert way.is_error(answer.events[-1])
        assert "ledger" in answer.events[-1]["error"]["message"]


class Disk:
    """A disk that can be full."""

    full = False

    def sync(self, descriptor: int) -> None:
        """Make what was written durable."""
        if self.full:
            raise FULL
        os.fdatasync(descriptor)


@either_lane
async def test_a_full_disk_is_told_and_a_gateway_recovers_from_it(way: Way, tmp_path: Path) -> None:
    """Load balancers send calls elsewhere meanwhile, people read why, and nobody has to start it again."""
    async with way.serving(tmp_path) as served:
        disk, platform = Disk(), served.gateway.platform
        await platform.accountant.close()
        served.gateway.accountant = platform.accountant = Ledger(tmp_path / "data" / FOLDER, sync=disk.sync)
        await platform.accountant.start()
        answers = [await served.post(way.path, way.body())]
        assert (await served.call("GET", "/readyz")).status == 200
        disk.full = True
        answers.append(await served.post(way.path, way.body()))
        ready = await served.call("GET", "/readyz")
        assert ready.status == 503
        assert "No space left" in " ".join(ready.json["reasons"])
        assert (await served.call("GET", "/healthz")).status == 200
        disk.full = False
        answers.append(await served.post(way.path, way.body()))
        assert [answer.status for answer in answers] == [200, 503, 200]
        assert (await served.call("GET", "/readyz")).status == 200
        assert {each["id"] for each in await served.records()} >= {
            answer.headers["x-request-id"] for answer in answers if answer.status == 200
        }

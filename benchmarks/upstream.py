"""The upstream of the benchmarks: answers as OpenAI does, from bytes made beforehand.

`tests/upstreams` checks what it is sent and makes its answers up, which takes longer than the library does;
here the server must never be what is measured. Run as `python -m benchmarks.upstream` it tells its port.
"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

CHUNKS = 100
LATENCY = 0.05  # seconds before vectors are sent
DIMENSIONS = 1536
_WORDS = "word " * 29
_USAGE = {"prompt_tokens": 16, "completion_tokens": 29, "total_tokens": 45}
_RESPONSE_USAGE = {"input_tokens": 16, "output_tokens": 29, "total_tokens": 45}
_FIELDS = {"id": "chatcmpl-1", "created": 1_790_000_000, "model": "gpt-4.1-mini"}
_NUMBERS = [((place * 7919) % 2000 - 1000) / 40_000 for place in range(DIMENSIONS)]
_VECTOR = base64.b64encode(array("f", _NUMBERS).tobytes())


def _chat() -> dict[str, Any]:
    message = {"role": "assistant", "content": _WORDS, "refusal": None}
    choices = [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    return {**_FIELDS, "object": "chat.completion", "choices": choices, "usage": _USAGE}


def _chat_events() -> Iterator[bytes]:
    def event(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]
        return _sse({**_FIELDS, "object": "chat.completion.chunk", "choices": choices, "usage": None})

    yield from (event({"content": "word "}) for _ in range(CHUNKS))
    yield event({}, "stop")
    yield _sse({**_FIELDS, "object": "chat.completion.chunk", "choices": [], "usage": _USAGE})
    yield b"data: [DONE]\n\n"


def _response(status: str, text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": [part]}
    done = {"output": [item], "usage": _RESPONSE_USAGE} if status == "completed" else {"output": []}
    return {"id": "resp_1", "object": "response", "model": "gpt-4.1-mini", "status": status, **done}


def _response_events() -> Iterator[bytes]:
    delta = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "delta": "word "}
    yield _named({"type": "response.created", "response": _response("in_progress", "")})
    yield from (_named({**delta, "content_index": 0, "sequence_number": n}) for n in range(CHUNKS))
    yield _named({"type": "response.completed", "response": _response("completed", "word " * CHUNKS)})


def _sse(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _named(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\n".encode() + _sse(value)


WHOLE = {b"/v1/chat/completions": _chat(), b"/v1/responses": _response("completed", _WORDS)}
EVENTS = {
    b"/v1/chat/completions": [*_chat_events()],
    b"/v1/responses": [*_response_events()],
}


@lru_cache(maxsize=64)
def _vectors(count: int) -> bytes:
    row = b'{"object":"embedding","index":%d,"embedding":"' + _VECTOR + b'"}'
    rows = b",".join(row % place for place in range(count))
    usage = orjson.dumps({"prompt_tokens": count * 512, "total_tokens": count * 512})
    return b'{"object":"list","model":"text-embedding-3-small","data":[%b],"usage":%b}' % (rows, usage)


class _Connection(asyncio.Protocol):
    """One connection of a client that waits for each answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.buffer = bytearray()
        transport.set_write_buffer_limits(64 << 20)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end])
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if len(self.buffer) >= end + 4 + length:
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            self.answer(head.split(b" ", 2)[1], body)

    def answer(self, path: bytes, body: bytes) -> None:
        if path == b"/v1/embeddings":
            count = len(orjson.loads(body)["input"])
            asyncio.get_running_loop().call_later(LATENCY, self.send, _vectors(count))
        elif b'"stream":true' in body:
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            self.transport.write(head)
            self.stream(iter(EVENTS[path]))
        else:
            self.send(orjson.dumps(WHOLE[path]))

    def stream(self, events: Iterator[bytes]) -> None:
        """Write one event a loop turn, so that a client sees pieces of natural size."""
        event = next(events, b"")
        self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))
        if event:
            asyncio.get_running_loop().call_soon(self.stream, events)

    def send(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(head % len(body) + body)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started it closes the pipe
    server.close()


@contextmanager
def running() -> Iterator[str]:
    """Run the upstream in a process of its own; gives its base URL."""
    command = [sys.executable, "-m", "benchmarks.upstream"]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"


if __name__ == "__main__":
    asyncio.run(_serve())

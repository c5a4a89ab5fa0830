"""The bytes that the upstream of the gateway's benchmarks answers with, made once.

Every piece of a streamed text holds one `STAMP` and 19 digits: when it was sent (monotonic nanoseconds), or
zeros where nobody measures. So whatever dialect a gateway makes of it, pieces can be counted and timed.
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

STAMP = b"sent:"
_NO_TIME = b"0" * 19
DIMENSIONS = 1536
WORDS = "word " * 29  # the answer of a unary call: 29 tokens
_NUMBERS = [((place * 7919) % 2000 - 1000) / 40_000 for place in range(DIMENSIONS)]
_BASE64 = b'"' + base64.b64encode(array("f", _NUMBERS).tobytes()) + b'"'
_CHAT_USAGE = {"prompt_tokens": 16, "completion_tokens": 29, "total_tokens": 45}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The answers of one API.

    `piece` has the stamp's digits between its two parts. All but `whole` are framed as HTTP chunks.
    """

    whole: bytes
    opening: bytes
    piece: tuple[bytes, bytes]
    closing: bytes
    closing_with_usage: bytes

    def stamped(self, nanoseconds: int) -> bytes:
        """Return one piece that tells when it was sent."""
        return b"%b%019d%b" % (self.piece[0], nanoseconds, self.piece[1])

    @property
    def plain(self) -> bytes:
        """One piece that tells no time."""
        return _NO_TIME.join(self.piece)


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    """Return a whole JSON answer."""
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
    return head % (status, len(body), body)


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
)


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(value: Mapping[str, Any], *, named: bool = False) -> bytes:
    name = f"event: {value['type']}\n".encode() if named else b""
    return name + b"data: " + orjson.dumps(value) + b"\n\n"


def _split(event: bytes) -> tuple[bytes, bytes]:
    before, _, after = _framed(event).partition(_NO_TIME)
    return before, after


_TEXT = (STAMP + _NO_TIME).decode() + " "


def _chat() -> Dialect:
    same = {"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "created": 1_790_000_000, "model": "gpt-4.1-mini"}
    chunk = {
        **same,
        "object": "chat.completion.chunk",
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
    }

    def event(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]
        return _event({**chunk, "choices": choices, "usage": None})

    message: dict[str, Any] = {"role": "assistant", "content": WORDS, "refusal": None, "annotations": []}
    choices = [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    done = _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    usage = _framed(_event({**chunk, "choices": [], "usage": _CHAT_USAGE}))
    stop = _framed(event({}, "stop"))
    return Dialect(
        whole=answer(
            orjson.dumps({**same, "object": "chat.completion", "choices": choices, "usage": _CHAT_USAGE})
        ),
        opening=_framed(event({"role": "assistant", "content": "", "refusal": None})),
        piece=_split(event({"content": _TEXT})),
        closing=stop + done,
        closing_with_usage=stop + usage + done,
    )


def _messages() -> Dialect:
    usage = {
        "input_tokens": 16,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 29,
    }
    message = {
        "id": "msg_013Zva2CMHLNnjNjJJKqJ2EF",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
    }
    whole = {
        **message,
        "content": [{"type": "text", "text": WORDS}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
    start: dict[str, Any] = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    text = {"type": "text", "text": ""}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    opening = (
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": text},
    )
    closing = (
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 29}},
        {"type": "message_stop"},
    )
    piece = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": _TEXT}}
    last = _framed(b"".join(_event(value, named=True) for value in closing)) + b"0\r\n\r\n"
    return Dialect(
        whole=answer(orjson.dumps(whole)),
        opening=_framed(b"".join(_event(value, named=True) for value in opening)),
        piece=_split(_event(piece, named=True)),
        closing=last,
        closing_with_usage=last,
    )


DIALECTS: Mapping[bytes, Dialect] = {b"/v1/chat/completions": _chat(), b"/v1/messages": _messages()}
MODELS = answer(
    orjson.dumps(
        {
            "object": "list",
            "data": [{"id": "gpt-4.1-mini", "object": "model", "created": 1, "owned_by": "openai"}],
        }
    )
)


@lru_cache(maxsize=16)
def vectors(count: int, as_base64: bool) -> bytes:
    """Return the answer to `count` texts, with vectors as base64 or as numbers."""
    vector = _BASE64 if as_base64 else orjson.dumps(_NUMBERS)
    rows = b",".join(b'{"object":"embedding","index":%d,"embedding":%b}' % (n, vector) for n in range(count))
    usage = orjson.dumps({"prompt_tokens": count * 8, "total_tokens": count * 8})
    body = b'{"object":"list","data":[%b],"model":"text-embedding-3-small","usage":%b}' % (rows, usage)
    return answer(body)

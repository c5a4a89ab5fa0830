"""HTTP/1.1 as a fake upstream needs it: requests read from bytes, answers written as bytes. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"
NDJSON = "application/x-ndjson"


class BadRequestError(ValueError):
    """The bytes are not an HTTP/1.1 request."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a multipart form; a file has a `filename`."""

    name: str
    data: bytes
    filename: str | None = None
    content_type: str | None = None

    @property
    def text(self) -> str:
        """The field as text."""
        return self.data.decode()


class Request:
    """What a client sent. Header names are lower case; `body` is the parsed JSON, or None."""

    __slots__ = ("_body", "headers", "method", "path", "query", "raw")

    def __init__(self, method: str, target: str, headers: Mapping[str, str], raw: bytes = b"") -> None:
        path, _, query = target.partition("?")
        self.method = method
        self.path = unquote(path) if "%" in path else path
        self.query: dict[str, str] = dict(parse_qsl(query)) if query else {}
        self.headers = headers
        self.raw = raw

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path} {len(self.raw)} bytes>"

    @property
    def body(self) -> Any:
        """The JSON that was sent, parsed once."""
        try:
            return self._body
        except AttributeError:
            self._body: Any = _json_or_none(self.raw)
            return self._body

    @property
    def parts(self) -> list[Part]:
        """The fields of a multipart form, in the order sent; empty for anything else."""
        kind = self.headers.get("content-type", "")
        return list(_parts(kind, self.raw)) if kind.startswith("multipart/") else []


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `body` at once, or `events` one after the other with chunked encoding."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    events: Iterable[bytes] | None = None


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Build a JSON answer."""
    return Answer(status, orjson.dumps(value), headers=headers or {})


def sse(value: object, event: str | None = None) -> bytes:
    """Write one server-sent event; `value` is text as it is, anything else as JSON."""
    data = value.encode() if isinstance(value, str) else orjson.dumps(value)
    return b"data: %b\n\n" % data if event is None else b"event: %b\ndata: %b\n\n" % (event.encode(), data)


def ndjson(value: object) -> bytes:
    """Write one line of newline-delimited JSON."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def head(answer: Answer, *, length: int | None, close: bool) -> bytes:
    """Write the status line and headers; without a `length` the body is chunked."""
    lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}", f"content-type: {answer.content_type}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines.append("transfer-encoding: chunked" if length is None else f"content-length: {length}")
    if close:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Frame one piece of a chunked body; an empty piece ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class RequestReader:
    """Reads requests from bytes that arrive in pieces of any size, keep-alive and pipelined ones too."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Request | None = None
        self._chunks: list[bytes] = []
        self.expects_continue = False

    def feed(self, data: bytes) -> Iterator[Request]:
        """Yield every request that is complete now."""
        self._buffer += data
        while (request := self._next()) is not None:
            yield request

    def _next(self) -> Request | None:
        if self._head is None and not self._read_head():
            return None
        request = self._head
        assert request is not None
        whole = self._chunked() if "transfer-encoding" in request.headers else self._sized(request)
        if whole is None:
            return None
        request.raw, self._head = whole, None
        return request

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        words = first.split(" ")
        if len(words) != 3:
            raise BadRequestError(f"not a request line: {first[:80]!r}")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._head = Request(words[0], words[1], headers)
        self.expects_continue = headers.get("expect", "").lower() == "100-continue"
        return True

    def _sized(self, request: Request) -> bytes | None:
        length = int(request.headers.get("content-length", "0"))
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _chunked(self) -> bytes | None:
        while (end := self._buffer.find(b"\r\n")) >= 0:
            size = int(self._buffer[:end].split(b";")[0], 16)
            if len(self._buffer) < end + 2 + size + 2:
                return None
            self._chunks.append(bytes(self._buffer[end + 2 : end + 2 + size]))
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                body, self._chunks = b"".join(self._chunks), []
                return body
        return None


def _json_or_none(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _parts(content_type: str, raw: bytes) -> Iterator[Part]:
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + raw)
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            yield Part(name, payload, part.get_filename(), part.get("content-type"))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # vendors invent statuses: 498, 529
        return "Unknown"

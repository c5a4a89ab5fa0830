"""Writes the heads of answers: bytes that are made once and joined, never formatted for each call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus

import orjson

__all__ = [
    "CLOSE",
    "CONTINUE",
    "END_OF_CHUNKS",
    "JSON",
    "STATUS_LINES",
    "lines",
    "refusal",
    "refusal_body",
    "status_line",
]

STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
JSON = b"content-type: application/json\r\n"
END_OF_CHUNKS = b"0\r\n\r\n"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile("[\t\x20-\x7e\x80-\xff]*")


def lines(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return header lines as the server takes them.

    Args:
        pairs: Names in lower case, and values of latin-1 characters.

    Raises:
        ValueError: A name or a value could end its line early, or cannot be sent at all.
    """
    return b"".join([_line(name, value) for name, value in pairs])


def _line(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a header name in lower case: {name!r}")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"header {name}: its value has characters that a header cannot carry")
    return f"{name}: {value}\r\n".encode("latin-1")


def status_line(status: int) -> bytes:
    """Return the first line of an answer; statuses that HTTP does not name have no words."""
    return STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def refusal_body(status: int, message: str) -> bytes:
    """Return the JSON of an error of the server's own, in the shape that most clients understand."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}})


def refusal(status: int, message: str) -> bytes:
    """Return a whole answer of the server's own, after which the connection is closed."""
    body = refusal_body(status, message)
    return b"%b%b%bcontent-length: %d\r\n\r\n%b" % (status_line(status), JSON, CLOSE, len(body), body)

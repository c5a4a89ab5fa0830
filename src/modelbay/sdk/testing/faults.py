"""Everything that goes wrong at an upstream, as data: `upstream.will_fail(rate_limited(retry_after=2))`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from math import inf
from typing import Literal

HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an answer breaks off: after `after` bytes, counted from the status line or from the body."""

    how: Literal["reset", "close", "stall"]
    after: int = 0
    counting: Literal["answer", "body"] = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to fail. What is unset stays as the upstream would have answered.

    Attributes:
        status: Answer with this status and the family's own error body.
        body: These bytes instead of the body, with `content_type`.
        error_in_body: The family's error object inside a 200.
        error_after: Put the family's error event after this many events, and end there.
        without: Parts that a stream leaves out: `usage`, `end` (the terminal event).
        truncated: Announce more bytes than are sent, then close.
        head_seconds: Wait this long inside the headers; `inf` until the client leaves.
        close: Say `Connection: close` and do it.
        stale: A request on a connection that has been used is met by a close, without an answer.
        refuse: Close the listening socket.
    """

    name: str
    status: int | None = None
    message: str = "the fake upstream was told to fail"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str | None = None
    error_in_body: bool = False
    error_after: int | None = None
    without: frozenset[str] = frozenset()
    cut: Cut | None = None
    truncated: bool = False
    head_seconds: float = 0.0
    close: bool = False
    stale: bool = False
    refuse: bool = False


def refuse() -> Fault:
    """Refuse connections from now on, until `upstream.listen_again()`."""
    return Fault(name="refuse", refuse=True)


def reset(after: int = 0, counting: Literal["answer", "body"] = "answer") -> Fault:
    """Reset the connection (TCP RST) after `after` bytes."""
    return Fault(name="reset", cut=Cut("reset", after, counting))


def close(after: int = 0, counting: Literal["answer", "body"] = "answer") -> Fault:
    """Close the connection cleanly (TCP FIN) after `after` bytes, in the middle of the answer."""
    return Fault(name="close", cut=Cut("close", after, counting))


def stall(after: int = 0, counting: Literal["answer", "body"] = "answer") -> Fault:
    """Send `after` bytes and then nothing more, until the client leaves."""
    return Fault(name="stall", cut=Cut("stall", after, counting))


def status(code: int, message: str | None = None, headers: Mapping[str, str] | None = None) -> Fault:
    """Answer with an HTTP status and the family's own error body."""
    text = message or f"the fake upstream was told to answer {code}"
    return Fault(name=str(code), status=code, message=text, headers=headers or {})


def rate_limited(retry_after: float | datetime | None = None, retry_after_ms: int | None = None) -> Fault:
    """Answer 429; say when to come back in seconds, as an HTTP date (aware, UTC) or in milliseconds."""
    headers = {}
    if isinstance(retry_after, datetime):
        headers["retry-after"] = format_datetime(retry_after, usegmt=True)
    elif retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    if retry_after_ms is not None:
        headers["retry-after-ms"] = str(retry_after_ms)
    return status(429, "rate limit reached", headers)


def html(code: int = 502) -> Fault:
    """Answer with a proxy's HTML page."""
    return Fault(name="html", status=code, body=HTML, content_type="text/html")


def invalid_json() -> Fault:
    """Answer 200 with JSON that breaks off."""
    return Fault(name="invalid-json", status=200, body=b'{"id": "x", "choices": [{', content_type=None)


def wrong_content_type(content_type: str = "text/html") -> Fault:
    """Label a good answer with another content type."""
    return Fault(name="wrong-content-type", content_type=content_type)


def error_in_200(message: str = "the model is overloaded") -> Fault:
    """Put the family's error object inside a 200."""
    return Fault(name="error-in-200", error_in_body=True, message=message)


def error_event(after: int = 1, message: str = "the model is overloaded") -> Fault:
    """Put the family's error event into a stream after `after` events, and end there."""
    return Fault(name="error-event", error_after=after, message=message)


def no_usage() -> Fault:
    """Leave the usage out of a stream."""
    return Fault(name="no-usage", without=frozenset({"usage"}))


def no_end() -> Fault:
    """Leave the terminal event (`[DONE]`, `message_stop`, …) out of a stream that otherwise ends well."""
    return Fault(name="no-end", without=frozenset({"end"}))


def truncated() -> Fault:
    """Announce more bytes than are sent (chunk size or Content-Length), then close."""
    return Fault(name="truncated", truncated=True)


def empty() -> Fault:
    """Answer 200 with an empty body."""
    return Fault(name="empty", status=200, body=b"")


def slow_headers(seconds: float = inf) -> Fault:
    """Send the status line, then wait before the other headers; without a number, for ever."""
    return Fault(name="slow-headers", head_seconds=seconds)


def close_after_answer() -> Fault:
    """Answer well, say `Connection: close` and close."""
    return Fault(name="close-after-answer", close=True)


def stale() -> Fault:
    """Close a kept-alive connection just when the next request arrives on it; a fresh one is served."""
    return Fault(name="stale", stale=True)


_PLAIN: Mapping[str, Callable[[], Fault]] = {
    "refuse": refuse,
    "html": html,
    "invalid-json": invalid_json,
    "wrong-content-type": wrong_content_type,
    "error-in-200": error_in_200,
    "no-usage": no_usage,
    "no-end": no_end,
    "truncated": truncated,
    "empty": empty,
    "close-after-answer": close_after_answer,
    "stale": stale,
}
_COUNTED: Mapping[str, Callable[[int], Fault]] = {
    "reset": reset,
    "close": close,
    "stall": stall,
    "error-event": error_event,
    "retry-after": rate_limited,
    "slow-headers": slow_headers,
}
NAMES = ("<status>", *_PLAIN, *(f"{name}:<n>" for name in _COUNTED))


def named(text: str) -> Fault:
    """Read a fault as written on a command line: `429`, `reset:120`, `no-end`.

    Raises:
        ValueError: There is no such fault; the message lists those there are.
    """
    name, _, number = text.partition(":")
    if name.isdigit() and not number:
        return status(int(name))
    if name in _PLAIN and not number:
        return _PLAIN[name]()
    if name in _COUNTED and number.isdigit():
        return _COUNTED[name](int(number))
    raise ValueError(f"unknown fault {text!r}; write one of {', '.join(NAMES)}")

"""What a dialect asks the transport to send, and what comes back: pure data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from modelbay.errors import InvokeError

if TYPE_CHECKING:
    from modelbay.wires.signing import Signer

__all__ = ["GRAIN", "Event", "Part", "Reply", "Request", "Timeouts", "call_deadline", "upstream_limits"]

ToError = Callable[[int, Mapping[str, str], bytes], InvokeError]
Replies = Callable[[bytes | None], Iterable[str | bytes]]

GRAIN: Final = 0.002
"""Seconds by which the timers of event loops may be early: some count in whole milliseconds (uvloop)."""

call_deadline: ContextVar[float | None] = ContextVar("modelbay_call_deadline", default=None)
"""When the whole call must be over (`time.monotonic()`), set by whoever started it; None is no limit."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one call, in seconds; None is no limit.

    Attributes:
        connect: Name resolution, TCP, proxy and TLS together.
        first_byte: From the end of connecting to the first byte of the answer.
        idle: Between two reads of the answer.
        total: Everything, with retries and the waits between them.
    """

    connect: float | None = 10.0
    first_byte: float | None = 300.0
    idle: float | None = 300.0
    total: float | None = 600.0


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One part of a `multipart/form-data` body; it is a file when it has a `filename`."""

    name: str
    data: bytes | str
    filename: str | None = None
    content_type: str | None = None

    def __repr__(self) -> str:
        return f"Part({self.name!r}, {len(self.data)} long)"


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One HTTP request. Its `repr` shows neither headers, query nor body, as they may hold secrets.

    Attributes:
        url: Absolute; `user:password@` becomes Basic authorisation.
        json: Body as JSON, encoded once by the transport; None is no body.
        form: Body as `multipart/form-data`, instead of `json`.
        content: Body as JSON that is encoded already, instead of `json`.
        idempotent: Whether it may be repeated after it was sent (reading, embedding, counting).
        timeouts: In place of the transport's own.
        to_error: The dialect's own reading of a failed answer; `failures.to_error` by default.
        signer: What adds a token or a signature to every attempt.
        redirects: Whether a redirect is an answer; else it is an error.
        to_machine: Whether it goes to a service of this machine's own, whose address nobody chose: directly,
            and wherever that is.
        replies: For a websocket: what to send when it has opened (None) and after each message that came.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: tuple[Part, ...] | None = None
    content: bytes | None = None
    idempotent: bool = False
    timeouts: Timeouts | None = None
    to_error: ToError | None = None
    signer: Signer | None = None
    replies: Replies | None = None
    redirects: bool = False
    to_machine: bool = False

    def __repr__(self) -> str:
        return f"Request({self.method} {public_url(self.url)})"


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """A complete answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"


class Event(NamedTuple):
    """One server-sent event. `data` stays bytes, so that JSON is parsed without decoding it twice."""

    name: str
    data: bytes
    id: str = ""


upstream_limits: ContextVar[dict[str, str] | None] = ContextVar("modelbay_upstream_limits", default=None)
"""Collects what the upstream tells of its rate limits, for whoever set a dict here; None: nobody asks."""


def limits_in(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that tell of rate limits, whichever way the upstream names them."""
    return {name: value for name, value in headers.items() if "ratelimit" in name}


def public_url(url: str) -> str:
    """Return the URL without user, query and fragment: what may be shown to people."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

"""The seam between the server and the application: one request and its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

from modelbay.errors import ModelbayError

__all__ = ["App", "BodyError", "ClientGoneError", "Exchange"]


class BodyError(ModelbayError):
    """The request's body cannot be taken: `status` is 400, 408 or 413."""

    summary = "The request's body cannot be read."


class ClientGoneError(ModelbayError):
    """The client closed the connection; nobody reads an answer any more."""

    summary = "The client went away."


class Exchange(Protocol):
    """One request and its answer.

    An answer is either `respond`, or `begin`, any number of `send`, and `end`. Heads of answers are header
    lines as bytes (`b"content-type: application/json\\r\\n"`, names in lower case, each line with its end;
    see `head.lines`): the server adds length or chunking, and `connection`. After the client has gone, all
    of these do nothing.
    """

    @property
    def method(self) -> str:
        """Such as "POST"."""
        ...

    @property
    def path(self) -> str:
        """The path as it was sent, without the query, never normalised or decoded."""
        ...

    @property
    def query(self) -> str:
        """What follows the question mark, "" if nothing does."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name, latin-1; a repeated header is joined by ", " (Cookie by "; ").

        A repeated Host or length is refused.
        """
        ...

    @property
    def peer(self) -> str:
        """The address of the other end, "unix" for a unix socket."""
        ...

    @property
    def started(self) -> float:
        """When the first byte of the request arrived (`time.monotonic()`)."""
        ...

    @property
    def begun(self) -> bool:
        """Whether an answer has begun to be sent."""
        ...

    async def body(self, limit: int) -> bytes:
        """Return the whole body; at once, without suspending, if it has arrived already.

        Raises:
            BodyError: It is longer than `limit` bytes (refused by its declared length before it is read),
                too slow, or broken off. One that nobody catches is answered with its status.
        """
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, of any length; the client is held back while nobody takes it.

        Raises:
            BodyError: It is too slow, or broken off.
        """
        ...

    def respond(self, status: int, head: bytes, body: bytes) -> None:
        """Send a whole answer."""
        ...

    def begin(self, status: int, head: bytes) -> None:
        """Send the head of an answer whose length is not known yet."""
        ...

    def send(self, data: bytes) -> bool:
        """Send a piece of the body now; True if the client is behind and `drained` should be awaited."""
        ...

    async def drained(self) -> None:
        """Wait until the client has caught up; ClientGoneError if it went away."""
        ...

    def end(self, data: bytes = b"") -> None:
        """Send the last piece and end the answer."""
        ...

    def abort(self) -> None:
        """Cut the connection: the answer cannot be completed, and must not look as if it were."""
        ...

    def on_flow(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Have `pause` called when the client falls behind, `resume` when it catches up.

        For data that is pushed to it. `pause` is called at once if it is behind already.
        """
        ...


App = Callable[[Exchange], Awaitable[None]]
"""Serves one exchange. Its task is cancelled when the client goes away."""

"""What came back: a whole answer, the beginning of a failed one, and the errors that they stand for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from modelbay.errors import InvokeConnectionError, InvokeError, InvokeServerUnavailableError
from modelbay.wires import failures
from modelbay.wires.aws_events import BrokenFrameError
from modelbay.wires.decode import LineTooLongError
from modelbay.wires.http1.errors import WireError
from modelbay.wires.http1.exchange import Exchange
from modelbay.wires.request import Reply, public_url

_LONGEST_ERROR = 256 * 1024  # bytes
_PATIENCE_WITH_ERRORS = 5.0  # seconds


class mapped:  # noqa: N801 - read as a verb, like contextlib.suppress
    """Turns what can go wrong below into errors of the tree, around the whole of an iteration."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, WireError):
            raise invoke_error(error) from None
        if isinstance(error, LineTooLongError | BrokenFrameError):
            raise InvokeServerUnavailableError(f"The provider's stream cannot be read: {error}.") from None


def invoke_error(failure: WireError) -> InvokeError:
    cls = InvokeServerUnavailableError if failure.invalid else InvokeConnectionError
    return cls(failure.description, retryable=False if failure.lasting else None)


async def read_reply(answer: Exchange, limit: int) -> Reply:
    """Read an answer to its end.

    Raises:
        WireError: It is longer than `limit`; no more than that was kept.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        while data := await answer.read():
            pieces.append(data)
            size += len(data)
            if size > limit:
                text = f"The provider's answer is longer than {limit} bytes."
                raise WireError(text, invalid=True, lasting=True)
    finally:
        answer.close()
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return Reply(answer.head.status, answer.head.headers, body)


async def read_beginning(answer: Exchange) -> bytes:
    """Return as much of a failed answer as is worth reading; that it breaks or stalls does not matter."""
    data = b""
    with contextlib.suppress(WireError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_WITH_ERRORS):
            while len(data) < _LONGEST_ERROR and (more := await answer.read()):
                data += more
    answer.close()
    return data


def is_json(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower().endswith("/json")


def not_expected(reply: Reply, wanted: str) -> InvokeError:
    content_type = reply.headers.get("content-type", "no content type")[:80]
    said = failures.to_error(reply.status, reply.headers, reply.body)
    begin = failures.message_of(said.description[:200])
    return InvokeServerUnavailableError(
        f"The provider answered {reply.status} with {content_type} instead of {wanted}: {begin}",
        status=reply.status,
        request_id=said.request_id,
    )


def redirect_error(status: int, location: str | None) -> InvokeError:
    return InvokeServerUnavailableError(
        f"The provider answered with a redirect (HTTP {status}) to {public_url(location or '')}. "
        "Redirects are not followed, as the credentials would go along. Check the base URL.",
        status=status,
        retryable=False,
    )

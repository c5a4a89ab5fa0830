"""What the two writers of the ledger have in common."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Sequence
from typing import Final, Protocol

MOST_WAITING: Final = 50_000  # records
RETRY: Final = 1.0  # seconds until a disk that has failed is tried again, if no call tries it before

OnWritten = Callable[[int], None]


class Writer(Protocol):
    """Appends frames to journals and makes them durable, many at once; for one event loop."""

    @property
    def failure(self) -> str:
        """Why the disk cannot be written; "" if it can, as far as is known."""
        ...

    def put(self, data: bytes) -> asyncio.Future[None]:
        """Take a frame; the future ends when it is durable, or with an OSError. Nothing tries the disk only.

        Raises:
            OSError: Too many are waiting.
        """
        ...

    async def close(self) -> None:
        """Write what waits, then let go of everything; nothing may be put any more."""
        ...


def behind() -> OSError:
    """Return the refusal of a record while too many wait."""
    return OSError(errno.ENOBUFS, "the ledger is behind")


def as_os_error(error: BaseException) -> OSError:
    """Return any failure as one that callers expect."""
    if isinstance(error, OSError):
        return error
    return OSError(errno.EIO, f"unexpected {type(error).__name__}")


def in_words(failure: OSError | None) -> str:
    """Return a failure for people; "" if there is none."""
    return f"the ledger cannot be written: {failure.strerror}" if failure else ""


def settle(waiting: Sequence[asyncio.Future[None]], failure: OSError | None) -> None:
    """Tell all who wait."""
    for written in waiting:
        if written.done():  # whoever waited has been cancelled
            continue
        if failure is None:
            written.set_result(None)
        else:
            written.set_exception(OSError(failure.errno, in_words(failure)))

"""The ledger's front: calls become durable in a journal, many with one write (group commit)."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modelbay.platform.records import HEADER, to_line
from modelbay.platform.thread_writer import ThreadWriter
from modelbay.platform.writer import OnWritten, Writer
from modelbay.runtime.accounts import CallRecord
from modelbay.store.journal import Sync, Volumes, frame, sync_data

if TYPE_CHECKING:
    from modelbay.store.kernel_sync import KernelSync

_ROTATE: Final = 64 * 1024 * 1024  # bytes


class Ledger:
    """Writes calls down: an `Accountant`, for the event loop that starts it.

    The kernel makes records durable where it can do that by itself (Linux), else a thread.
    """

    def __init__(
        self,
        directory: Path,
        *,
        on_written: OnWritten = lambda count: None,
        sync: Sync | None = None,
        kernel: Callable[[], KernelSync] | None = None,
        rotate: int = _ROTATE,
    ) -> None:
        """Keep journals in `directory`.

        Args:
            on_written: Told how many more records are durable, on the event loop or on the writing thread.
            sync: Makes what was written to a descriptor durable, on the writing thread. With one, the kernel
                is not asked.
            kernel: Opens the kernel's sync; OSError if there is none.
            rotate: Bytes after which a new journal is begun.
        """
        self._directory = directory
        self._on_written = on_written
        self._sync = sync
        self._kernel = kernel or _open_kernel_sync
        self._rotate = rotate
        self._writer: Writer | None = None
        self._closed = False

    @property
    def failure(self) -> str:
        """Why calls cannot be written down; "" if they can."""
        return self._writer.failure if self._writer else ""

    async def start(self) -> None:
        """Begin to write.

        A disk that cannot be written is no error yet: `failure` says so, and it is tried again.
        """
        self._writer = (None if self._sync else await self._by_kernel()) or await self._by_thread()

    async def record(self, record: CallRecord) -> None:
        """Return when the record is durable.

        Raises:
            OSError: It could not be made durable, or too many are waiting.
        """
        if self._writer is None or self._closed:
            raise OSError(errno.ENOBUFS, "the ledger is closed")
        await self._writer.put(frame(to_line(record)))

    async def close(self) -> None:
        """Write what waits, then stop."""
        if self._writer is None or self._closed:
            return
        self._closed = True
        await self._writer.close()

    async def _by_thread(self) -> Writer:
        writer = ThreadWriter(self._volumes(self._sync or sync_data), self._on_written)
        with contextlib.suppress(OSError):
            await writer.put(b"")
        return writer

    async def _by_kernel(self) -> Writer | None:
        """Return the kernel's writer if a sync of the first journal shows that it works there."""
        if sys.platform != "linux":
            return None
        # Start-up time: what is of no use elsewhere is loaded where it is used.
        from modelbay.platform.kernel_writer import KernelWriter  # noqa: PLC0415
        from modelbay.store.kernel_sync import UNSUPPORTED  # noqa: PLC0415

        try:
            kernel = self._kernel()
        except OSError:
            return None
        writer = KernelWriter(self._volumes(kernel.sync), kernel, self._on_written)
        try:
            await writer.put(b"")
        except OSError as error:
            if error.errno in UNSUPPORTED:
                await writer.close()
                return None
        return writer

    def _volumes(self, sync: Sync) -> Volumes:
        return Volumes(self._directory, HEADER, full=self._rotate, sync=sync)


def _open_kernel_sync() -> KernelSync:
    from modelbay.store.kernel_sync import KernelSync  # noqa: PLC0415 - see above

    return KernelSync.open()

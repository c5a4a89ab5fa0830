"""The ledger's writer for any system: a thread of its own waits for the disk."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Sequence

from modelbay.platform.writer import MOST_WAITING, RETRY, OnWritten, as_os_error, behind, in_words, settle
from modelbay.store.journal import Volumes

_Entry = tuple[bytes, "asyncio.Future[None]"]


class ThreadWriter:
    """A `Writer`: the thread takes whatever waits, writes it at once, makes it durable at once, tells all.

    While it does, the next ones gather: the busier, the cheaper.
    """

    def __init__(self, volumes: Volumes, on_written: OnWritten) -> None:
        """Write to `volumes`, for the running event loop; `on_written` is told on the thread."""
        self.failure = ""
        self._volumes = volumes
        self._on_written = on_written
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="modelbay-ledger", daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> asyncio.Future[None]:
        """Take a frame."""
        if self._queue.qsize() >= MOST_WAITING:
            raise behind()
        written = self._loop.create_future()
        self._queue.put((data, written))
        return written

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._queue.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        """Write until the end is asked for: the body of the thread."""
        ended = False
        while not ended:
            entries, ended = self._take()
            failure = self._write(b"".join([data for data, _ in entries]))
            self.failure = in_words(failure)
            if failure is None:
                self._on_written(len(entries))
            if entries:
                self._tell([written for _, written in entries], failure)
        self._volumes.close()

    def _take(self) -> tuple[list[_Entry], bool]:
        """Return all that waits, and whether that was the last; nothing if the disk is to be tried again."""
        entries: list[_Entry] = []
        with contextlib.suppress(queue.Empty):
            entry = self._queue.get(timeout=RETRY if self.failure else None)
            while entry is not None:
                entries.append(entry)
                entry = self._queue.get_nowait()
            return entries, True
        return entries, False

    def _write(self, data: bytes) -> OSError | None:
        try:
            journal = self._volumes.begin()
            if data:
                journal.append(data)
                self._volumes.turn()
        except Exception as error:  # noqa: BLE001 - whatever it is: who waits is told, and the thread goes on
            self._volumes.abandon()
            return as_os_error(error)
        return None

    def _tell(self, waiting: Sequence[asyncio.Future[None]], failure: OSError | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(settle, waiting, failure)

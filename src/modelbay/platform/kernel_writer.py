"""The ledger's writer where the kernel waits for the disk: no thread, no hand-over."""

from __future__ import annotations

import asyncio
import errno
import os

from modelbay.platform.writer import MOST_WAITING, RETRY, OnWritten, as_os_error, behind, in_words, settle
from modelbay.store.journal import Journal, Volumes
from modelbay.store.kernel_sync import KernelSync


class KernelWriter:
    """A `Writer`: what comes in one pass of the event loop is written at once and made durable by one sync.

    While that flies, the next ones gather: the busier, the cheaper. It is always in one of four states: idle;
    a commit is due in this pass; a journal is being begun, by a thread, since that waits; or a sync flies.
    """

    def __init__(self, volumes: Volumes, kernel: KernelSync, on_written: OnWritten) -> None:
        """Write to `volumes`, for the running event loop, on which `on_written` is told too."""
        self.failure = ""
        self._volumes = volumes
        self._kernel = kernel
        self._on_written = on_written
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(kernel.event, self._synced)
        self._frames: list[bytes] = []
        self._gathered: list[asyncio.Future[None]] = []
        self._flying: list[asyncio.Future[None]] = []
        self._idle = True
        self._retry: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[None] | None = None

    def put(self, data: bytes) -> asyncio.Future[None]:
        """Take a frame."""
        if len(self._frames) >= MOST_WAITING:
            raise behind()
        written = self._loop.create_future()
        self._frames.append(data)
        self._gathered.append(written)
        if self._idle:
            self._wake()
        return written

    async def close(self) -> None:
        """Write what waits, then let go; no descriptor is closed that a sync still needs."""
        if not self._idle:
            self._ended = self._loop.create_future()
            await self._ended
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._kernel.event)
        self._volumes.close()
        await self._loop.run_in_executor(None, self._kernel.close)

    def _wake(self) -> None:
        self._idle = False
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._loop.call_soon(self._commit)

    def _commit(self) -> None:
        """Write all that waits and have it synced; also if nothing waits, to learn whether the disk works."""
        journal = self._volumes.current
        if journal is None:
            self._begin()
            return
        data = self._board()
        try:
            if data:
                journal.write(data)
            self._kernel.submit(journal.descriptor)
        except Exception as error:  # noqa: BLE001 - whatever it is: who waits is told
            self._land(as_os_error(error))

    def _begin(self) -> None:
        try:
            self._loop.run_in_executor(None, self._volumes.begin).add_done_callback(self._begun)
        except RuntimeError as error:  # no threads can be had any more: the interpreter is being shut down
            self._board()
            self._land(as_os_error(error))

    def _begun(self, beginning: asyncio.Future[Journal]) -> None:
        failure = OSError(errno.ECANCELED, "interrupted") if beginning.cancelled() else beginning.exception()
        if failure is None:
            self._commit()
        else:
            self._board()
            self._land(as_os_error(failure))

    def _board(self) -> bytes:
        data = b"".join(self._frames)
        self._flying, self._gathered, self._frames = self._gathered, [], []
        return data

    def _synced(self) -> None:
        """Hear from the kernel."""
        try:
            error = self._kernel.result()
        except OSError as unknown:
            self._land(unknown)
            return
        if error is not None:
            self._land(OSError(error, os.strerror(error)) if error else None)

    def _land(self, failure: OSError | None) -> None:
        waiting, self._flying = self._flying, []
        if failure is None:
            self._keep()
            self._on_written(len(waiting))
        else:
            self._volumes.abandon()
        self.failure = in_words(failure)
        settle(waiting, failure)
        self._go_on()

    def _keep(self) -> None:
        journal = self._volumes.current
        assert journal is not None  # it has just been synced
        journal.durable = journal.size
        self._volumes.turn()

    def _go_on(self) -> None:
        if self._frames:  # a pass later, with those who are told now and come again
            self._loop.call_soon(self._commit)
            return
        self._idle = True
        if self._ended is not None:
            if not self._ended.done():  # whoever closes may be cancelled
                self._ended.set_result(None)
        elif self.failure:
            self._retry = self._loop.call_later(RETRY, self._wake)

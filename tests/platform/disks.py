"""Disks that can be watched, that fail and that stall when told, under each writer of the ledger."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from modelbay.platform.ledger import Ledger
from modelbay.store.journal import sync_data
from modelbay.store.kernel_sync import KernelSync

WRITERS = ("kernel", "thread")


def has_kernel_sync() -> bool:
    """Return whether this system lets the kernel sync by itself."""
    try:
        KernelSync.open().close()
    except OSError:
        return False
    return True


def need(writer: str) -> None:
    """Skip a test of the kernel's writer where there is none."""
    if writer == "kernel" and not has_kernel_sync():
        pytest.skip("this kernel, or a sandbox around it, has no asynchronous fdatasync")


class Disk:
    """Syncs for real and counts.

    `error` is what it then answers, `next_error` what it answers once; while it `stalls` it does not answer.
    """

    def __init__(self, writer: str) -> None:
        self.writer = writer
        self.syncs = 0
        self.error = self.next_error = 0
        self.reached = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._answers = threading.Event()
        self._answers.set()
        self.kernel: WatchedSync | None = None

    def ledger(self, directory: Path, **options: Any) -> Ledger:
        """Return a ledger on this disk."""
        if self.writer == "thread":
            return Ledger(directory, sync=self.sync, **options)
        return Ledger(directory, kernel=self.open, **options)

    def open(self) -> WatchedSync:
        """Open the kernel's sync."""
        self.kernel = WatchedSync.open()
        self.kernel.disk = self
        return self.kernel

    def stall(self) -> None:
        """Answer no more."""
        self.reached.clear()
        self._answers.clear()

    def go_on(self) -> None:
        """Answer again."""
        self._answers.set()
        if self.kernel is not None:
            os.eventfd_write(self.kernel.event, 1)

    @property
    def stalls(self) -> bool:
        """Whether it answers no more."""
        return not self._answers.is_set()

    def sync(self, descriptor: int) -> None:
        """Make what was written durable, as the thread does it."""
        self.reach()
        self._answers.wait()
        sync_data(descriptor)
        if error := self.answer(0):
            raise OSError(error, os.strerror(error))

    def reach(self) -> None:
        """Tell that a sync has begun."""
        self._loop.call_soon_threadsafe(self.reached.set)

    def answer(self, error: int) -> int:
        """Return how a sync has ended, and count it if well."""
        error = error or self.error or self.next_error
        self.next_error = 0
        self.syncs += not error
        return error


class WatchedSync(KernelSync):
    """The kernel's sync of a disk."""

    disk: Disk
    _held: int | None = None

    def submit(self, descriptor: int) -> None:
        """Begin; a descriptor that was closed before the end is found out here."""
        super().submit(descriptor)
        self.disk.reach()

    def result(self) -> int | None:
        """Return the kernel's answer, or the disk's."""
        result = super().result()
        held, self._held = (self._held if result is None else result), None
        if held is None or self.disk.stalls:
            self._held = held
            return None
        return self.disk.answer(held)

    def sync(self, descriptor: int) -> None:
        """Make what was written durable, as a new journal asks for."""
        super().sync(descriptor)
        if error := self.disk.answer(0):
            raise OSError(error, os.strerror(error))

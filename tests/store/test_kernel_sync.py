"""The kernel's own sync: asked for by number, so that what is asked has to be exactly right."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import select
from pathlib import Path

import pytest
from tests.platform.disks import has_kernel_sync

from modelbay.store.kernel_sync import UNSUPPORTED, Completion, KernelSync, Request

needs_kernel = pytest.mark.skipif(not has_kernel_sync(), reason="no asynchronous fdatasync here")


@pytest.fixture
def file(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A descriptor to which something was written."""
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, b"something")
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def kernel():  # type: ignore[no-untyped-def]
    """The kernel's sync."""
    kernel = KernelSync.open()
    yield kernel
    kernel.close()


def test_the_structures_are_the_kernels() -> None:
    """`struct iocb` has 64 bytes and `struct io_event` 32; the fields are where aio_abi.h has them."""
    places = {name: getattr(Request, name).offset for name in ("opcode", "descriptor", "flags", "event")}

    assert (ctypes.sizeof(Request), ctypes.sizeof(Completion)) == (64, 32)
    assert places == {"opcode": 16, "descriptor": 20, "flags": 56, "event": 60}
    assert Completion.result.offset == 16


@needs_kernel
def test_a_sync_is_told_by_the_event(kernel: KernelSync, file: int) -> None:
    """The event loop watches a descriptor: nobody waits."""
    assert kernel.result() is None
    for _ in range(3):
        kernel.submit(file)
        assert select.select([kernel.event], [], [], 30)[0]
        assert kernel.result() == 0
        assert kernel.result() is None


@needs_kernel
def test_a_sync_can_be_waited_for(kernel: KernelSync, file: int) -> None:
    """A new journal is begun on a thread, and the event loop is not to be woken for it."""
    kernel.sync(file)

    assert kernel.result() is None


@needs_kernel
def test_what_has_no_sync_says_so(kernel: KernelSync) -> None:
    """By that the ledger knows a file system on which it needs its thread."""
    with Path(os.devnull).open("wb") as null, pytest.raises(OSError, match="Invalid argument") as caught:
        kernel.sync(null.fileno())
    assert caught.value.errno in UNSUPPORTED


@needs_kernel
def test_a_closed_descriptor_is_an_error(kernel: KernelSync, file: int) -> None:
    """Not one of those by which a system says that it cannot do it."""
    closed = os.dup(file)
    os.close(closed)

    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        kernel.submit(closed)
    assert caught.value.errno not in UNSUPPORTED
    kernel.sync(file)


@needs_kernel
def test_closing_while_a_sync_flies_is_safe(file: int) -> None:
    """The kernel must not write an answer into memory that has been given to somebody else."""
    kernel = KernelSync.open()
    kernel.submit(file)
    kernel.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(kernel.event)


def test_a_machine_whose_numbers_are_not_known_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same number is another call there."""
    monkeypatch.setattr(platform, "machine", lambda: "mips")

    with pytest.raises(OSError, match="no asynchronous fdatasync") as caught:
        KernelSync.open()
    assert caught.value.errno == errno.ENOSYS

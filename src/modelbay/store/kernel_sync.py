"""Linux's own asynchronous `fdatasync` (`io_submit`): no thread waits, an event descriptor becomes readable.

No package offers it, so the calls are made by their numbers. Where the kernel, a sandbox or the file system
does not have it, a call says so with an OSError, and `UNSUPPORTED` tells that from a disk that fails.
Source: man pages io_setup(2), io_submit(2), io_getevents(2), include/uapi/linux/aio_abi.h (read 2026-11-21).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from typing import Final, NamedTuple, Self

UNSUPPORTED: Final = frozenset(
    (errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EACCES, errno.EAGAIN, errno.EOPNOTSUPP)
)
"""Errors by which a kernel, a sandbox or a file system says that it has no such thing, or no more of it."""
_FDSYNC: Final = 3  # IOCB_CMD_FDSYNC, since Linux 4.18
_TELL: Final = 1  # IOCB_FLAG_RESFD
_AT_ONCE: Final = 1  # the ledger has one sync in flight


class _Numbers(NamedTuple):
    setup: int
    destroy: int
    getevents: int
    submit: int


_NUMBERS: Final = {"x86_64": _Numbers(206, 207, 208, 209), "aarch64": _Numbers(0, 1, 4, 2)}


class Request(ctypes.Structure):
    """`struct iocb`, as it is on little-endian machines."""

    _fields_ = [
        ("data", ctypes.c_uint64),
        ("key", ctypes.c_uint32),
        ("rw_flags", ctypes.c_uint32),
        ("opcode", ctypes.c_uint16),
        ("priority", ctypes.c_int16),
        ("descriptor", ctypes.c_uint32),
        ("buffer", ctypes.c_uint64),
        ("length", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("event", ctypes.c_uint32),
    ]


class Completion(ctypes.Structure):
    """`struct io_event`."""

    _fields_ = [
        ("data", ctypes.c_uint64),
        ("request", ctypes.c_uint64),
        ("result", ctypes.c_int64),
        ("result2", ctypes.c_int64),
    ]


class KernelSync:
    """One sync at a time, by the kernel; for the process that opens it, not for its forks."""

    @classmethod
    def open(cls) -> Self:
        """Return the kernel's sync.

        Raises:
            OSError: This system has none.
        """
        numbers = _NUMBERS.get(platform.machine())
        is_known = sys.platform == "linux" and sys.byteorder == "little" and ctypes.sizeof(ctypes.c_long) == 8
        if numbers is None or not is_known:
            raise OSError(errno.ENOSYS, "the system has no asynchronous fdatasync that is known")
        return cls(numbers)

    def __init__(self, numbers: _Numbers) -> None:
        # Calls that never wait keep the interpreter; those that may wait let other threads have it.
        self._swift = ctypes.PyDLL(None, use_errno=True).syscall
        self._patient = ctypes.CDLL(None, use_errno=True).syscall
        self._numbers = numbers
        context = ctypes.c_ulong(0)
        _checked(self._patient(ctypes.c_long(numbers.setup), ctypes.c_long(_AT_ONCE), ctypes.byref(context)))
        self._context = ctypes.c_long(context.value)
        self.event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._request = Request(opcode=_FDSYNC)
        self._completion = Completion()
        requests = (ctypes.POINTER(Request) * 1)(ctypes.pointer(self._request))
        self._to_submit = (ctypes.c_long(numbers.submit), self._context, ctypes.c_long(1), requests)
        self._to_take = (*self._taking(least=0), ctypes.byref(self._completion), None)
        self._to_wait = (*self._taking(least=1), ctypes.byref(self._completion), None)

    def _taking(self, *, least: int) -> tuple[ctypes.c_long, ...]:
        most = ctypes.c_long(1)
        return ctypes.c_long(self._numbers.getevents), self._context, ctypes.c_long(least), most

    def submit(self, descriptor: int) -> None:
        """Begin to make durable what was written to a descriptor; `event` becomes readable at the end.

        Raises:
            OSError: It cannot be begun.
        """
        self._submit(descriptor, _TELL)

    def result(self) -> int | None:
        """Return how the sync ended, 0 or an errno; None if it has not."""
        try:
            os.eventfd_read(self.event)
        except BlockingIOError:
            return None
        return self._ended() if _checked(self._swift(*self._to_take)) else None

    def sync(self, descriptor: int) -> None:
        """Make what was written to a descriptor durable, and wait for it; nothing else may be in flight.

        Raises:
            OSError: It could not be made durable.
        """
        self._submit(descriptor, 0)
        while self._patient(*self._to_wait) != 1:
            if ctypes.get_errno() != errno.EINTR:
                _checked(-1)
        if error := self._ended():
            raise OSError(error, os.strerror(error))

    def close(self) -> None:
        """Give everything back; waits for what is in flight, and always for about 30 ms."""
        self._patient(ctypes.c_long(self._numbers.destroy), self._context)
        os.close(self.event)

    def _submit(self, descriptor: int, flags: int) -> None:
        self._request.descriptor = descriptor
        self._request.flags = flags
        self._request.event = self.event if flags else 0
        _checked(self._swift(*self._to_submit))

    def _ended(self) -> int:
        return max(0, -int(self._completion.result))


def _checked(result: int) -> int:
    """Return what a system call has returned; OSError if it has failed."""
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result

"""One timer for all paced streams, finer than the millisecond that event loops know."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Callable
from itertools import count

TICK_US = 200
_CLOCK_MONOTONIC, _NONBLOCK = 1, 0o4000
_libc = ctypes.CDLL(None, use_errno=True)


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Interval(ctypes.Structure):
    _fields_ = [("every", _Timespec), ("first", _Timespec)]


class Wheel:
    """Calls each entry once a period, entries spread evenly over it, until the entry returns False.

    A hundred entries of 20 ms are woken one by one, 200 µs apart, as a hundred independent streams would be.
    """

    def __init__(self, period_ms: int) -> None:
        self._slots: list[list[Callable[[int], bool]]] = [[] for _ in range(period_ms * 1000 // TICK_US)]
        # A step that is prime to the number of slots, near the golden section, spreads any number of entries.
        self._step = next(n for n in count(int(len(self._slots) * 0.618)) if _coprime(n, len(self._slots)))
        self._next = self._place = self._entries = 0
        self._timer = _libc.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK)
        if self._timer < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        asyncio.get_running_loop().add_reader(self._timer, self._tick)

    def add(self, entry: Callable[[int], bool]) -> None:
        """Have `entry` called with the time (monotonic ns) from now on."""
        self._slots[self._next].append(entry)
        self._next = (self._next + self._step) % len(self._slots)
        self._entries += 1
        if self._entries == 1:
            self._run(TICK_US)

    def close(self) -> None:
        """Stop; no entry is called any more."""
        asyncio.get_running_loop().remove_reader(self._timer)
        os.close(self._timer)

    def _run(self, every_us: int) -> None:
        span = _Timespec(0, every_us * 1000)
        _libc.timerfd_settime(self._timer, 0, ctypes.byref(_Interval(span, span)), None)

    def _tick(self) -> None:
        try:
            due = int.from_bytes(os.read(self._timer, 8), "little")
        except BlockingIOError:
            return
        for _ in range(min(due, len(self._slots))):
            self._place = (self._place + 1) % len(self._slots)
            if entries := self._slots[self._place]:
                self._slots[self._place] = left = [entry for entry in entries if entry(time.monotonic_ns())]
                self._entries -= len(entries) - len(left)
        if not self._entries:
            self._run(0)


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1

"""Server-sent events that pass by: most as they are, those that are marked only after they have been read."""

from __future__ import annotations

import re
from collections.abc import Callable

from modelbay.errors import InvokeConnectionError, InvokeError

_EVENT_END = re.compile(rb"\r?\n\r?\n")
_LONGEST_HELD = 2**24  # bytes of an event that does not end


class EventScanner:
    """Watches the events of one answer. A dialect says what marks an event, and what becomes of it."""

    __slots__ = ("_held", "_passed", "_redact", "error")

    def __init__(self, redact: Callable[[bytes], bytes]) -> None:
        self._redact = redact
        self._held = b""
        self._passed = 0
        self.error: InvokeError | None = None

    def mark(self, data: bytes, at: int) -> int:
        """Return the place, from `at` on, of the first thing that has to be read; -1 if there is none."""
        raise NotImplementedError

    def event(self, event: bytes) -> bytes:
        """Read a whole event that is marked, and return what of it passes on now."""
        raise NotImplementedError

    def feed(self, data: bytes) -> bytes:
        """Return what may pass on now. Most data is whole events without a mark."""
        if self._held:
            data, self._held = self._held + data, b""
        mark = self.mark(data, 0)
        if mark < 0 and data.endswith(b"\n\n"):
            self._passed += data.count(b"\n\n")
            return data
        return self._read(data, mark)

    def pieces(self) -> int:
        """Return how many events have passed."""
        return self._passed

    def _read(self, data: bytes, mark: int) -> bytes:
        passing: list[bytes] = []
        at = 0
        while mark >= 0:
            begin = _end_of_last(data, at, mark)
            end = _EVENT_END.search(data, mark)
            passing.append(data[at:begin])
            at = begin
            if end is None:
                break
            passing.append(self.event(data[begin : end.end()]))
            self._passed += 1
            at = end.end()
            mark = self.mark(data, at)
        else:
            begin = _end_of_last(data, at, len(data))
            passing.append(data[at:begin])
            at = begin
        self._hold(data[at:])
        self._passed += sum(piece.count(b"\n\n") + piece.count(b"\r\n\r\n") for piece in passing[::2])
        return b"".join(passing)

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of an event until its end is here: nobody knows yet what it says."""
        if len(rest) > _LONGEST_HELD:
            raise InvokeConnectionError("the provider's stream has an event without an end")
        self._held = rest


def not_null(data: bytes, name: bytes, at: int) -> int:
    """Return the place after the first field of that name, in quotes, that is not null; -1 if none is."""
    while (at := data.find(name, at)) >= 0:
        at += len(name)
        if data[at : at + 5] != b":null" and data[at : at + 6] != b": null":
            return at
    return -1


def _end_of_last(data: bytes, at: int, stop: int) -> int:
    """Return where the last event ends that lies whole between `at` and `stop`; `at` if none does."""
    plain, windows = data.rfind(b"\n\n", at, stop), data.rfind(b"\r\n\r\n", at, stop)
    return max(at, plain + 2 if plain >= 0 else at, windows + 4 if windows >= 0 else at)

"""Stream decoders: fed at arbitrary boundaries, they return what is complete so far.

Source of the rules for events: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from modelbay.wires.request import Event

__all__ = ["MAX_LINE", "Event", "LineDecoder", "LineTooLongError", "SSEDecoder"]

MAX_LINE = 16 * 2**20
_BOM = b"\xef\xbb\xbf"


class LineTooLongError(ValueError):
    """A line or an event exceeds the decoder's limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a line of the stream is longer than {limit} bytes")


class _Lines:
    """Splits at line feeds. Pieces of an unfinished line are kept as they came, joined once, at its end."""

    __slots__ = ("_limit", "_parts", "_size", "_start")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._start: bytes | None = b""

    @property
    def empty(self) -> bool:
        return not self._parts and self._start is None

    def split(self, data: bytes) -> list[bytes]:
        if self._start is not None:
            data = self._without_mark(data)
        lines = data.split(b"\n")
        if len(lines) > 1 and self._parts:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts, self._size = [], 0
            self._check(len(lines[0]))
        if len(data) > self._limit:
            self._check(max(map(len, lines)))
        rest = lines.pop()
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
            self._check(self._size)
        return lines

    def rest(self) -> bytes:
        rest = (self._start or b"") + b"".join(self._parts)
        self._parts, self._size, self._start = [], 0, None
        return rest

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise LineTooLongError(self._limit)

    def _without_mark(self, data: bytes) -> bytes:
        """Drop a byte order mark, which may itself arrive in pieces."""
        data = (self._start or b"") + data
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._start = data
            return b""
        self._start = None
        return data.removeprefix(_BOM)


class LineDecoder:
    """Newline-delimited JSON: one item a line, blank lines dropped."""

    __slots__ = ("_lines",)

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._lines = _Lines(limit)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes, without surrounding white space."""
        return [line for raw in self._lines.split(data) if (line := raw.strip())]

    def close(self) -> list[bytes]:
        """Return the last line, if the stream ended without a newline."""
        line = self._lines.rest().strip()
        return [line] if line else []


class SSEDecoder:
    """Server-sent events, with LF, CRLF or CR as line ends."""

    __slots__ = ("_after_cr", "_data", "_id", "_limit", "_lines", "_name", "_size")

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._lines = _Lines(limit)
        self._limit = limit
        self._after_cr = False
        self._data: list[bytes] = []
        self._size = 0
        self._name = ""
        self._id = ""

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes."""
        if self._after_cr or b"\r" in data:
            data = self._with_line_feeds(data)
        events: list[Event] = []
        if data.endswith(b"\n\n") and not self._data and not self._name and self._lines.empty:
            self._blocks(data, events)
        else:
            self._each(self._lines.split(data), events)
        return events

    def close(self) -> list[Event]:
        """Return the last event, if the stream ended without its blank line."""
        events: list[Event] = []
        self._each([self._lines.rest(), b""], events)
        return events

    def _blocks(self, data: bytes, events: list[Event]) -> None:
        """Read whole events: what nearly every chunk of a model's stream consists of."""
        for block in data[:-2].split(b"\n\n"):
            if block.startswith(b"data: ") and b"\n" not in block and len(block) <= self._limit:
                events.append(Event("", block[6:], self._id))
            else:
                self._each([*block.split(b"\n"), b""], events)

    def _each(self, lines: list[bytes], events: list[Event]) -> None:
        for line in lines:
            if not line:
                self._dispatch(events)
            elif line.startswith(b"data: "):
                self._add(line[6:])
            else:
                self._field(line)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")

    def _add(self, value: bytes) -> None:
        self._data.append(value)
        self._size += len(value)
        if self._size > self._limit:
            raise LineTooLongError(self._limit)

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            events.append(Event(self._name, b"\n".join(self._data), self._id))
            self._data, self._size = [], 0
        self._name = ""

    def _with_line_feeds(self, data: bytes) -> bytes:
        """Turn CRLF and CR into LF, also where CR and LF arrive in different pieces."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if data.endswith(b"\r"):
            self._after_cr = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

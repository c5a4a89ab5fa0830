"""Text that arrives in pieces, wrapped at words as it comes."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from modelbay.cli.output import printable

_WORDS = re.compile(r"\n|[^\S\n]+|\S+")


class Flow:
    """Writes pieces behind a label, broken before the word that would not fit.

    Nothing that was written is written again, so it looks the same on any terminal and in a file.
    """

    def __init__(self, console: Console, label: str, *, indent: int, width: int, style: str = "") -> None:
        self._console = console
        self._indent = indent
        self._room = max(width - indent, 8)
        self._style = style
        self._used = 0
        self._space = ""
        self._pending = ""
        console.print(Text(f" {label}".ljust(indent), "bold"), end="")

    def write(self, piece: str, style: str | None = None) -> None:
        """Write a piece; its last word waits for the next piece, as it may go on there."""
        words = _WORDS.findall(self._pending + printable(piece))
        self._pending = words.pop() if words and not words[-1].isspace() else ""
        for word in words:
            self._put(word, self._style if style is None else style)

    def flush(self, style: str | None = None) -> None:
        """Write what waits."""
        if self._pending:
            self._put(self._pending, self._style if style is None else style)
            self._pending = ""

    def end(self) -> None:
        """Write what waits and end the line."""
        self.flush()
        self._console.print()

    def _put(self, word: str, style: str) -> None:
        if word == "\n":
            self._break()
        elif word.isspace():
            self._space += word  # written with the next word, if that is on the same line
        elif self._used and self._used + cell_len(self._space + word) > self._room:
            self._break()
            self._write(word, style)
        else:
            self._write(self._space + word, style)

    def _write(self, word: str, style: str) -> None:
        self._space = ""
        for part in self._fitting(word):
            self._console.print(Text(part, style), end="", soft_wrap=True)
            self._used += cell_len(part)

    def _fitting(self, word: str) -> list[str]:
        """Cut a word that is longer than a line; Chinese has no spaces to break at."""
        parts, start = [], 0
        while cell_len(word[start:]) > self._room:
            end = start + 1
            while cell_len(word[start : end + 1]) <= self._room:
                end += 1
            parts.append(word[start:end] + "\n" + " " * self._indent)
            start = end
        return [*parts, word[start:]]

    def _break(self) -> None:
        self._console.print()
        self._console.print(" " * self._indent, end="")
        self._used, self._space = 0, ""

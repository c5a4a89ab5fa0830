"""An answer on its way to the terminal."""

from __future__ import annotations

from typing import IO

from modelbay.cli.errors import is_coloured
from modelbay.cli.output import printable
from modelbay.entities import LLMResultChunk

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class AnswerWriter:
    """Writes chunks as they come: on a terminal the reasoning dimmed, elsewhere the answer alone."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._at_terminal = out.isatty()
        self._coloured = is_coloured(out)
        self._thinking = False
        self._last = ""

    def write(self, chunk: LLMResultChunk) -> None:
        """Write what a chunk adds."""
        if chunk.reasoning and self._at_terminal:
            self._think(chunk.reasoning)
        if chunk.text:
            self._answer(chunk.text)
        self._out.flush()

    def end(self) -> None:
        """End the line, however the answer ended."""
        self._stop_thinking()
        if self._last and not self._last.endswith("\n"):
            self._put("\n")
        self._out.flush()

    def _think(self, text: str) -> None:
        if not self._thinking:
            self._thinking = True
            self._out.write(_DIM if self._coloured else "")
        self._put(text)

    def _answer(self, text: str) -> None:
        if self._thinking:
            self._stop_thinking()
            self._put("\n\n")
        self._put(text)

    def _stop_thinking(self) -> None:
        if self._thinking:
            self._thinking = False
            self._out.write(_PLAIN if self._coloured else "")

    def _put(self, text: str) -> None:
        self._out.write(printable(text) if self._at_terminal else text)
        self._last = text or self._last

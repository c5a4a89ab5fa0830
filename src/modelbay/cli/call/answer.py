"""The answer of a language model on its way to stdout or to a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from modelbay.cli.errors import Mistake
from modelbay.cli.output import json_line, to_plain, write_json, write_text
from modelbay.entities import PromptMessage
from modelbay.library import LLM


class Answer:
    """One call, and the four ways to write what comes back."""

    def __init__(self, llm: LLM, messages: Sequence[PromptMessage], options: Mapping[str, Any]) -> None:
        self._llm = llm
        self._messages = messages
        self._options = options

    def write(self, target: str | None, *, as_json: bool, stream: bool) -> None:
        """Call the model and write its answer."""
        if stream:
            self._write_stream(target, as_json=as_json)
            return
        result = self._llm.invoke(self._messages, **self._options)
        if as_json:
            write_json(to_plain(result) | {"text": result.text}, target)
        else:
            write_text(_ended(result.text), target)

    def _write_stream(self, target: str | None, *, as_json: bool) -> None:
        chunks = self._llm.stream(self._messages, **self._options)
        last = ""
        with _opened(target) as file:
            try:
                for chunk in chunks:
                    piece = json_line(to_plain(chunk)) + "\n" if as_json else chunk.text
                    file.write(piece)
                    file.flush()
                    last = piece or last
            finally:  # also when it failed: what comes next belongs on a line of its own
                file.write("\n" if last and not last.endswith("\n") else "")


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


@contextmanager
def _opened(target: str | None) -> Iterator[IO[str]]:
    if target in (None, "-"):
        yield sys.stdout
        return
    try:
        file = Path(str(target)).expanduser().open("w", encoding="utf-8")
    except OSError as error:
        raise Mistake(f"cannot write {target!r}: {error.strerror}") from None
    with file:
        yield file

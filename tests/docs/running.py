"""Running a page: Python blocks in one namespace, console blocks as commands, all in one directory."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.docs.markdown import Block, blocks_of, matches


class PageError(AssertionError):
    """A block does not do what its page says."""


class Page:
    """One page being run.

    `place` is its working directory; `addresses` are those that the page names, with where they are here.
    """

    def __init__(self, path: Path, place: Path, addresses: Mapping[str, str]) -> None:
        self.blocks = [replace(block, code=_put(block.code, addresses)) for block in blocks_of(path)]
        self.place = place
        self.namespace: dict[str, Any] = {"__name__": "__main__"}

    def run(self) -> None:
        """Run all blocks in order.

        Raises:
            PageError: A block failed, or printed something else than the page says.
        """
        followed = pairwise([*self.blocks, None])
        for block, after in followed:
            assert block is not None
            if block.is_shown_only or block.is_output:
                continue
            if block.file:
                self._write(block)
            elif block.language == "python":
                self._run_python(block, after if after and after.is_output else None)
            elif block.language == "console":
                self._run_console(block)

    def _write(self, block: Block) -> None:
        target = self.place / block.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.code, "utf-8")

    def _run_python(self, block: Block, output: Block | None) -> None:
        printed = io.StringIO()
        # Leading blank lines give a traceback the page's own line numbers.
        source = compile("\n" * (block.line - 1) + block.code, str(block.page), "exec")
        with contextlib.redirect_stdout(printed):
            exec(source, self.namespace)
        if output is not None:
            _compare(output, output.code, printed.getvalue())

    def _run_console(self, block: Block) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        if shutil.which("curl") is None:
            path = f"{_stand_in(self.place / '.bin')}:{path}"
        for command, expected in _commands(block.code):
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=self.place,
                env=os.environ | {"PATH": path, "COLUMNS": "80"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
            _compare(block, expected, ran.stdout.decode())


def _stand_in(folder: Path) -> Path:
    """Return a folder with a `curl` in it."""
    folder.mkdir(exist_ok=True)
    program = folder / "curl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).parent / "curl.py"} "$@"\n')
    program.chmod(0o755)
    return folder


def _put(text: str, addresses: Mapping[str, str]) -> str:
    for shown, here in addresses.items():
        text = text.replace(shown, here)
    return text


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block, and what it is said to print."""
    for part in ("\n" + text).split("\n$ ")[1:]:
        lines = part.splitlines()
        length = 1
        while lines[length - 1].endswith("\\"):
            length += 1
        yield "\n".join(lines[:length]), "\n".join(lines[length:])


def _compare(block: Block, expected: str, printed: str) -> None:
    if not matches(expected, printed):
        raise PageError(
            f"{block.page.name}:{block.line} says\n\n{expected}\n\nbut this is printed:\n\n{printed}"
        )

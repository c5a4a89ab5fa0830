"""A terminal with the program in it, driven as a person would: type, wait for output, press Ctrl-C."""

from __future__ import annotations

import os
import re
import select
import shlex
import subprocess
from types import TracebackType

from tests.cli.commands import PROGRAM, clean_environment

_PATIENCE = 30.0  # seconds without any output: the test fails
_PAUSE = 3.0  # seconds after which a person presses again
_CODES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """One program in a pseudo-terminal, which is its controlling one: Ctrl-C is a signal, as in life."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._ours, self._theirs = os.openpty()  # theirs stays open: without any, reading ours fails
        name = shlex.quote(os.ttyname(self._theirs))
        program = shlex.join([*PROGRAM, *arguments])
        # The first terminal that the leader of a new session opens becomes its controlling terminal.
        self._process = subprocess.Popen(
            ["sh", "-c", f"exec {program} <{name} >{name} 2>&1"],
            start_new_session=True,
            env=clean_environment(TERM="xterm", **environment),
        )
        self._seen = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def type(self, text: str) -> None:
        """Type; a line needs its line feed."""
        os.write(self._ours, text.encode())

    def interrupt_until(self, text: str) -> None:
        """Press Ctrl-C at a prompt, and once more if nothing happens, until a text is on the screen.

        Python's `input` sleeps on through a signal that comes just before it begins to wait: the next one
        wakes it, and the two count as one.
        """
        for _ in range(3):
            self.type(CTRL_C)
            while text.encode() not in self._plain() and select.select([self._ours], [], [], _PAUSE)[0]:
                self._seen += os.read(self._ours, 65536)
            if text.encode() in self._plain():
                break
        self.until(text)

    def until(self, text: str) -> str:
        """Wait until a text is on the screen; return what came up to it, without colours."""
        wanted = text.encode()
        while wanted not in self._plain():
            ready, _, _ = select.select([self._ours], [], [], _PATIENCE)
            assert ready, f"no {text!r} in {self._seen!r}"
            self._seen += os.read(self._ours, 65536)
        before, _, self._seen = self._plain().partition(wanted)
        return (before + wanted).decode("utf-8", "replace").replace("\r\n", "\n")

    def rest(self) -> str:
        """Return what has come since, once the program has ended."""
        while select.select([self._ours], [], [], 0)[0]:
            self._seen += os.read(self._ours, 65536)
        return self._plain().decode("utf-8", "replace")

    def ended(self) -> int:
        """Wait for the end of the program and return its exit code."""
        return self._process.wait(_PATIENCE)

    def _plain(self) -> bytes:
        return _CODES.sub(b"", self._seen)

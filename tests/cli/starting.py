"""A gateway that was started as a person starts it, and what it printed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.commands import clean_environment

PROGRAM = Path(sys.executable).parent / "modelbay"


@dataclass(frozen=True)
class Shown:
    """A running gateway and the lines that it printed."""

    lines: list[str]
    process: subprocess.Popen[str]

    def command(self, title: str) -> str:
        """Return the command under a title."""
        start = next(place for place, line in enumerate(self.lines) if line.startswith(f"# {title}"))
        found = self.lines[start + 1 :]
        return "\n".join(found[: found.index("")])


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[Shown]:
    """Start the program as a person does, with nobody's keys, and wait until it has said everything."""
    command = [str(PROGRAM), "serve", "--port", "0", "--data-dir", str(folder), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n")]
        while not lines[-1].startswith("MODELBAY_API_KEY="):
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            lines.append(process.stdout.readline().rstrip("\n"))
        lines.append("")
        try:
            yield Shown(lines, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def typed(command: str, path: str = "") -> str:
    """Type a command into a shell and return what it prints."""
    environment = clean_environment()
    environment["PATH"] = f"{path}:{PROGRAM.parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        env=environment,
        input="What is a bay?",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

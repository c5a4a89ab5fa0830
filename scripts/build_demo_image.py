"""Draw docs/images/demo.svg: what `modelbay demo` writes to a terminal, in a run with the sandbox.

python -m scripts.build_demo_image
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "demo.svg"
COLUMNS, LINES = 80, 60
# The fonts that rich would fetch from another server are left out: a picture must not call elsewhere.
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def demo_output() -> str:
    """Run the demo in a terminal of its own and return what it writes there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    program = str(Path(sys.executable).with_name("modelbay"))
    with tempfile.TemporaryDirectory() as place:
        running = subprocess.Popen(  # noqa: S603 - our own program
            [program, "demo", "--provider", "sandbox", "--output", "speech"],
            cwd=place,
            env=os.environ | environment,
            stdin=theirs,
            stdout=theirs,
        )
        os.close(theirs)
        written = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    if running.wait():
        raise SystemExit(f"the demo failed with exit code {running.returncode}")
    return written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side has closed
        return b""


def main() -> None:
    """Write the picture."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(demo_output().replace("\r\n", "\n").strip("\n")))
    picture = _FONT.sub("", console.export_svg(title="modelbay demo", unique_id="demo"))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()

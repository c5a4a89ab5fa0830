"""The console that draws tables and the demo. Importing it imports rich, so only what draws does."""

from __future__ import annotations

import sys

from rich.console import Console

from modelbay.cli.errors import is_coloured


class QuietConsole(Console):
    """A console whose broken pipe is handled where all are, and means the same exit code."""

    def on_broken_pipe(self) -> None:
        """Leave it to the command line."""
        raise BrokenPipeError


def new_console() -> Console:
    """Return a console on stdout, without colours where nobody wants them."""
    return QuietConsole(highlight=False, emoji=False, no_color=not is_coloured(sys.stdout) or None)

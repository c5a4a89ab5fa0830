"""The command line. `main` is what the installed command `modelbay` runs."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    from modelbay.cli.app import run

    sys.exit(run(sys.argv[1:]))

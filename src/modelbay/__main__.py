"""`python -m modelbay`: the command line, where its program is not on the path."""

from __future__ import annotations

from modelbay.cli import main

main()

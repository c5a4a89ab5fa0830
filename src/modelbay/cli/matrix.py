"""`modelbay providers --matrix`: provider by capability, and how many conformance cases each passes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from modelbay.catalog.conformance import Standing, standings
from modelbay.cli.output import write_json, write_rows

COLUMNS = {
    "chat": "chat",
    "tools": "tools",
    "reasoning": "reason",
    "failures": "faults",
    "text-embedding": "embed",
    "rerank": "rerank",
    "speech2text": "s2t",
    "tts": "tts",
    "moderation": "moder",
}


def show_matrix(*, as_json: bool) -> None:
    """Print the matrix: a table on a terminal, tab-separated rows into a pipe."""
    rows = standings()
    if as_json:
        write_json([row._asdict() for row in rows])
    elif sys.stdout.isatty():
        _draw(rows)
    else:
        write_rows(cells(row) for row in rows)


def cells(row: Standing) -> Sequence[str]:
    """Return one line: the way to call a provider, the cases of each capability, and all together."""
    total, passed = sum(row.cases.values()), sum(row.passed.values())
    return (row.way, *map(row.shown, COLUMNS), str(total) if passed == total else f"{passed}/{total}")


def _draw(rows: Sequence[Standing]) -> None:
    from rich.table import Table

    from modelbay.cli.console import new_console

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("provider", no_wrap=True)
    for head in (*COLUMNS.values(), "all"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        failing = row.cases != row.passed
        table.add_row(*cells(row), style="red" if failing else None)
    console = new_console()
    console.print(table)
    passed = sum(sum(row.passed.values()) for row in rows)
    console.print(
        f"[dim]{passed} cases passed, each against a fake of the provider's API over a real socket.[/]"
    )

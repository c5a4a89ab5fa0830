"""Lists: a table on a terminal, JSON if that is asked for, lines for another program into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Column(NamedTuple):
    """A column of the table: its title, what a row shows there, and how."""

    title: str
    cell: Callable[[Row], str]
    wrap: bool = False
    right: bool = False


def write_list(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    as_json: bool,
    empty: str,
    is_dim: Callable[[Row], bool] = lambda row: False,
) -> None:
    """Write rows, each with the same fields in the same order.

    Args:
        columns: What a table shows of them; JSON and lines hold all fields.
        empty: What a table says that has none.
    """
    from modelbay.cli.output import write_json, write_rows

    if as_json:
        write_json(list(rows))
    elif sys.stdout.isatty():
        _draw(rows, columns, empty, is_dim)
    else:
        write_rows([_text(value) for value in row.values()] for row in rows)


def _draw(rows: Sequence[Row], columns: Sequence[Column], empty: str, is_dim: Callable[[Row], bool]) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print(empty, style="dim", markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.title,
            overflow="fold",
            no_wrap=not column.wrap,
            justify="right" if column.right else "left",
        )
    for row in rows:
        table.add_row(*(Text(column.cell(row)) for column in columns), style="dim" if is_dim(row) else "")
    console.print(table)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)

"""Lists: a table on a terminal, JSON if that is asked for, lines for another program into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, TypeVar

from modelbay.cli.output import write_json, write_rows

if TYPE_CHECKING:
    from rich.text import Text

T = TypeVar("T")
_GAP: Final = 2  # columns of terminal between two of the table
_NARROW: Final = 8  # columns of terminal below which text in several lines cannot be read


class Column(NamedTuple, Generic[T]):
    """A column of a table.

    Attributes:
        cell: What a row shows there.
        wrap: Whether what is long goes on in the next line; else it is kept whole, to be copied.
        least: Columns of terminal that a wrapped one should have before spare ones are left out.
        right: Whether it is a column of figures.
        spare: Whether it is left out where it is empty, or the terminal too narrow: the last such one first.
        style: How it looks, as rich names it.
    """

    title: str
    cell: Callable[[T], str | Text]
    wrap: bool = False
    least: int = 16
    right: bool = False
    spare: bool = False
    style: str = ""


def write_list(
    rows: Sequence[T],
    columns: Sequence[Column[T]],
    *,
    plain: Callable[[T], Mapping[str, Any]],
    as_json: bool,
    empty: str,
    line: Callable[[T], Iterable[Any]] | None = None,
    is_dim: Callable[[T], bool] | None = None,
    drawn: Sequence[T] | None = None,
) -> None:
    """Write rows.

    Args:
        columns: What a table shows of them.
        plain: What JSON holds of one, the same fields in the same order of each.
        empty: What a table says that has none.
        line: What a line in a pipe holds of one; without it, all that JSON does.
        is_dim: Which ones a table shows as of less interest.
        drawn: The rows of the table where they are others, or in another order.
    """
    if as_json:
        write_json([plain(row) for row in rows])
        return
    if sys.stdout.isatty() and drawn is not None:
        rows = drawn
    write_table(rows, columns, line=line or (lambda row: plain(row).values()), empty=empty, is_dim=is_dim)


def write_table(
    rows: Sequence[T],
    columns: Sequence[Column[T]],
    *,
    line: Callable[[T], Iterable[Any]],
    empty: str,
    is_dim: Callable[[T], bool] | None = None,
    totals: Iterable[Sequence[str | Text]] = (),
) -> None:
    """Write rows for a person or for another program, as `write_list` does.

    Args:
        totals: Rows below, one cell for each column; a table alone has them.
    """
    if sys.stdout.isatty():
        draw(rows, columns, empty=empty, is_dim=is_dim, totals=totals)
    else:
        write_rows([_text(value) for value in line(row)] for row in rows)


def draw(
    rows: Sequence[T],
    columns: Sequence[Column[T]],
    *,
    empty: str = "",
    is_dim: Callable[[T], bool] | None = None,
    totals: Iterable[Sequence[str | Text]] = (),
) -> None:
    """Draw rows for a person; what `Column` leaves out is in JSON."""
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print(Text(empty, "dim"), soft_wrap=True)
        return
    cells = [[_shown(column.cell(row)) for column in columns] for row in rows]
    below = [[_shown(cell) for cell in texts] for texts in totals]
    widths = _widths(columns, cells + below, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, width in widths.items():
        column = columns[place]
        justify: Literal["right", "left"] = "right" if column.right else "left"
        table.add_column(column.title, overflow="fold", width=width, justify=justify, style=column.style)
    for row, texts in zip(rows, cells, strict=True):
        table.add_row(*(texts[place] for place in widths), style="dim" if is_dim and is_dim(row) else "")
    for texts in below:
        table.add_row(*(texts[place] for place in widths), style="bold")
    console.print(table)


def _shown(cell: str | Text) -> Text:
    from rich.text import Text

    return Text(cell) if isinstance(cell, str) else cell


def _widths(
    columns: Sequence[Column[Any]], rows: Sequence[Sequence[Text]], room: int
) -> dict[int, int | None]:
    """Return how wide the columns are that a terminal has room for, by place; None leaves it to rich."""
    widest = [_widest(rows, place) for place in range(len(columns))]
    kept = [place for place, column in enumerate(columns) if widest[place] or not column.spare]

    def width(place: int, floor: int) -> int:
        column = columns[place]
        title = max(map(len, column.title.split()), default=0)
        return max(title, min(floor or column.least, widest[place]) if column.wrap else widest[place])

    def left(floor: int = 0) -> int:
        return room + _GAP - sum(width(place, floor) + _GAP for place in kept)

    while left() < 0 and (spare := [place for place in kept if columns[place].spare]):
        kept.remove(spare[-1])
    floor = 0 if left() >= 0 else _NARROW
    if left(floor) < 0:
        return dict.fromkeys(kept)
    widths = {place: width(place, floor) for place in kept}
    lacks = {place: max(len(columns[place].title), widest[place]) - widths[place] for place in kept}
    for _ in range(left(floor)):
        place = max(kept, key=lambda place: lacks[place])
        if not lacks[place]:
            break
        widths[place] += 1
        lacks[place] -= 1
    return {**widths}


def _widest(rows: Sequence[Sequence[Text]], place: int) -> int:
    lines = (line for row in rows for line in row[place].split("\n"))
    return max((line.cell_len for line in lines), default=0)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

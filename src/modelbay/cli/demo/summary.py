"""The table that closes the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from modelbay.cli.demo.screen import Screen
from modelbay.cli.demo.stage import Outcome
from modelbay.cli.figures import amount, first_token, merged, price, seconds, total

Row = Mapping[str, str]
_COLUMNS = ("TYPE", "MODEL", "CALLS", "USED", "FIRST TOKEN", "TIME", "PRICE")
_RIGHT = ("CALLS", "FIRST TOKEN", "TIME", "PRICE")
_FIRST_TO_GO = ("FIRST TOKEN", "CALLS", "USED")
_PADDING = 3  # columns around every cell and between two


def show_summary(screen: Screen, outcomes: Sequence[Outcome], provider: str) -> None:
    """Draw what every type took, and the totals; the provider's own models go without its name."""
    rows = [_row(outcome, provider) for outcome in outcomes]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), header_style="bold")
    for name in fitting(rows, screen.width):
        folds = name == "MODEL"
        table.add_column(
            name, justify="right" if name in _RIGHT else "left", no_wrap=not folds, overflow="fold"
        )
    for row in rows:
        cells = (row[str(column.header)] for column in table.columns)
        table.add_row(*(Text(cell, "red" if cell == "failed" else "") for cell in cells))
    screen.console.print()
    screen.console.print(table, width=screen.width)
    screen.console.print()
    screen.line("total", _totals(outcomes), "bold")


def fitting(rows: Sequence[Row], width: int) -> list[str]:
    """Return the columns that fit side by side; the least important give way first."""
    columns = list(_COLUMNS)
    for name in _FIRST_TO_GO:
        needed = (
            max(cell_len(text) for text in (column, *(row[column] for row in rows))) for column in columns
        )
        if sum(needed) + _PADDING * len(columns) <= width:
            break
        columns.remove(name)
    return columns


def _row(outcome: Outcome, provider: str) -> Row:
    row = dict.fromkeys(_COLUMNS, "")
    row |= {
        "TYPE": outcome.kind.value,
        "MODEL": outcome.model.removeprefix(f"{provider}/"),
        "CALLS": str(outcome.calls),
    }
    if outcome.usages:
        usage = merged(outcome.usages)
        row |= {"USED": amount(usage), "TIME": seconds(usage.latency), "PRICE": price(usage)}
        row["FIRST TOKEN"] = seconds(first_token(usage))
    if outcome.error is not None:
        row["PRICE"] = "failed"
    return row


def _totals(outcomes: Sequence[Outcome]) -> str:
    usages = [usage for outcome in outcomes for usage in outcome.usages]
    calls = sum(outcome.calls for outcome in outcomes)
    time = seconds(sum(usage.latency for usage in usages))
    return f"{calls} calls · {time} · price {total((usage.total_price, usage.currency) for usage in usages)}"

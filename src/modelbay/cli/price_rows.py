"""How prices and their differences look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from modelbay.cli.output import time_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.platform.prices.reprice import Difference, Repricing
    from modelbay.store.prices import PriceRow

DECLARED = "declared"


def price_text(row: PriceRow) -> Sequence[str]:
    """Return an entry's price of input and output, unit and currency."""
    if not row.content:
        return (DECLARED, "", "", "")
    content = json.loads(row.content)
    return tuple(str(content.get(name, "")) for name in ("input", "output", "unit", "currency"))


def plain_entry(row: PriceRow) -> dict[str, Any]:
    """Return an entry as JSON can hold it; `price` is null where what the plugin declares holds again."""
    return {
        "version": f"workspace:{row.number}",
        "model": f"{row.provider}/{row.model}",
        "type": row.model_type,
        "valid_from": time_text(row.valid_from),
        "price": json.loads(row.content) if row.content else None,
        "entered": time_text(row.created),
        "actor": row.actor,
    }


def plain_difference(row: Difference) -> dict[str, Any]:
    """Return a difference as JSON can hold it."""
    return {
        "model": row.model,
        "currency": row.currency,
        "calls": row.calls,
        "recorded": f"{row.recorded:f}",
        "repriced": f"{row.repriced:f}",
        "difference": f"{row.difference:f}",
        "unknown": row.unknown,
    }


def draw_prices(rows: Sequence[PriceRow]) -> None:
    """Draw entries for a person."""
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print("no prices of the workspace's own; those declared hold: modelbay models", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("MODEL", "TYPE", "INPUT", "OUTPUT", "UNIT", "CURRENCY", "FROM", "VERSION"):
        table.add_column(column, overflow="fold")
    for row in rows:
        day = (time_text(row.valid_from) or "")[:10]
        cells = (f"{row.provider}/{row.model}", row.model_type, *price_text(row), day)
        table.add_row(*map(Text, (*cells, f"workspace:{row.number}")))
    console.print(table)


def draw_differences(result: Repricing, *, written: bool) -> None:
    """Draw differences for a person, with their totals, and say how to write them."""
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console
    from modelbay.cli.figures import money

    console = new_console()
    if not result.rows:
        console.print("no calls that cost anything in this time", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("MODEL", "CALLS", "RECORDED", "REPRICED", "DIFFERENCE", "UNKNOWN"):
        table.add_column(column, overflow="fold", justify="left" if column == "MODEL" else "right")
    for row in result.rows:
        amounts = (money(each, row.currency) for each in (row.recorded, row.repriced, row.difference))
        table.add_row(*map(Text, (row.model, f"{row.calls:,}", *amounts, f"{row.unknown:,}")))
    for currency, amount in result.total().items():
        table.add_row(*map(Text, ("total", "", "", "", money(amount, currency), "")), style="bold")
    console.print(table)
    if not result.corrections:
        console.print("nothing to correct", style="dim")
    elif written:
        console.print(f"{result.corrections:,} corrections are written", style="dim")
    else:
        console.print(f"--write adds {result.corrections:,} corrections", style="dim")

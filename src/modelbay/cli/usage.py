"""`modelbay usage`: what the gateway's calls came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.key import AsJson, DataDir, InWorkspace, directory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from modelbay.platform.usage import Usage

_BY = ("model", "key", "day", "provider")
_NOTHING = "-"  # the name of calls that were refused before they named a model


def usage(
    since: Annotated[
        str, typer.Option("--since", metavar="PERIOD", help="How far back: 30d, 12h, 2w, or all.")
    ] = "30d",
    by: Annotated[
        str, typer.Option("--by", metavar="|".join(_BY), help="What to sum by; days are UTC.")
    ] = "model",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what the calls of the gateway came to.

    Into a pipe each group is one line without heading, its columns separated by tabs: name, calls, errors,
    tokens in, tokens out, price, calls whose price is not known.
    """
    import sys
    import time

    from modelbay.cli.errors import Mistake
    from modelbay.cli.output import write_json, write_rows
    from modelbay.platform.periods import parse_period
    from modelbay.platform.usage import usage as summed

    if by not in _BY:
        raise Mistake(f"--by: {by!r} is none of {', '.join(_BY)}")
    start = 0.0 if since == "all" else time.time() - parse_period(since, field="--since")
    rows = summed(directory(data_dir), since=start, by=by, workspace=workspace)
    if as_json:
        write_json([_plain(row, by) for row in rows])
    elif sys.stdout.isatty():
        _draw(rows, by, since)
    else:
        write_rows((_label(row), *_columns(row)) for row in rows)


def _plain(row: Usage, by: str) -> dict[str, Any]:
    name = {"name": row.name} if by == "key" else {}
    return {
        by: row.label,
        **name,
        "calls": row.calls,
        "errors": row.errors,
        "prompt_tokens": row.prompt_tokens,
        "completion_tokens": row.completion_tokens,
        "cached_tokens": row.cached_tokens,
        "reasoning_tokens": row.reasoning_tokens,
        "price": dict(row.prices),
        "unpriced": row.unpriced,
    }


def _label(row: Usage) -> str:
    return f"{row.label} ({row.name})" if row.name else row.label or _NOTHING


def _columns(row: Usage) -> Sequence[str]:
    counts = (row.calls, row.errors, row.prompt_tokens, row.completion_tokens)
    return (*map(str, counts), price(row.prices, 0), str(row.unpriced))


def price(prices: dict[str, Decimal], unpriced: int) -> str:
    """Return exact sums by currency; what is not known is said, not taken for nothing."""
    from modelbay.cli.figures import money

    known = [money(amount, currency) for currency, amount in prices.items()]
    return " + ".join([*known, f"{unpriced:,} unknown"] if unpriced else known)


def _draw(rows: Sequence[Usage], by: str, since: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print("no calls" if since == "all" else f"no calls in the last {since}", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by.upper(), overflow="fold")
    for column in ("CALLS", "ERRORS", "TOKENS IN", "TOKENS OUT", "PRICE"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*map(Text, _cells(row)))
    if len(rows) > 1:
        table.add_row(*map(Text, _cells(total(rows))), style="bold")
    console.print(table)


def _cells(row: Usage) -> Sequence[str]:
    counts = (row.calls, row.errors, row.prompt_tokens, row.completion_tokens)
    return (_label(row), *(f"{count:,}" for count in counts), price(row.prices, row.unpriced))


def total(rows: Sequence[Usage]) -> Usage:
    """Return the sum of all groups."""
    from modelbay.platform.usage import Usage

    whole = Usage(label="total")
    for row in rows:
        whole.add(row)
    return whole

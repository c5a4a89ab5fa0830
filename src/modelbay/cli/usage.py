"""`modelbay usage`: what the gateway's calls came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.data_directory import AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.output import write_json, write_rows
from modelbay.cli.usage_calls import calls, correct
from modelbay.cli.usage_export import export, retain
from modelbay.cli.usage_options import Since, Until, moments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from modelbay.platform.usage import Usage

_NOTHING = "-"  # the name of calls that were refused before they named a model

usage = typer.Typer(rich_markup_mode=None, epilog=EPILOG)


@usage.callback(invoke_without_command=True)
def _usage(
    ctx: typer.Context,
    since: Since = "30d",
    until: Until = "",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="NAMES",
            help="What to sum by, with commas between: day, hour, week, month, provider, model, model_type, "
            "key, member, credential, surface, status, error, tag, route, hosted, currency. Times are UTC.",
        ),
    ] = "model",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what the calls of the gateway came to, with all that was corrected.

    Into a pipe each group is one line without heading, its columns separated by tabs: a name for each of what
    is summed by, calls, errors, tokens in, tokens out, price, calls whose price is not known.
    """
    if ctx.invoked_subcommand is None:
        _show(since, until, by, workspace, directory(data_dir), as_json=as_json)


usage.command()(calls)
usage.command()(export)
usage.command()(correct)
usage.command()(retain)


def _show(since: str, until: str, by: str, workspace: str, folder: Any, *, as_json: bool) -> None:
    import sys

    from modelbay.cli.errors import Mistake
    from modelbay.errors import InvokeBadRequestError
    from modelbay.platform.usage import check_dimensions
    from modelbay.platform.usage import usage as summed

    try:
        dimensions = check_dimensions(by)
    except InvokeBadRequestError as error:
        raise Mistake(f"--{error.description}") from None
    start, end = moments(since, until)
    rows = summed(folder, since=start, until=end, by=dimensions, workspace=workspace)
    if as_json:
        write_json([_plain(row, dimensions) for row in rows])
    elif sys.stdout.isatty():
        _draw(rows, dimensions, since)
    else:
        write_rows((*_labels(row), *_columns(row)) for row in rows)


def _plain(row: Usage, by: Sequence[str]) -> dict[str, Any]:
    name = {"name": row.name} if "key" in by or row.name else {}
    return {
        **dict(zip(by, row.labels, strict=True)),
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


def _labels(row: Usage) -> Sequence[str]:
    if len(row.labels) == 1:
        return (f"{row.label} ({row.name})" if row.name else row.label or _NOTHING,)
    return [label or _NOTHING for label in row.labels]


def _columns(row: Usage) -> Sequence[str]:
    counts = (row.calls, row.errors, row.prompt_tokens, row.completion_tokens)
    return (*map(str, counts), price(row.prices, 0), str(row.unpriced))


def price(prices: dict[str, Decimal], unpriced: int) -> str:
    """Return exact sums by currency; what is not known is said, not taken for nothing."""
    from modelbay.cli.figures import money

    known = [money(amount, currency) for currency, amount in prices.items()]
    return " + ".join([*known, f"{unpriced:,} unknown"] if unpriced else known)


def _draw(rows: Sequence[Usage], by: Sequence[str], since: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print("no calls" if since == "all" else f"no calls in the last {since}", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in by:
        table.add_column(name.replace("_", " ").upper(), overflow="fold")
    for column in ("CALLS", "ERRORS", "TOKENS IN", "TOKENS OUT", "PRICE"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*map(Text, (*_labels(row), *_cells(row))))
    if len(rows) > 1:
        table.add_row(*map(Text, ("total", *("" for _ in by[1:]), *_cells(total(rows)))), style="bold")
    console.print(table)


def _cells(row: Usage) -> Sequence[str]:
    counts = (row.calls, row.errors, row.prompt_tokens, row.completion_tokens)
    return (*(f"{count:,}" for count in counts), price(row.prices, row.unpriced))


def total(rows: Sequence[Usage]) -> Usage:
    """Return the sum of all groups."""
    from modelbay.platform.usage import Usage

    whole = Usage(label="total")
    for row in rows:
        whole.add(row)
    return whole

"""`modelbay usage`: what the gateway's calls came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_table
from modelbay.cli.output import write_json
from modelbay.cli.usage_calls import calls, correct
from modelbay.cli.usage_export import export, retain
from modelbay.cli.usage_options import Since, Until, moments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
        return
    whole = total(rows)
    below = ["total", *("" for _ in dimensions[1:]), *(each.cell(whole) for each in _FIGURES)]
    write_table(
        rows,
        [*_named(dimensions), *_FIGURES],
        line=lambda row: (*_labels(row), *_figures(row)),
        empty="no calls" if since == "all" else f"no calls in the last {since}",
        totals=[below] if len(rows) > 1 else (),
    )


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
    return [_label(row, 0)] if len(row.labels) == 1 else [label or _NOTHING for label in row.labels]


def _label(row: Usage, place: int) -> str:
    label, name = row.labels[place], row.names[place]
    return f"{label} ({name})" if name else label or _NOTHING


def _figures(row: Usage) -> Sequence[Any]:
    counts = (row.calls, row.errors, row.prompt_tokens, row.completion_tokens)
    return (*counts, price(row.prices, 0), row.unpriced)


def price(prices: dict[str, Decimal], unpriced: int) -> str:
    """Return exact sums by currency; what is not known is said, not taken for nothing."""
    from modelbay.cli.figures import money

    known = [money(amount, currency) for currency, amount in prices.items()]
    return " + ".join([*known, f"{unpriced:,} unknown"] if unpriced else known)


def total(rows: Sequence[Usage]) -> Usage:
    """Return the sum of all groups."""
    from modelbay.platform.usage import Usage

    whole = Usage(label="total")
    for row in rows:
        whole.add(row)
    return whole


def _named(by: Sequence[str]) -> Iterator[Column[Usage]]:
    for place, name in enumerate(by):
        title = name.replace("_", " ").upper()
        yield Column(title, lambda row, place=place: _label(row, place), wrap=True)  # type: ignore[misc]


_FIGURES: Final[Sequence[Column[Usage]]] = (
    Column("CALLS", lambda row: f"{row.calls:,}", right=True),
    Column("ERRORS", lambda row: f"{row.errors:,}", right=True, spare=True),
    Column("TOKENS IN", lambda row: f"{row.prompt_tokens:,}", right=True, spare=True),
    Column("TOKENS OUT", lambda row: f"{row.completion_tokens:,}", right=True, spare=True),
    Column("PRICE", lambda row: price(row.prices, row.unpriced), right=True),
)

"""`modelbay rate`: how much within a minute, and how much at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.output import time_text, write_json, write_rows, write_text
from modelbay.platform.limits.scopes import Limits, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.store import Database
    from modelbay.store.rates import RateRow

rate = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

Whose = Annotated[Scope, typer.Argument(help="What is limited.")]
Id = Annotated[
    str,
    typer.Argument(
        metavar="[ID]",
        help="Which: a key's id, a member's e-mail or id, provider/model; * is each of them.",
        show_default=False,
    ),
]
Version = Annotated[
    int | None,
    typer.Option("--version", metavar="NUMBER", min=0, help="Only if it is still this one; 0 is none."),
]


@rate.callback(invoke_without_command=True)
def _rate(ctx: typer.Context) -> None:
    """Limit requests and tokens a minute, and calls at once: of the workspace, members, keys and models."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@rate.command("set")
def set_(
    whose: Whose,
    which: Id = "",
    requests: Annotated[
        int | None, typer.Option("--requests", metavar="NUMBER", help="Calls within any minute.")
    ] = None,
    tokens: Annotated[
        int | None, typer.Option("--tokens", metavar="NUMBER", help="Tokens within any minute.")
    ] = None,
    parallel: Annotated[
        int | None, typer.Option("--parallel", metavar="NUMBER", help="Calls at any moment.")
    ] = None,
    version: Version = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the limits of something; those that are not given are off.

    A call has to keep all that apply: its workspace's, its member's, its key's and its model's. A running
    gateway keeps to them within a second.
    """
    from modelbay.platform.limits.rates import set_rate
    from modelbay.store import Database

    limits = Limits(requests=requests, tokens=tokens, parallel=parallel)
    with Database.open(directory(data_dir)) as database:
        found = _id_of(database, workspace, whose, which)
        row = set_rate(database, workspace, whose, found, limits, version=version, actor=ACTOR)
    _tell(row, as_json, f"{_name(row)}: {_words(row)}")


@rate.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List what is limited.

    Into a pipe each is one line without heading, its columns separated by tabs: what, which, requests and
    tokens a minute, calls at once, version.
    """
    import sys

    from modelbay.platform.limits.rates import list_rates
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        rows = list_rates(database, workspace)
    if as_json:
        write_json([_plain(row) for row in rows])
    elif sys.stdout.isatty():
        _draw(rows)
    else:
        write_rows([*_columns(row), str(row.version)] for row in rows)


@rate.command()
def delete(
    whose: Whose,
    which: Id = "",
    version: Version = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Limit something no more."""
    from modelbay.platform.limits.rates import delete_rate
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        found = _id_of(database, workspace, whose, which)
        row = delete_rate(database, workspace, whose, found, version=version, actor=ACTOR)
    _tell(row, as_json, f"{_name(row)} has no rate any more")


def _id_of(database: Database, workspace: str, whose: Scope, which: str) -> str:
    """Return the id that an argument means: a member may be named by e-mail."""
    from modelbay.platform.people.members import find_member

    if whose is Scope.MEMBER and "@" in which:
        return find_member(database, workspace, which).user
    return which


def _tell(row: RateRow, as_json: bool, line: str) -> None:

    if as_json:
        write_json(_plain(row))
    else:
        write_text(line + "\n")


def _name(row: RateRow) -> str:
    from modelbay.platform.limits.rates import name_of

    return name_of(row.place)


def _words(row: RateRow) -> str:
    limits = (
        (row.requests, "requests a minute"),
        (row.tokens, "tokens a minute"),
        (row.parallel, "calls at once"),
    )
    return ", ".join(f"{limit} {what}" for limit, what in limits if limit is not None)


def _plain(row: RateRow) -> dict[str, Any]:
    return {
        "scope": row.scope,
        "id": row.scope_id,
        "requests": row.requests,
        "tokens": row.tokens,
        "parallel": row.parallel,
        "updated": time_text(row.updated),
        "version": row.version,
    }


def _columns(row: RateRow) -> Sequence[str]:
    limits = (row.requests, row.tokens, row.parallel)
    return (row.scope, row.scope_id, *("" if limit is None else str(limit) for limit in limits))


def _draw(rows: Sequence[RateRow]) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print("nothing is limited; limit each key with: modelbay rate set key '*' …", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("WHAT", "WHICH", "REQUESTS/MIN", "TOKENS/MIN", "AT ONCE"):
        table.add_column(column, overflow="fold", justify="right" if column[-1] in "NE" else "left")
    for row in rows:
        table.add_row(*(Text(cell or "–") for cell in _columns(row)))
    console.print(table)

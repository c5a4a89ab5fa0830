"""`modelbay key`: the keys that open the gateway."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.errors import EPILOG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.store.keys import KeyRow

key = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where the gateway keeps its data. Without it, MODELBAY_DATA_DIR, else the user's own.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
InWorkspace = Annotated[
    str,
    typer.Option(
        "--workspace", metavar="ID", envvar="MODELBAY_WORKSPACE", help="The workspace that it is about."
    ),
]


@key.callback(invoke_without_command=True)
def _key(ctx: typer.Context) -> None:
    """Make, list and revoke the keys that open the gateway."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@key.command()
def create(
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Whose it is, or what for.")] = "",
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--models",
            metavar="PATTERN",
            help="Open only what matches, such as openai/* or a route's name. Repeatable.",
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="PERIOD", help="Such as 30d, 12h, 2w. Never without it."),
    ] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and write it to stdout: the only time that it is shown.

    A running gateway takes it at once.
    """
    import sys

    from modelbay.cli.output import dim, write_json, write_text
    from modelbay.platform.keys import create_key
    from modelbay.platform.periods import parse_period
    from modelbay.store import Database

    lifetime = parse_period(expires, field="--expires") if expires is not None else None
    with Database.open(directory(data_dir)) as database:
        new = create_key(database, name=name, models=models or (), lifetime=lifetime, workspace=workspace)
    if as_json:
        write_json({"key": new.secret, **_plain(new.row)})
        return
    write_text(new.secret + "\n")
    if sys.stdout.isatty():
        write_text(dim(f"{new.row.id}. Keep it now: it is not stored and cannot be shown again.") + "\n")


@key.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the keys: never themselves, only how they begin.

    Into a pipe each key is one line without heading, its columns separated by tabs: id, name, beginning,
    state, models, created, expires, last used.
    """
    import sys

    from modelbay.cli.output import write_json, write_rows
    from modelbay.platform.fold import fold
    from modelbay.platform.keys import list_keys
    from modelbay.store import Database

    folder = directory(data_dir)
    with Database.open(folder) as database:
        fold(database, folder)  # when a key was last used is known once its calls are in the table
        rows = list_keys(database, workspace=workspace)
    if as_json:
        write_json([_plain(row) for row in rows])
    elif sys.stdout.isatty():
        _draw(rows)
    else:
        write_rows(_columns(row) for row in rows)


@key.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as modelbay key list shows it.")],
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
) -> None:
    """Close a key for good; a running gateway refuses it within a second."""
    from modelbay.cli.output import write_text
    from modelbay.platform.keys import revoke_key
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        revoke_key(database, key_id, workspace=workspace)
    write_text(f"{key_id} is revoked\n")


def directory(given: Path | None) -> Path:
    """Return the data directory that a command is about."""
    from modelbay.store import data_directory

    return (given.expanduser() if given is not None else data_directory()).absolute()


def _plain(row: KeyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "begins": row.hint,
        "state": _state(row),
        "models": list(row.models),
        "created": time_text(row.created),
        "expires": time_text(row.expires),
        "revoked": time_text(row.revoked),
        "last_used": time_text(row.last_used),
    }


def _columns(row: KeyRow) -> Sequence[str]:
    times = (time_text(at) or "" for at in (row.created, row.expires, row.last_used))
    return (row.id, row.name, row.hint, _state(row), ",".join(row.models), *times)


def _draw(rows: Sequence[KeyRow]) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print("no keys; make one with: modelbay key create", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ID", "NAME", "BEGINS", "STATE", "MODELS", "EXPIRES", "LAST USED"):
        table.add_column(column, overflow="fold", no_wrap=column not in ("NAME", "MODELS"))
    for row in rows:
        state = _state(row)
        days = ((time_text(at) or "–")[:10] for at in (row.expires, row.last_used))
        cells = (row.id, row.name, f"{row.hint}…", state, ", ".join(row.models) or "all", *days)
        table.add_row(*map(Text, cells), style="" if state == "active" else "dim")
    console.print(table)


def _state(row: KeyRow) -> str:
    import time

    from modelbay.platform.lineages import state_of

    return state_of(row, time.time())


def time_text(at: float | None) -> str | None:
    """Return a time as scripts read it: ISO 8601, UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

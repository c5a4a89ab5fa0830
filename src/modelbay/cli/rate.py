"""`modelbay rate`: how much within a minute, and how much at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_list
from modelbay.cli.output import say, time_text
from modelbay.platform.limits.scopes import Limits, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    say(_plain(row), as_json, f"{_name(row)}: {_words(row)}")


@rate.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List what is limited.

    Into a pipe each is one line without heading, its columns separated by tabs: what, which, requests and
    tokens a minute, calls at once, version.
    """
    from modelbay.platform.limits.rates import list_rates
    from modelbay.store import Database, people

    with Database.open(directory(data_dir)) as database:
        rows = list_rates(database, workspace)
        emails = {row.user: row.email for row in people.members(database, workspace)}
    write_list(
        rows,
        _columns(emails),
        plain=_plain,
        as_json=as_json,
        empty="nothing is limited; limit each key with: modelbay rate set key '*' …",
        line=lambda row: (row.scope, row.scope_id, row.requests, row.tokens, row.parallel, row.version),
    )


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
    say(_plain(row), as_json, f"{_name(row)} has no rate any more")


def _id_of(database: Database, workspace: str, whose: Scope, which: str) -> str:
    """Return the id that an argument means: a member may be named by e-mail."""
    from modelbay.platform.people.members import find_member

    if whose is Scope.MEMBER and "@" in which:
        return find_member(database, workspace, which).user
    return which


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


def _columns(emails: Mapping[str, str]) -> Sequence[Column[RateRow]]:
    def limit(number: int | None) -> str:
        return "–" if number is None else f"{number:,}"

    return (
        Column("WHAT", lambda row: row.scope),
        Column("WHICH", lambda row: emails.get(row.scope_id, row.scope_id) or "–", wrap=True),
        Column("REQUESTS/MIN", lambda row: limit(row.requests), right=True),
        Column("TOKENS/MIN", lambda row: limit(row.tokens), right=True),
        Column("AT ONCE", lambda row: limit(row.parallel), right=True),
    )

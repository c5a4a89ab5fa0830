"""`modelbay key`: the keys that open the gateway."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from modelbay.cli import completion
from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.output import dim, say, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.platform.key_scopes import Scopes
    from modelbay.store import Database

key = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

_NEVER: Final = "never"
_SCOPES: Final = ("models", "types", "surfaces", "networks")

Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as modelbay key list shows it.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--models",
        metavar="PATTERN",
        help="Open only what matches, such as openai/* or a route's name. Repeatable.",
    ),
]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--types",
        metavar="TYPE",
        help="Open only models of this type. Repeatable.",
        autocompletion=completion.type_names,
    ),
]
Surfaces = Annotated[
    list[str] | None,
    typer.Option(
        "--surfaces",
        metavar="PATTERN",
        help="Open only these operations, such as openai.chat, anthropic.*, api. Repeatable.",
    ),
]
Networks = Annotated[
    list[str] | None,
    typer.Option(
        "--networks", metavar="RANGE", help="Open only from there, such as 192.0.2.0/24. Repeatable."
    ),
]


@key.callback(invoke_without_command=True)
def _key(ctx: typer.Context) -> None:
    """Make, narrow, edit, list and revoke the keys that open the gateway."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@key.command()
def create(
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Whose it is, or what for.")] = "",
    models: Models = None,
    types: Types = None,
    surfaces: Surfaces = None,
    networks: Networks = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="PERIOD", help="Such as 30d, 12h, 2w. Never without it."),
    ] = None,
    member: Annotated[
        str | None,
        typer.Option("--member", metavar="EMAIL|ID", help="Whose it is: it ends with the membership."),
    ] = None,
    under: Annotated[
        str | None,
        typer.Option("--under", metavar="ID", help="Below this key: it opens no more, and ends with it."),
    ] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and write it to stdout: the only time that it is shown.

    A running gateway takes it at once. Below another key, what is not said is as it is there.
    """
    import sys

    from modelbay.cli.key_rows import plain
    from modelbay.platform.key_scopes import Scopes
    from modelbay.platform.keys import create_key, narrower_key
    from modelbay.platform.periods import parse_period
    from modelbay.store import Database

    lifetime = parse_period(expires, field="--expires") if expires is not None else None
    with Database.open(directory(data_dir)) as database:
        user = _member_id(database, workspace, member)
        if under is None:
            new = create_key(
                database,
                name=name,
                models=models or (),
                types=types or (),
                surfaces=surfaces or (),
                networks=networks or (),
                member=user or "",
                lifetime=lifetime,
                workspace=workspace,
                actor=ACTOR,
            )
        else:
            wish = Scopes(models=models, types=types, surfaces=surfaces, networks=networks)
            new = narrower_key(
                database,
                under,
                wish,
                name=name,
                lifetime=lifetime,
                member=user,
                workspace=workspace,
                actor=ACTOR,
            )
    if as_json:
        write_json({"key": new.secret, **plain(new.row)})
        return
    write_text(new.secret + "\n")
    if sys.stdout.isatty():
        write_text(dim(f"{new.row.id}. Keep it now: it is not stored and cannot be shown again.") + "\n")


@key.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the keys: never themselves, only how they begin. Narrower keys stand below theirs.

    Into a pipe each key is one line without heading, its columns separated by tabs: id, name, beginning,
    state, models, created, expires, last used, types, surfaces, networks, member, the key above it. A key is
    active, expired, revoked, or closed by one above it.
    """
    from modelbay.cli.key_rows import write_keys
    from modelbay.platform.fold import fold
    from modelbay.platform.keys import list_keys
    from modelbay.platform.lineages import states_of
    from modelbay.store import Database, people

    folder = directory(data_dir)
    with Database.open(folder) as database:
        fold(database, folder)  # when a key was last used is known once its calls are in the table
        rows = list_keys(database, workspace=workspace)
        emails = {row.user: row.email for row in people.members(database, workspace)}
    write_keys(rows, states_of(rows, time.time()), emails, as_json=as_json)


@key.command()
def edit(
    key_id: Id,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Another name.")] = None,
    models: Models = None,
    types: Types = None,
    surfaces: Surfaces = None,
    networks: Networks = None,
    unrestricted: Annotated[
        list[str] | None,
        typer.Option("--any", metavar="SCOPE", help="Take a restriction away: models, types, … Repeatable."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="PERIOD|never", help="From now on, such as 30d."),
    ] = None,
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", help="Only if it is still this version, as --json shows it."),
    ] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change what a key opens, its name or its end; a running gateway knows within a second.

    What is given takes the place of what was. Keys below it never open more than it does.
    """
    from modelbay.cli.key_rows import plain
    from modelbay.platform.keys import KEPT, edit_key
    from modelbay.platform.periods import parse_period
    from modelbay.store import Database

    wish = _scopes(models, types, surfaces, networks, unrestricted or ())
    until = None if expires in (None, _NEVER) else time.time() + parse_period(str(expires), field="--expires")
    with Database.open(directory(data_dir)) as database:
        row = edit_key(
            database,
            key_id,
            wish,
            name=name,
            expires=KEPT if expires is None else until,
            version=version,
            workspace=workspace,
            actor=ACTOR,
        )
    say(plain(row), as_json, f"{key_id} is changed")


@key.command()
def revoke(
    key_id: Id, workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Close a key and all below it for good; a running gateway refuses them within a second."""
    from modelbay.platform.keys import revoke_key
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        revoke_key(database, key_id, workspace=workspace, actor=ACTOR)
    say({"id": key_id, "revoked": True}, as_json, f"{key_id} is revoked")


def _member_id(database: Database, workspace: str, who: str | None) -> str | None:
    from modelbay.platform.people.members import find_member

    return None if who is None else find_member(database, workspace, who).user


def _scopes(
    models: Sequence[str] | None,
    types: Sequence[str] | None,
    surfaces: Sequence[str] | None,
    networks: Sequence[str] | None,
    unrestricted: Sequence[str],
) -> Scopes:
    from modelbay.cli.errors import Mistake
    from modelbay.platform.key_scopes import Scopes

    given = dict(zip(_SCOPES, (models, types, surfaces, networks), strict=True))
    for name in unrestricted:
        if name not in given:
            raise Mistake(f"--any: {name[:40]!r} is none of {', '.join(_SCOPES)}")
        if given[name]:
            raise Mistake(f"--any {name} and --{name} exclude each other")
        given[name] = ()
    return Scopes(**given)

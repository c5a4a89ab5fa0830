"""`modelbay workspace`: the tenants of an installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_list
from modelbay.cli.output import day_text, say, time_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.store.workspaces import WorkspaceRow

workspace = typer.Typer(rich_markup_mode=None, epilog=EPILOG)


Id = Annotated[
    str, typer.Argument(metavar="ID", help="The workspace's id, as modelbay workspace list shows it.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")]


@workspace.callback(invoke_without_command=True)
def _workspace(ctx: typer.Context) -> None:
    """List, make, rename and delete workspaces: each has its own members, keys and credentials."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@workspace.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the workspaces, the oldest first.

    Into a pipe each is one line without heading, its columns separated by tabs: id, name, created.
    """
    from modelbay.platform.people.workspaces import list_workspaces
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        rows = list_workspaces(database)
    write_list(
        rows,
        _COLUMNS,
        plain=_plain,
        as_json=as_json,
        empty="no workspaces; make one with: modelbay workspace create NAME",
        line=lambda row: (row.id, row.name, time_text(row.created)),
    )


@workspace.command()
def create(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a workspace and write its id to stdout."""
    from modelbay.platform.people.workspaces import create_workspace
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        row = create_workspace(database, name, actor=ACTOR)
    say(_plain(row), as_json, row.id)


@workspace.command()
def rename(workspace_id: Id, name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Give a workspace another name; its id stays."""
    from modelbay.platform.people.workspaces import rename_workspace
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        row = rename_workspace(database, workspace_id, name, actor=ACTOR)
    say(_plain(row), as_json, f"{row.id} is now {row.name}")


@workspace.command()
def delete(
    workspace_id: Id,
    force: Annotated[bool, typer.Option("--force", help="Even if it has keys or credentials.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete a workspace for good; its calls and its audit log stay.

    A running gateway refuses its keys within a second.
    """
    from modelbay.platform.people.workspaces import delete_workspace
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        delete_workspace(database, workspace_id, actor=ACTOR, force=force)
    say({"id": workspace_id, "deleted": True}, as_json, f"{workspace_id} is deleted")


def _plain(row: WorkspaceRow) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "created": time_text(row.created), "version": row.version}


_COLUMNS: Final[Sequence[Column[WorkspaceRow]]] = (
    Column("ID", lambda row: row.id),
    Column("NAME", lambda row: row.name, wrap=True),
    Column("CREATED", lambda row: day_text(row.created)),
)

"""`modelbay member`: who belongs to a workspace, and as what."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.output import time_text, write_json, write_rows, write_text
from modelbay.platform.people.permissions import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.platform.people.invitations import NewInvitation
    from modelbay.store import Database

member = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

_HERE: Final = "http://127.0.0.1:8080"


Who = Annotated[str, typer.Argument(metavar="EMAIL|ID", help="As modelbay member list shows it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A row of the list: a member, or somebody who has been invited."""

    id: str
    email: str
    role: str
    state: str
    name: str = ""
    since: float | None = None
    expires: float | None = None


@member.callback(invoke_without_command=True)
def _member(ctx: typer.Context) -> None:
    """List and invite members of a workspace, change their roles, remove them."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@member.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the members of a workspace, and those who have been invited.

    Into a pipe each is one line without heading, its columns separated by tabs: id, email, role, state
    (active or invited), name, member since, invitation expires.
    """
    import sys

    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        people = _people(database, workspace)
    if as_json:
        write_json([_plain(person) for person in people])
    elif sys.stdout.isatty():
        _draw(people)
    else:
        write_rows([str(value or "") for value in _plain(person).values()] for person in people)


@member.command()
def invite(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whom. Nobody else can use the invitation.")],
    role: Annotated[Role, typer.Option("--role", help="What the new member will be.")] = Role.MEMBER,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Where the gateway's pages are reached.")
    ] = _HERE,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a link to stdout by which somebody becomes a member: once, within seven days.

    It is the only time that the link is shown. Give it to nobody else. Another invitation of the same person
    makes this one invalid.
    """
    from modelbay.platform.people.invitations import PAGE, invite, link_of
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        new = invite(database, workspace, email, role, actor=ACTOR, authority=Role.OWNER, now=time.time())
    link = link_of(url, PAGE, new.token)
    if as_json:
        write_json({"link": link, **_plain(_invited(new))})
    else:
        write_text(link + "\n")


@member.command("role")
def role_(
    who: Who,
    role: Annotated[Role, typer.Argument(help="What the member is from now on.")],
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a member something else, at once."""
    from modelbay.platform.people.members import change_role, find_member
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        row = find_member(database, workspace, who)
        row = change_role(database, workspace, row.user, role, actor=ACTOR, authority=Role.OWNER)
    if as_json:
        write_json({"id": row.user, "email": row.email, "role": row.role})
    else:
        write_text(f"{row.email} is now {row.role}\n")


@member.command()
def remove(
    who: Who, workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Remove a member from a workspace at once, or take an invitation back."""
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        person = _remove(database, workspace, who)
    if as_json:
        write_json({"id": person.id, "email": person.email, "removed": True})
    else:
        done = "is removed" if person.state == "active" else "is not invited any more"
        write_text(f"{person.email} {done}\n")


def _remove(database: Database, workspace: str, who: str) -> Person:
    from modelbay.platform.people.invitations import list_invitations, revoke_invitation
    from modelbay.platform.people.members import find_member, remove_member

    asked = who.strip().lower()
    for row in list_invitations(database, workspace, now=time.time()):
        if asked in (row.email, row.id):
            revoke_invitation(database, workspace, row.id, actor=ACTOR)
            return Person(id=row.id, email=row.email, role=row.role, state="invited")
    found = find_member(database, workspace, who)
    remove_member(database, workspace, found.user, actor=ACTOR, authority=Role.OWNER)
    return Person(id=found.user, email=found.email, role=found.role, state="active")


def _people(database: Database, workspace: str) -> Sequence[Person]:
    from modelbay.platform.people.invitations import list_invitations
    from modelbay.platform.people.members import list_members

    there = [
        Person(id=row.user, email=row.email, role=row.role, state="active", name=row.name, since=row.created)
        for row in list_members(database, workspace)
    ]
    invited = list_invitations(database, workspace, now=time.time())
    return there + [
        Person(id=row.id, email=row.email, role=row.role, state="invited", expires=row.expires)
        for row in invited
    ]


def _invited(new: NewInvitation) -> Person:
    row = new.row
    return Person(id=row.id, email=row.email, role=row.role, state="invited", expires=row.expires)


def _plain(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "email": person.email,
        "role": person.role,
        "state": person.state,
        "name": person.name,
        "since": time_text(person.since),
        "expires": time_text(person.expires),
    }


def _draw(people: Sequence[Person]) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not people:
        console.print("no members; invite one with: modelbay member invite EMAIL --role owner", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ID", "EMAIL", "NAME", "ROLE", "STATE", "SINCE", "EXPIRES"):
        table.add_column(column, overflow="fold", no_wrap=column not in ("EMAIL", "NAME"))
    for person in people:
        days = ((time_text(at) or "–")[:10] for at in (person.since, person.expires))
        cells = (person.id, person.email, person.name or "–", person.role, person.state, *days)
        table.add_row(*map(Text, cells), style="" if person.state == "active" else "dim")
    console.print(table)

"""`modelbay member`: who belongs to a workspace, and as what."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_list
from modelbay.cli.output import day_text, say, time_text
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
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        people = _people(database, workspace)
    write_list(
        people,
        _COLUMNS,
        plain=_plain,
        as_json=as_json,
        empty="no members; invite one with: modelbay member invite EMAIL --role owner",
        is_dim=lambda person: person.state != "active",
    )


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
    say({"link": link, **_plain(_invited(new))}, as_json, link)


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
    facts = {"id": row.user, "email": row.email, "role": row.role}
    say(facts, as_json, f"{row.email} is now {row.role}")


@member.command()
def remove(
    who: Who, workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Remove a member from a workspace at once, or take an invitation back."""
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        person = _remove(database, workspace, who)
    done = "is removed" if person.state == "active" else "is not invited any more"
    say({"id": person.id, "email": person.email, "removed": True}, as_json, f"{person.email} {done}")


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


_COLUMNS: Final[Sequence[Column[Person]]] = (
    Column("ID", lambda person: person.id),
    Column("EMAIL", lambda person: person.email, wrap=True),
    Column("NAME", lambda person: person.name or "–", wrap=True, spare=True),
    Column("ROLE", lambda person: person.role),
    Column("STATE", lambda person: person.state),
    Column("SINCE", lambda person: day_text(person.since), spare=True),
    Column("EXPIRES", lambda person: day_text(person.expires), spare=True),
)

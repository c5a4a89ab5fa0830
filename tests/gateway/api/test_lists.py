"""Lists: every item once, whatever comes in between, from an index, however many there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.api.site import Person, Site
from tests.platform.people.persons import add_user

from modelbay.gateway.api import pages
from modelbay.gateway.api.problems import ProblemError
from modelbay.platform import keys
from modelbay.platform.credentials import stored
from modelbay.platform.keys import create_key
from modelbay.platform.people import invitations, members, sessions, workspaces
from modelbay.platform.people.permissions import Role
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.store import Database, audit, calls, people
from modelbay.store import credentials as credential_queries
from modelbay.store.calls import COLUMNS, DEFAULTS
from modelbay.store.credentials import CredentialRow
from modelbay.store.database import NOTHING
from modelbay.store.selection import Selection

NOW = 1_800_000_000.0
MANY = 30


def fill(site: Site, workspace: str, person: Person, number: int) -> None:
    """Make one of each thing that is listed."""
    user = add_user(site.now, f"{workspace}{number}@example.com")
    people.insert_member(site.now, workspace, user, Role.MEMBER, NOW + number % 3)
    other = workspaces.create_workspace(site.now, f"W{number}", actor="cli").id
    people.insert_member(site.now, other, person.id, Role.OWNER, NOW)
    create_key(site.now, workspace=workspace, name=str(number))
    site.session(person.id)
    invitations.invite(
        site.now,
        workspace,
        f"guest{number}@{workspace.replace('_', '-')}.example.com",
        Role.MEMBER,
        actor=person.id,
        authority=Role.OWNER,
        now=time.time(),
    )
    with credential_queries.changing(site.now, workspace):
        credential_queries.insert(site.now, credential(workspace, number))
    values = {**DEFAULTS, "workspace": workspace, "id": f"call{number}", "at": NOW + number % 4}
    site.now.keep("calls", COLUMNS, [list(values.values())])


def credential(workspace: str, number: int) -> CredentialRow:
    """Return credentials without secrets."""
    return CredentialRow(
        workspace=workspace,
        id=f"cred_{workspace}_{number}",
        provider="openai",
        model="",
        model_type="",
        name=f"n{number}",
        plain={},
        created=NOW,
        updated=NOW,
    )


LISTS: Mapping[str, str] = {
    "/api/workspaces": "id",
    "/api/installation/workspaces": "id",
    "/api/sessions": "id",
    "/api/workspaces/default/members": "id",
    "/api/workspaces/default/invitations": "id",
    "/api/workspaces/default/keys": "id",
    "/api/workspaces/default/credentials": "id",
    "/api/workspaces/default/calls": "id",
    "/api/workspaces/default/audit": "id",
    "/api/workspaces/default/models": "model",
    "/api/providers": "provider",
}


async def walked(person: Person, path: str, limit: int, between: Callable[[], None]) -> list[Any]:
    """Return all items of a list, page by page, with something done in between."""
    found: list[Any] = []
    cursor = ""
    while True:
        answer = await person.get(f"{path}?limit={limit}{cursor}")
        assert answer.status == 200, answer.body
        assert len(answer.json["items"]) <= limit
        found += answer.json["items"]
        if answer.json["next"] is None:
            return found
        cursor = f"&cursor={answer.json['next']}"
        between()


async def test_every_item_is_seen_once_whatever_is_added_meanwhile(site: Site) -> None:
    """A page that is a number would show one twice, or never."""
    person, workspace, numbers = site.person(Role.OWNER), "default", count()
    for _ in range(11):
        fill(site, workspace, person, next(numbers))
    before = {path: await walked(person, path, 200, lambda: None) for path in LISTS}

    def add() -> None:
        fill(site, workspace, person, next(numbers))

    for path, key in LISTS.items():
        after = await walked(person, path, 100 if path.endswith("models") else 4, add)
        ids = [(each.get("provider"), each.get("type"), each[key]) for each in after]

        assert len(ids) == len(set(ids)), path
        old = {(each.get("provider"), each.get("type"), each[key]) for each in before[path]}
        assert old <= set(ids), path
        before = {each: await walked(person, each, 200, lambda: None) for each in LISTS}


class Watched:
    """A database that notes what is asked of it, and how much it answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked: list[tuple[str, Mapping[str, Any], int]] = []

    def rows(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Answer, and note it."""
        found = self._database.rows(statement, parameters)
        self.asked.append((statement, parameters, len(found)))
        return found

    def plan(self, statement: str, parameters: Mapping[str, Any]) -> list[str]:
        """Return how SQLite finds the rows."""
        return [row[3] for row in self._database.rows(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def asked_of(data_dir: Path, user: str) -> Sequence[Callable[[Any], Sequence[Any]]]:
    """Return what each list asks, for a page in the middle."""
    ten, place = 11, (1.0, "m")
    vault = Vault(MasterKeys(data_dir))
    of = "default"
    return [
        lambda db: workspaces.page_of_workspaces(db, after=place, limit=ten),
        lambda db: members.page_of_memberships(db, user, after="", limit=ten),
        lambda db: members.page_of_members(db, of, after=place, limit=ten),
        lambda db: invitations.page_of_invitations(db, of, after="g", limit=ten, now=0),
        lambda db: sessions.page_of_sessions(db, user, now=time.time(), before=(9e9, "m"), limit=ten),
        lambda db: keys.page_of_keys(db, workspace=of, after=(0.0, ""), limit=ten),
        lambda db: calls.page(db, Selection(workspace=of, until=9e9), (9e9, "z"), ten, newest_first=True),
        lambda db: audit.listed(db, of, before=(9e9, "z"), limit=ten),
        lambda db: stored.page_of_credentials(
            db, vault, of, provider=None, after=("a", "", "", ""), limit=ten
        ),
    ]


async def test_a_page_reads_no_more_than_it_shows(site: Site) -> None:
    """Ten thousand workspaces must not be read to show ten; counted in rows and read off the plan."""
    person = site.person(Role.OWNER)
    for number in range(MANY):
        fill(site, "default", person, number)

    for number, ask in enumerate(asked_of(site.data_dir, person.id)):
        watched = Watched(site.now)
        assert len(ask(watched)) == 11, number
        statement, parameters, count = watched.asked[0]
        assert count == 11
        if site.now.dialect == "sqlite":
            plan = watched.plan(statement, parameters)
            pages = {line.split()[1] for line in plan if line.startswith(("MATERIALIZE", "CO-ROUTINE"))}
            scanned = {line.split()[1] for line in plan if line.startswith("SCAN")}
            assert scanned <= pages, (number, plan)  # a page that was cut before something is joined to it
            assert pages or not any("FOR ORDER BY" in line for line in plan), (number, plan)


async def test_a_cursor_is_good_for_its_own_list_only(site: Site) -> None:
    """Nor can anybody make one up."""
    person = site.person(Role.OWNER)
    for number in range(3):
        fill(site, "default", person, number)
    cursor = (await person.get("/api/workspaces?limit=1")).json["next"]

    answer = await person.get(f"/api/installation/workspaces?cursor={cursor}")

    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "cursor")


class Asked:
    """As much of a request as pages need."""

    def __init__(self, cursor: str | None, limit: int) -> None:
        self.query = self
        self.operation = self
        self.cursor = cursor
        self.limit = limit
        self.id = "list"


@given(st.lists(st.text(), unique=True, max_size=30), st.integers(1, 7), st.data())
def test_a_list_in_memory_is_walked_once_whatever_is_added(
    names: list[str], limit: int, data: st.DataObject
) -> None:
    """Behind the last item that was seen, wherever it is by now."""
    found: list[str] = []
    rows, cursor = list(names), None
    while True:
        asked: Any = Asked(cursor, limit)
        kept, cursor = pages.cut_list(asked, rows, lambda name: name)
        found += kept
        if cursor is None:
            break
        rows.insert(data.draw(st.integers(0, len(rows))), f"new {len(rows)} {len(found)}")

    old = [name for name in found if name in names]
    assert old == names
    assert len(found) == len(set(found))


@given(st.text(max_size=60))
def test_a_cursor_that_is_made_up_is_refused(cursor: str) -> None:
    """In words that name it, whatever it is."""
    asked: Any = Asked(cursor, 5)

    with pytest.raises(ProblemError, match="cursor"):
        pages.begin(asked, float, str)

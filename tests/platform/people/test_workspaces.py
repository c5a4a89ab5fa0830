"""Workspaces: made, renamed, listed; deleted whole, but for what was spent."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.platform.people.persons import NOW, actions, add_member, add_user

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.keys import create_key, list_keys, revoke_key
from modelbay.platform.people.invitations import invite
from modelbay.platform.people.members import role_of
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.workspaces import (
    create_workspace,
    delete_workspace,
    get_workspace,
    list_workspaces,
    rename_workspace,
)
from modelbay.store import Database, audit, marks, people, tables
from modelbay.store.workspaces import KEPT, REMOVED, WorkspaceRow

pytestmark = pytest.mark.usefixtures("backend")


def test_there_is_one_workspace_from_the_first_start(tmp_path: Path) -> None:
    """Who works alone never has to know of them."""
    with Database.open(tmp_path) as database:
        assert [row.id for row in list_workspaces(database)] == ["default"]


def test_a_workspace_is_made_with_its_owner(tmp_path: Path) -> None:
    """And the audit log of the workspace begins with that."""
    with Database.open(tmp_path) as database:
        ann = add_user(database, "ann@example.com")
        row = create_workspace(database, "Team A", actor=ann, owner=ann)

        assert get_workspace(database, row.id) == row
        assert (row.name, row.version) == ("Team A", 1)
        assert role_of(database, row.id, ann) is Role.OWNER
        assert actions(database, row.id) == ["workspace.create"]
        with pytest.raises(InvokeBadRequestError, match=r"^owner: there is no user 'usr_x'"):
            create_workspace(database, "Team B", actor="cli", owner="usr_x")
        assert len(list_workspaces(database)) == 2


def test_workspaces_are_listed_page_by_page(tmp_path: Path) -> None:
    """Ten thousand do not fit on one."""
    with Database.open(tmp_path) as database:
        for number in range(5):
            create_workspace(database, f"Team {number}", actor="cli")
        whole, paged = list_workspaces(database), list[WorkspaceRow]()
        page = list_workspaces(database, limit=2)
        while page:
            paged += page
            page = list_workspaces(database, after=page[-1], limit=2)

    assert paged == list(whole)
    assert len(paged) == 6


def test_two_who_rename_at_once_do_not_undo_each_other(tmp_path: Path) -> None:
    """The second sees what the first has written before writing over it."""
    with Database.open(tmp_path) as database:
        seen = get_workspace(database, "default").version
        renamed = rename_workspace(database, "default", "Ann's", actor="cli", version=seen)
        with pytest.raises(InvokeBadRequestError, match=r"^version: .*it is 2, not 1") as caught:
            rename_workspace(database, "default", "Ben's", actor="cli", version=seen)

        assert (renamed.name, renamed.version) == ("Ann's", 2)
        assert caught.value.status == 409
        assert get_workspace(database, "default").name == "Ann's"
        assert rename_workspace(database, "default", "Ours", actor="cli").version == 3
        assert actions(database) == ["workspace.rename", "workspace.rename"]


@pytest.mark.parametrize("name", ["", " x", "x\n", "two\nlines", "x" * 101, "\0"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """And nothing is made or changed."""
    with Database.open(tmp_path) as database:
        with pytest.raises(InvokeBadRequestError, match=r"^name: 1 to 100 characters"):
            create_workspace(database, name, actor="cli")
        with pytest.raises(InvokeBadRequestError, match=r"^name: 1 to 100 characters"):
            rename_workspace(database, "default", name, actor="cli")

        assert [row.name for row in list_workspaces(database)] == ["Default"]


def test_a_workspace_that_is_used_is_not_deleted_by_mistake(tmp_path: Path) -> None:
    """Its keys would stop working in somebody's program."""
    with Database.open(tmp_path) as database:
        workspace = create_workspace(database, "Team A", actor="cli").id
        keys = [create_key(database, workspace=workspace).row.id for _ in range(2)]
        with pytest.raises(InvokeBadRequestError, match=r"'Team A' still has 2 keys; force"):
            delete_workspace(database, workspace, actor="cli")
        for key in keys:
            revoke_key(database, key, workspace=workspace)
        delete_workspace(database, workspace, actor="cli")

        assert len(list_workspaces(database)) == 1


def test_with_a_workspace_goes_all_that_is_its_own(tmp_path: Path) -> None:
    """Others keep theirs; its audit log tells who has deleted it."""
    with Database.open(tmp_path) as database:
        gone, stays = (create_workspace(database, name, actor="cli").id for name in ("Gone", "Stays"))
        for workspace in (gone, stays):
            create_key(database, workspace=workspace)
            ann = add_member(database, "ann@example.com", Role.OWNER, workspace=workspace)
            invite(
                *(database, workspace, "ben@example.com", Role.MEMBER),
                actor="cli",
                authority=Role.OWNER,
                now=NOW,
            )
        names = ("keys", "vault", f"credentials:{gone}", f"rates:{gone}")
        before = [marks.mark(database, name) for name in names]
        delete_workspace(database, gone, actor=ann, force=True)

        assert list_keys(database, workspace=gone) == []
        assert len(list_keys(database, workspace=stays)) == 1
        assert [marks.mark(database, name) for name in names] == [number + 1 for number in before]
        assert [workspace for workspace, _, _ in people.memberships(database, ann)] == [stays]
        assert audit.listed(database, gone)[0].detail == {"name": "Gone", "keys": 1}
        for table in REMOVED:
            [[left]] = database.rows(f"SELECT count(*) FROM {table} WHERE workspace = :id", {"id": gone})
            assert left == 0


def test_it_is_decided_for_each_table_whether_it_goes_with_its_workspace() -> None:
    """A new table must not leave a deleted tenant's data behind, nor lose what has to stay known."""
    of_workspaces = {name for name, table in tables.metadata.tables.items() if "workspace" in table.columns}

    assert of_workspaces == {*REMOVED, *KEPT}


def test_the_first_workspace_stays(tmp_path: Path) -> None:
    """What belongs to nobody else belongs to it."""
    with Database.open(tmp_path) as database:
        with pytest.raises(InvokeBadRequestError, match=r"^workspace: the first workspace cannot be deleted"):
            delete_workspace(database, "default", actor="cli", force=True)
        with pytest.raises(InvokeBadRequestError, match=r"^workspace: there is no workspace 'ws_x'"):
            delete_workspace(database, "ws_x", actor="cli")

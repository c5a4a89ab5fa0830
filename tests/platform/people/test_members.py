"""Members: what they are is changed by those above them, and a workspace keeps an owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.people.persons import NOW, actions, add_member, add_session

from modelbay.errors import ModelbayError
from modelbay.platform.people.invitations import invite, list_invitations
from modelbay.platform.people.members import (
    change_role,
    find_member,
    list_members,
    page_of_memberships,
    remove_member,
    role_of,
)
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.refusals import ForbiddenError
from modelbay.platform.people.sessions import page_of_sessions
from modelbay.platform.people.workspaces import create_workspace
from modelbay.store import Database, audit

pytestmark = pytest.mark.usefixtures("backend")

NAMES = ("ann@example.com", "ben@example.com", "cem@example.com")


def roles(database: Database, workspace: str = "default") -> dict[str, str]:
    """Return the members of a workspace."""
    return {row.email: row.role for row in list_members(database, workspace)}


def test_a_member_is_found_by_id_and_by_any_spelling_of_the_address(tmp_path: Path) -> None:
    """People know addresses, programs ids."""
    with Database.open(tmp_path) as database:
        ann = add_member(database, "ann@example.com", Role.OWNER)

        assert find_member(database, "default", ann) == find_member(database, "default", "Ann@Example.com")
        for stranger in ("ben@example.com", "usr_x", "", "\0"):
            with pytest.raises(ModelbayError, match=r"^member: .* is not a member of this workspace"):
                find_member(database, "default", stranger)


def test_a_member_of_one_workspace_is_a_stranger_in_another(tmp_path: Path) -> None:
    """Every look takes the workspace."""
    with Database.open(tmp_path) as database:
        other = create_workspace(database, "Other", actor="cli").id
        ann = add_member(database, "ann@example.com", Role.OWNER, workspace=other)

        assert role_of(database, "default", ann) is None
        assert role_of(database, other, ann) is Role.OWNER
        [left] = page_of_memberships(database, ann, after="", limit=9)
        assert (left.workspace, left.role) == (other, Role.OWNER)
        with pytest.raises(ModelbayError, match="is not a member"):
            change_role(database, "default", ann, Role.MEMBER, actor="cli", authority=Role.OWNER)
        with pytest.raises(ModelbayError, match="is not a member"):
            remove_member(database, "default", ann, actor="cli", authority=Role.OWNER)
        with pytest.raises(ModelbayError, match="there is no workspace"):
            list_members(database, "ws_x")


def test_a_role_changes_at_once_and_is_told(tmp_path: Path) -> None:
    """The sessions get other tokens: what was open under the old role is not open under the new one."""
    with Database.open(tmp_path) as database:
        ann, ben = (add_member(database, name, Role.OWNER) for name in NAMES[:2])
        add_session(database, ben)
        row = change_role(database, "default", ben, Role.ADMIN, actor=ann, authority=Role.OWNER)
        [told, *_] = audit.listed(database, "default")

        assert (row.role, role_of(database, "default", ben)) == ("admin", Role.ADMIN)
        [session] = page_of_sessions(database, ben, now=NOW, before=None, limit=9)
        assert session.renew is True
        assert (told.actor, told.action, told.target) == (ann, "member.role", ben)
        assert told.detail == {"role": "admin", "was": "owner"}


def test_an_admin_changes_no_owner_and_makes_none(tmp_path: Path) -> None:
    """An admin's stolen session must not end with the thief owning the workspace."""
    with Database.open(tmp_path) as database:
        ann, ben = add_member(database, NAMES[0], Role.OWNER), add_member(database, NAMES[1], Role.ADMIN)
        add_member(database, NAMES[2], Role.OWNER)
        before = roles(database)
        for user, role in ((ann, Role.MEMBER), (ben, Role.OWNER)):
            with pytest.raises(ForbiddenError):
                change_role(database, "default", user, role, actor=ben, authority=Role.ADMIN)
        with pytest.raises(ForbiddenError):
            remove_member(database, "default", ann, actor=ben, authority=Role.ADMIN)

        assert roles(database) == before
        assert actions(database) == []


def test_the_last_owner_stays_one(tmp_path: Path) -> None:
    """Nobody could make another."""
    with Database.open(tmp_path) as database:
        ann = add_member(database, NAMES[0], Role.OWNER)
        add_member(database, NAMES[1], Role.ADMIN)
        with pytest.raises(ModelbayError, match=r"^member: ann@example.com is the last owner"):
            change_role(database, "default", ann, Role.ADMIN, actor=ann, authority=Role.OWNER)
        with pytest.raises(ModelbayError, match="is the last owner: make somebody else an owner first"):
            remove_member(database, "default", ann, actor=ann, authority=Role.OWNER)

        assert role_of(database, "default", ann) is Role.OWNER


def test_two_owners_who_leave_at_once_do_not_leave_none(tmp_path: Path) -> None:
    """Each sees the other still there, unless one waits for the other."""
    with Database.open(tmp_path) as database:
        owners = [add_member(database, name, Role.OWNER) for name in NAMES[:2]]
    barrier = Barrier(2)

    def leave(user: str) -> str:
        with Database.open(tmp_path) as own:
            barrier.wait()
            try:
                remove_member(own, "default", user, actor=user, authority=Role.OWNER)
            except ModelbayError as error:
                return str(error.code)
            return "left"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(leave, owners))
    with Database.open(tmp_path) as database:
        left = roles(database)

    assert ends == ["conflict", "left"]
    assert list(left.values()) == ["owner"]


def test_who_is_removed_is_out_at_once(tmp_path: Path) -> None:
    """With the sessions if there is no other workspace to go on in, and with the invitations made."""
    with Database.open(tmp_path) as database:
        other = create_workspace(database, "Other", actor="cli").id
        ann, ben = add_member(database, NAMES[0], Role.OWNER), add_member(database, NAMES[1], Role.ADMIN)
        add_member(database, NAMES[1], Role.MEMBER, workspace=other)
        add_session(database, ben)
        invite(database, "default", "x@y.example", Role.ADMIN, actor=ben, authority=Role.ADMIN, now=NOW)

        remove_member(database, "default", ben, actor=ann, authority=Role.OWNER)
        assert role_of(database, "default", ben) is None
        assert list_invitations(database, "default", now=NOW) == []
        assert len(page_of_sessions(database, ben, now=NOW, before=None, limit=9)) == 1
        remove_member(database, other, ben, actor=ben, authority=Role.MEMBER)
        assert page_of_sessions(database, ben, now=NOW, before=None, limit=9) == []
        assert actions(database, other)[-1] == "member.leave"
        assert actions(database)[-1] == "member.remove"


steps = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(Role), st.none() | st.sampled_from(Role)), max_size=12
)


@given(steps)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_whatever_is_tried_there_is_an_owner_and_nobody_rises_above_who_raised_them(
    tmp_path: Path, tried: list[tuple[str, Role, Role | None]]
) -> None:
    """Any order of changes and removals, by anybody with any role."""
    with Database.open(tmp_path) as database:
        users = {name: add_member(database, name, Role.MEMBER) for name in NAMES}
        database.change("UPDATE members SET role = 'owner' WHERE user_id = :id", {"id": users[NAMES[0]]})
        for name, authority, role in tried:
            before = roles(database)
            try:
                if role is None:
                    remove_member(database, "default", users[name], actor="x", authority=authority)
                else:
                    change_role(database, "default", users[name], role, actor="x", authority=authority)
            except ModelbayError:
                assert roles(database) == before
            after = roles(database)
            changed = before.items() ^ after.items()
            assert all(authority.includes(Role(what)) for _, what in changed)
            assert "owner" in after.values()

"""Invitations: by a link, for one person and one role, for seven days, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from tests.platform.databases import stored_bytes
from tests.platform.people.persons import NOW, actions, add_member, add_user

from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.platform.people.invitations import (
    LIFETIME,
    PAGE,
    NewInvitation,
    accept_as,
    accept_as_new,
    invite,
    link_of,
    list_invitations,
    open_invitation,
    revoke_invitation,
)
from modelbay.platform.people.members import role_of
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.refusals import ForbiddenError
from modelbay.platform.people.workspaces import create_workspace
from modelbay.store import Database

pytestmark = pytest.mark.usefixtures("backend")

INVALID = r"^token: this invitation was used or taken back, or is too old"


def invited(database: Database, email: str = "ann@example.com", role: Role = Role.ADMIN) -> NewInvitation:
    """Invite somebody into the first workspace."""
    return invite(database, "default", email, role, actor="cli", authority=Role.OWNER, now=NOW)


def test_a_link_makes_a_member(tmp_path: Path) -> None:
    """With the role that was said, not one that the guest chooses."""
    with Database.open(tmp_path) as database:
        new = invited(database, "Ann@Example.com")
        row = open_invitation(database, new.token, now=NOW)
        user = accept_as_new(database, new.token, name="Ann", password="hash", now=NOW + 1)

        assert (row.email, row.role, row.workspace) == ("ann@example.com", "admin", "default")
        assert (user.email, user.name) == ("ann@example.com", "Ann")
        assert role_of(database, "default", user.id) is Role.ADMIN
        assert list_invitations(database, "default", now=NOW + 1) == []
        assert actions(database) == ["invitation.create", "invitation.accept"]


def test_a_token_is_stored_only_as_a_hash_and_never_sent_to_a_server(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Whoever reads the database, or the log of a proxy, can join nothing."""
    with Database.open(tmp_path) as database:
        new = invited(database)
        stored = stored_bytes(tmp_path, request)

    assert new.row.id.encode() in stored
    assert new.token.encode() not in stored
    assert new.token not in repr(new)
    assert link_of("https://bay.example/", PAGE, new.token) == f"https://bay.example/join#{new.token}"


def test_a_link_is_good_once(tmp_path: Path) -> None:
    """It may have been forwarded."""
    with Database.open(tmp_path) as database:
        token = invited(database).token
        user = accept_as_new(database, token, name="Ann", password="", now=NOW)
        with pytest.raises(InvokeBadRequestError, match=INVALID):
            accept_as_new(database, token, name="Eve", password="", now=NOW)
        with pytest.raises(InvokeBadRequestError, match=INVALID):
            accept_as(database, token, user.id, now=NOW)


def test_of_two_who_use_a_link_at_once_one_joins(tmp_path: Path) -> None:
    """One user, one member, one clear answer to the other."""
    with Database.open(tmp_path) as database:
        token = invited(database).token
    barrier = Barrier(2)

    def join(name: str) -> str:
        with Database.open(tmp_path) as own:
            barrier.wait()
            try:
                return accept_as_new(own, token, name=name, password="", now=NOW).name
            except ModelbayError as error:
                return str(error.code)

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(join, ("Ann", "Eve")))
    with Database.open(tmp_path) as database:
        [[users, members]] = database.rows(
            "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM members)"
        )

    assert sorted(ends)[1] == "not_found"
    assert (users, members) == (1, 1)


def test_a_link_is_good_for_seven_days(tmp_path: Path) -> None:
    """A mailbox is read by others later."""
    with Database.open(tmp_path) as database:
        token = invited(database).token
        end = NOW + LIFETIME

        assert open_invitation(database, token, now=end - 1).email == "ann@example.com"
        assert list_invitations(database, "default", now=end) == []
        with pytest.raises(InvokeBadRequestError, match=INVALID):
            accept_as_new(database, token, name="Ann", password="", now=end)


@pytest.mark.parametrize("token", ["", "x" * 43, "\0", "\udc80", "é" * 1000])
def test_any_text_can_be_tried_as_a_token(tmp_path: Path, token: str) -> None:
    """A form holds whatever somebody typed."""
    with Database.open(tmp_path) as database:
        invited(database)
        with pytest.raises(InvokeBadRequestError, match=INVALID):
            open_invitation(database, token, now=NOW)


def test_a_second_invitation_is_in_the_place_of_the_first(tmp_path: Path) -> None:
    """Else the mistyped role of the first would still be open."""
    with Database.open(tmp_path) as database:
        first, second = invited(database, role=Role.OWNER), invited(database, role=Role.MEMBER)

        assert [row.id for row in list_invitations(database, "default", now=NOW)] == [second.row.id]
        with pytest.raises(InvokeBadRequestError, match=INVALID):
            open_invitation(database, first.token, now=NOW)


def test_an_invitation_is_taken_back(tmp_path: Path) -> None:
    """By its id, in its own workspace only."""
    with Database.open(tmp_path) as database:
        other = create_workspace(database, "Other", actor="cli").id
        new = invited(database)
        with pytest.raises(InvokeBadRequestError, match=r"^invitation: there is no invitation"):
            revoke_invitation(database, other, new.row.id, actor="cli")
        revoke_invitation(database, "default", new.row.id, actor="cli")
        with pytest.raises(InvokeBadRequestError, match=INVALID):
            open_invitation(database, new.token, now=NOW)
        assert actions(database)[-1] == "invitation.revoke"


def test_an_invitation_is_taken_by_whom_it_is_for(tmp_path: Path) -> None:
    """Somebody else's session does not turn a forwarded link into a membership."""
    with Database.open(tmp_path) as database:
        ann, eve = add_user(database, "ann@example.com"), add_user(database, "eve@example.com")
        token = invited(database).token
        with pytest.raises(InvokeBadRequestError, match=r"^email: this invitation is for another e-mail"):
            accept_as(database, token, eve, now=NOW)
        accept_as(database, token, ann, now=NOW)

        assert role_of(database, "default", ann) is Role.ADMIN
        assert role_of(database, "default", eve) is None


def test_a_link_sets_no_password_of_an_account_that_there_is(tmp_path: Path) -> None:
    """Else whoever may invite could take over anybody's account."""
    with Database.open(tmp_path) as database:
        add_user(database, "ann@example.com", password="hers")
        token = invited(database).token
        with pytest.raises(InvokeBadRequestError, match=r"has an account here: sign in with its password"):
            accept_as_new(database, token, name="Eve", password="eve's", now=NOW)

        assert database.rows("SELECT name, password FROM users") == [("ann", "hers")]
        assert open_invitation(database, token, now=NOW).email == "ann@example.com"


def test_what_cannot_be_invited_is_said(tmp_path: Path) -> None:
    """And nothing is made."""
    with Database.open(tmp_path) as database:
        add_member(database, "ann@example.com", Role.MEMBER)
        with pytest.raises(InvokeBadRequestError, match=r"^email: ann@example.com is a member already"):
            invited(database)
        with pytest.raises(InvokeBadRequestError, match=r"^email: 'ann' is not an e-mail address"):
            invited(database, "ann")
        with pytest.raises(InvokeBadRequestError, match=r"^workspace: there is no workspace 'ws_x'"):
            invite(
                *(database, "ws_x", "ben@example.com", Role.MEMBER),
                actor="cli",
                authority=Role.OWNER,
                now=NOW,
            )
        with pytest.raises(ForbiddenError, match=r"^role: as admin you can neither make nor change an owner"):
            invite(
                *(database, "default", "ben@example.com", Role.OWNER),
                actor="cli",
                authority=Role.ADMIN,
                now=NOW,
            )
        assert list_invitations(database, "default", now=NOW) == []

"""Sessions: a random token, stored as a hash, over when it should be, renewed when rights change."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.databases import stored_bytes
from tests.platform.people.persons import NOW, actions, add_member, add_session, add_user

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.csrf import csrf_token, is_csrf_token
from modelbay.platform.people.members import change_role
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.platform.people.sessions import (
    GRACE,
    IDLE,
    LIFETIME,
    current,
    end_session,
    end_sessions,
    page_of_sessions,
    sign_out,
)
from modelbay.platform.people.tokens import new_token
from modelbay.store import Database

on_both = pytest.mark.usefixtures("backend")


def is_over(database: Database, token: str, now: float = NOW) -> bool:
    """Whether a token opens nothing."""
    try:
        current(database, token, now=now)
    except SignInRefusedError:
        return True
    return False


@on_both
def test_a_token_says_who_has_signed_in(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """And is nowhere but with the browser."""
    with Database.open(tmp_path) as database:
        ann = add_user(database, "ann@example.com", password="hash-of-ann")
        new = add_session(database, ann)
        found = current(database, new.token, now=NOW)
        stored = stored_bytes(tmp_path, request)

        assert (found.user.id, found.row.id, found.token) == (ann, new.row.id, "")
        assert (found.row.address, found.row.agent) == ("192.0.2.7", "Browser")
        assert actions(database) == ["session.create"]
    assert len(new.token) == 43
    assert new.token.encode() not in stored
    assert new.row.id.encode() in stored
    assert not any(secret in f"{new!r}{found!r}" for secret in (new.token, "hash-of-ann"))


@on_both
@pytest.mark.parametrize("token", ["", "x", "\0", "\udc80", new_token()])
def test_another_token_opens_nothing(tmp_path: Path, token: str) -> None:
    """A cookie holds whatever a client put there."""
    with Database.open(tmp_path) as database:
        add_session(database, add_user(database, "ann@example.com"))
        assert is_over(database, token)


@on_both
def test_a_session_that_nobody_uses_ends(tmp_path: Path) -> None:
    """The laptop stands open in a train."""
    with Database.open(tmp_path) as database:
        token = add_session(database, add_user(database, "ann@example.com")).token

        assert not is_over(database, token, NOW + IDLE - 1)
        assert not is_over(database, token, NOW + IDLE + IDLE / 2)
        assert is_over(database, token, NOW + 3 * IDLE)


@on_both
def test_a_session_that_is_used_without_pause_ends_too(tmp_path: Path) -> None:
    """A stolen one is of use for a week at most."""
    with Database.open(tmp_path) as database:
        token = add_session(database, add_user(database, "ann@example.com")).token
        hours = [NOW + hour * 3600 for hour in range(int(LIFETIME / 3600) + 1)]
        over = [is_over(database, token, at) for at in hours]

    assert over == [False] * (len(hours) - 1) + [True]


@on_both
def test_a_sign_in_ends_the_session_that_the_browser_came_with(tmp_path: Path) -> None:
    """Somebody may have put it there, to go on in it."""
    with Database.open(tmp_path) as database:
        ann = add_user(database, "ann@example.com")
        old = add_session(database, ann)
        new = add_session(database, ann, replaces=old.token)

        assert is_over(database, old.token)
        [listed] = page_of_sessions(database, ann, now=NOW, before=None, limit=9)
        assert listed.id == new.row.id


@on_both
def test_a_change_of_role_brings_another_token(tmp_path: Path) -> None:
    """Once; requests that were on their way with the old one still arrive."""
    with Database.open(tmp_path) as database:
        add_member(database, "ben@example.com", Role.OWNER)
        ann = add_member(database, "ann@example.com", Role.OWNER)
        old = add_session(database, ann)
        change_role(database, "default", ann, Role.MEMBER, actor="cli", authority=Role.OWNER)
        fresh = current(database, old.token, now=NOW + 1)
        late = current(database, old.token, now=NOW + 2)

        assert fresh.token not in ("", old.token)
        assert (fresh.row.id, late.row.id, late.token) == (old.row.id, old.row.id, "")
        assert current(database, fresh.token, now=NOW + 3).token == ""
        assert is_over(database, old.token, NOW + 1 + GRACE)
        assert not is_over(database, fresh.token, NOW + 1 + GRACE)


@on_both
def test_sessions_are_listed_and_ended_by_their_owner_only(tmp_path: Path) -> None:
    """Ids are no secrets: knowing one of somebody else's is of no use."""
    with Database.open(tmp_path) as database:
        ann, eve = add_user(database, "ann@example.com"), add_user(database, "eve@example.com")
        tokens = [add_session(database, ann, now=NOW + number) for number in range(3)]
        listed = [row.id for row in page_of_sessions(database, ann, now=NOW + 3, before=None, limit=9)]
        with pytest.raises(InvokeBadRequestError, match=r"^session: there is no session"):
            end_session(database, eve, listed[0], actor=eve)
        end_session(database, ann, listed[0], actor=ann)

        assert listed == [new.row.id for new in reversed(tokens)]
        assert [is_over(database, new.token) for new in tokens] == [False, False, True]
        assert end_sessions(database, ann, actor=ann, but=tokens[0].row.id) == 1
        assert [is_over(database, new.token) for new in tokens] == [False, True, True]
        sign_out(database, tokens[0].token)
        sign_out(database, tokens[0].token)
        assert page_of_sessions(database, ann, now=NOW, before=None, limit=9) == []
        assert actions(database).count("session.revoke") == 3


@on_both
def test_sessions_that_are_over_do_not_stay(tmp_path: Path) -> None:
    """The table does not grow with the years."""
    with Database.open(tmp_path) as database:
        ann = add_user(database, "ann@example.com")
        for week in range(3):
            add_session(database, ann, now=NOW + week * LIFETIME)
        assert database.rows("SELECT count(*) FROM sessions") == [(1,)]


@given(st.text(min_size=1), st.text())
def test_a_csrf_token_belongs_to_one_session(token: str, other: str) -> None:
    """A page of somebody else's cannot compute it, and one of another session is of no use."""
    assert is_csrf_token(token, csrf_token(token))
    assert is_csrf_token(other, csrf_token(token)) == (other == token)
    assert not is_csrf_token(token, other)
    assert token not in csrf_token(token) or len(token) < 5


def test_without_a_session_there_is_no_csrf_token() -> None:
    """An empty cookie must not be a key that everybody knows."""
    assert not is_csrf_token("", csrf_token(""))

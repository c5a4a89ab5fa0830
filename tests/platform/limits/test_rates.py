"""Rates: set, listed, deleted, checked, written to the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.people.persons import NOW

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.keys import create_key
from modelbay.platform.limits.rates import MOST, delete_rate, limits_of, list_rates, set_rate
from modelbay.platform.limits.scopes import EACH, Limits, Scope
from modelbay.platform.people.workspaces import create_workspace, delete_workspace
from modelbay.store import Database, audit, marks, people
from modelbay.store.people import UserRow

SOME = Limits(requests=60, tokens=10_000, parallel=5)


@pytest.fixture
def database(tmp_path: Path, backend: str) -> Iterator[Database]:
    """A database that holds nothing but the first workspace."""
    with Database.open(tmp_path) as database:
        yield database


def a_member(database: Database) -> str:
    """Return the id of a member of the first workspace."""
    row = UserRow(id="usr_ann", email="ann@example.com", name="Ann", password="", created=NOW)
    with database.transaction():
        people.insert_user(database, row)
        people.insert_member(database, "default", row.id, "member", NOW)
    return row.id


def test_a_rate_is_set_changed_listed_and_deleted(database: Database) -> None:
    """Of the workspace, a member, a key, a model, and of each of them."""
    key, member = create_key(database).row.id, a_member(database)
    places = [
        (Scope.MODEL, "openai/gpt-4.1"),
        (Scope.KEY, key),
        (Scope.KEY, EACH),
        (Scope.MEMBER, member),
        (Scope.WORKSPACE, ""),
    ]
    for scope, scope_id in places:
        set_rate(database, "default", scope, scope_id, SOME, actor="cli")
    changed = set_rate(database, "default", Scope.KEY, key, Limits(parallel=1), actor="cli")
    listed = list_rates(database, "default")

    assert [(row.scope, row.scope_id) for row in listed] == [
        *(("workspace", ""), ("member", member), ("key", "*"), ("key", key), ("model", "openai/gpt-4.1"))
    ]
    assert changed in listed
    assert (changed.version, limits_of(changed)) == (2, Limits(parallel=1))
    assert {limits_of(row) for row in listed if row != changed} == {SOME}

    assert delete_rate(database, "default", Scope.KEY, key, actor="cli") == changed
    assert len(list_rates(database, "default")) == 4
    with pytest.raises(InvokeBadRequestError, match=r"^rate: 'key key_.*' has none") as gone:
        delete_rate(database, "default", Scope.KEY, key, actor="cli")
    assert gone.value.status == 404


def test_every_change_is_in_the_audit_log_and_raises_the_marks(database: Database) -> None:
    """With what there was before; gateways see one mark, those of the release before the other."""
    set_rate(database, "default", Scope.WORKSPACE, "", SOME, actor="usr_a")
    set_rate(database, "default", Scope.WORKSPACE, "", Limits(tokens=7), actor="usr_b")
    delete_rate(database, "default", Scope.WORKSPACE, "", actor="cli")
    rows = audit.listed(database, "default")
    was = {"requests": 60, "tokens": 10_000, "parallel": 5}

    assert sorted((row.actor, row.action, row.target) for row in rows) == [
        ("cli", "rate.delete", "workspace"),
        ("usr_a", "rate.set", "workspace"),
        ("usr_b", "rate.set", "workspace"),
    ]
    [second] = [row.detail for row in rows if row.actor == "usr_b"]
    assert second == {"requests": None, "tokens": 7, "parallel": None, "was": was}
    for kind in ("credentials", "rates"):
        assert marks.mark(database, kind, "default") == marks.mark(database, kind) == 3


def test_two_who_change_a_rate_at_once_do_not_undo_each_other(database: Database) -> None:
    """Who has seen none has seen version 0."""
    set_rate(database, "default", Scope.WORKSPACE, "", SOME, version=0, actor="cli")
    with pytest.raises(InvokeBadRequestError, match=r"^version: .* it is 1, not 0") as refused:
        set_rate(database, "default", Scope.WORKSPACE, "", Limits(tokens=7), version=0, actor="cli")
    with pytest.raises(InvokeBadRequestError, match=r"^version: .* it is 1, not 2"):
        delete_rate(database, "default", Scope.WORKSPACE, "", version=2, actor="cli")

    assert refused.value.status == 409
    assert [limits_of(row) for row in list_rates(database, "default")] == [SOME]
    assert marks.mark(database, "rates") == marks.mark(database, "credentials") == 1


@pytest.mark.parametrize(
    ("scope", "scope_id", "limits", "error"),
    [
        (Scope.WORKSPACE, "", Limits(), "limits: give at least one of requests, tokens and parallel"),
        (Scope.WORKSPACE, "", Limits(requests=0), "requests: a number from 1 to"),
        (Scope.WORKSPACE, "", Limits(tokens=MOST + 1), "tokens: a number from 1 to"),
        (Scope.WORKSPACE, "", Limits(parallel=-1), "parallel: a number from 1 to"),
        (Scope.WORKSPACE, "default", SOME, "id: a workspace's own rate has none"),
        (Scope.MEMBER, "usr_x", SOME, "member: there is no member 'usr_x'; see modelbay member list"),
        (Scope.KEY, "key_x", SOME, "key: there is no key 'key_x'; see modelbay key list"),
        (Scope.MODEL, "gpt-4.1", SOME, r"model: write provider/model, or \* for each model"),
        (Scope.MODEL, "a/b\n", SOME, "model: write provider/model"),
        (Scope.MODEL, "", SOME, "model: write provider/model"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    database: Database, scope: Scope, scope_id: str, limits: Limits, error: str
) -> None:
    """Neither the table nor the marks."""
    with pytest.raises(InvokeBadRequestError, match=f"^{error}"):
        set_rate(database, "default", scope, scope_id, limits, actor="cli")

    assert list_rates(database, "default") == []
    assert marks.mark(database, "rates") == marks.mark(database, "credentials") == 0


def test_workspaces_know_nothing_of_each_other(database: Database) -> None:
    """Nobody limits another's key, and what a workspace had goes with it."""
    other = create_workspace(database, "Team B", actor="cli").id
    key = create_key(database).row.id
    with pytest.raises(InvokeBadRequestError, match="key: there is no key"):
        set_rate(database, other, Scope.KEY, key, SOME, actor="cli")
    with pytest.raises(InvokeBadRequestError, match="workspace: there is no workspace 'ws_x'"):
        set_rate(database, "ws_x", Scope.WORKSPACE, "", SOME, actor="cli")
    set_rate(database, other, Scope.WORKSPACE, "", SOME, actor="cli")
    assert list_rates(database, "default") == []

    delete_workspace(database, other, actor="cli")
    assert database.rows("SELECT * FROM rates") == []


@given(
    *[st.builds(Limits, **dict.fromkeys(("requests", "tokens", "parallel"), st.none() | st.integers(1, 9)))]
    * 2
)
def test_a_limit_is_ones_own_or_that_of_each(own: Limits, each: Limits) -> None:
    """No limit vanishes because another one was set."""
    for name in ("requests", "tokens", "parallel"):
        mine, theirs = getattr(own, name), getattr(each, name)
        assert getattr(own.over(each), name) == (theirs if mine is None else mine)

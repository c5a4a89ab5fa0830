"""Who may do what: one table, closed to all that it does not name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import modelbay
from modelbay.platform.people.permissions import ACTIONS, INSTALLATION, Role, check_grant, judged_in, may
from modelbay.platform.people.refusals import ForbiddenError

PACKAGE = Path(modelbay.__file__).parent
SUBJECTS = (
    *("workspace", "member", "invitation", "key", "credential", "model", "default", "quota", "budget"),
    *("rate", "route", "network", "vault", "usage", "audit", "apply"),
)
roles = st.sampled_from(Role)


def audited_actions() -> set[str]:
    """Return the actions that the platform writes into the audit log: read from its code."""
    return {
        node.value
        for path in (PACKAGE / "platform").rglob("*.py")
        if "audit" in path.read_text("utf-8") and path.name != "permissions.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_action(node.value)
    }


def is_action(text: str) -> bool:
    """Whether a text looks like the name of an action."""
    subject, dot, verb = text.partition(".")
    known = {action.partition(".")[0] for action in ACTIONS}
    return bool(dot) and subject in known and verb.replace("-", "").isalpha()


def test_every_action_that_is_audited_is_in_the_table() -> None:
    """What can be changed can be allowed or refused."""
    found = audited_actions()

    assert len(found) > 15
    assert found - set(ACTIONS) == set()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_all_that_a_workspace_has_is_in_the_table(subject: str) -> None:
    """A route cannot be written without an action to check."""
    assert any(action.startswith(f"{subject}.") for action in ACTIONS)


@given(roles, st.sampled_from(sorted(ACTIONS)))
def test_an_owner_may_all_that_an_admin_may_and_an_admin_all_that_a_member_may(
    role: Role, action: str
) -> None:
    """Roles are a ladder: nobody gains by having less."""
    above = [other for other in Role if other.includes(role)]

    assert not may(role, action) or all(may(other, action) for other in above)
    assert may(Role.OWNER, action)


@given(st.none() | roles, st.text())
def test_what_is_not_in_the_table_nobody_may(role: Role | None, action: str) -> None:
    """A mistyped action is refused, not allowed."""
    assert may(role, action) == (role is not None and action in ACTIONS and role.includes(ACTIONS[action]))


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_who_is_no_member_may_nothing(action: str) -> None:
    """Another workspace's members are strangers."""
    assert not may(None, action)


def test_a_member_changes_nothing_that_others_have() -> None:
    """A member reads, and sees to own sessions and password."""
    own = {"session", "password", "invitation", "member"}
    changed = {a for a in ACTIONS if may(Role.MEMBER, a) and not a.endswith((".read", ".explain"))}

    assert {action.partition(".")[0] for action in changed} <= own
    assert "member.role" not in changed
    assert "credential.validate" not in changed


def test_what_concerns_all_workspaces_is_judged_in_the_first() -> None:
    """Whoever owns one workspace must not lend himself the installation's money, nor reach its neighbours."""
    assert not INSTALLATION - set(ACTIONS)
    assert all(ACTIONS[action] is Role.OWNER for action in INSTALLATION)
    assert judged_in("quota.set", "ws_1") == "default"
    assert judged_in("budget.set", "ws_1") == "ws_1"


@given(roles, roles)
def test_nobody_gives_what_is_above_their_own(authority: Role, role: Role) -> None:
    """Else an admin would be an owner one request later."""
    if authority.includes(role):
        check_grant(authority, role)
    else:
        with pytest.raises(ForbiddenError, match=r"^role: as \w+ you can neither make nor change an \w+"):
            check_grant(authority, role)

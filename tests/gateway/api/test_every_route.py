"""Who may do what, asked of every operation that there is: made from the table, so that none is left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.gateway.api.site import Holder, Person, Site

from modelbay.gateway.api.operation import Operation, Scope
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.table import Table, all_operations
from modelbay.platform.people.permissions import ACTIONS, OPEN, Role, may

OPERATIONS = all_operations()
PROBE = "?no-such-parameter=1"
"""Is refused only after the caller has been let in, and before anything is done."""
LET_IN = 422
SUBJECTS = sorted({operation.action.partition(".")[0] for operation in OPERATIONS})
every = pytest.mark.parametrize("subject", SUBJECTS)


def about(subject: str) -> list[Operation]:
    """Return the operations of a subject: one gateway serves the questions about all of them."""
    found = [operation for operation in OPERATIONS if operation.action.partition(".")[0] == subject]
    assert found
    return found


def path_of(operation: Operation, workspace: str) -> str:
    """Return a path of an operation, with a query that it does not know."""
    named = operation.path.replace("{workspace}", workspace)
    return re.sub(r"\{[a-z_]+\}", "none", named) + PROBE


async def status(site: Site, who: Person | Holder | None, operation: Operation, workspace: str) -> int:
    """Return what somebody is answered."""
    path = path_of(operation, workspace)
    body: Any = {} if operation.body is not None else None
    if who is None:
        return (await site.call(operation.method, path, body)).status
    return (await who.call(operation.method, path, body)).status


def wanted(operation: Operation, role: Role | None) -> int:
    """Return what somebody with a role in the workspace that counts is to be answered."""
    if operation.scope in (Scope.OPEN, Scope.SELF) or may(role, operation.action):
        return LET_IN
    return 404 if role is None and operation.scope is Scope.WORKSPACE else 403


@every
async def test_a_role_opens_what_the_table_says_and_nothing_else(site: Site, subject: str) -> None:
    """A button that is hidden protects nothing: each operation asks for itself."""
    team = site.workspace()
    for operation in about(subject):
        workspace = "default" if operation.scope is Scope.INSTALLATION else team
        for role in (None, *Role):
            person = site.person(role, workspace)
            told = await status(site, person, operation, workspace)

            assert told == wanted(operation, role), (operation.id, role)


@every
async def test_a_role_elsewhere_opens_nothing_here(site: Site, subject: str) -> None:
    """An owner of one workspace is a stranger in another, which might as well not be there."""
    workspace, other = site.workspace(), site.workspace("Other")
    owner = site.person(Role.OWNER, other)
    for operation in about(subject):
        for stranger in (workspace, "ws_no_such"):
            assert await status(site, owner, operation, stranger) == wanted(operation, None), operation.id


async def test_what_is_not_there_and_what_is_somebody_elses_are_told_alike(site: Site) -> None:
    """Else ids of workspaces could be guessed."""
    workspace, owner = site.workspace(), site.person(Role.OWNER)

    answers = [await owner.get(f"/api/workspaces/{each}") for each in (workspace, "ws_no_such")]

    told = [{**answer.json, "request_id": ""} for answer in answers]
    assert told[0] == told[1]
    assert [set(answer.headers) for answer in answers] == [set(answers[0].headers)] * 2


@every
async def test_nobody_does_nothing(site: Site, subject: str) -> None:
    """Without a session only what is open to all is served."""
    for operation in about(subject):
        expected = LET_IN if operation.action in OPEN else 401

        assert await status(site, None, operation, "default") == expected, operation.id


@every
async def test_a_key_opens_only_what_is_marked_so_and_only_its_own_workspace(
    site: Site, subject: str
) -> None:
    """Keys are in programs: one that leaks must not be an administrator."""
    own, other = site.workspace(), site.workspace("Other")
    key = site.key(own)
    for operation in about(subject):
        told = [await status(site, key, operation, each) for each in (own, other)]
        if operation.scope is Scope.OPEN:
            assert told == [LET_IN, LET_IN], operation.id
        else:
            assert told == ([LET_IN, 404] if operation.by_key else [403, 403]), operation.id


@every
async def test_a_change_needs_the_token_of_the_sessions_own_page(site: Site, subject: str) -> None:
    """A cookie comes along with whatever another site's page sends."""
    owner = site.person(Role.OWNER)
    for operation in about(subject):
        if operation.scope is Scope.OPEN or not operation.changes:
            continue
        path, body = path_of(operation, "default"), None if operation.body is None else dict[str, Any]()
        for token in ("", "wrong", "0" * 64):
            answer = await owner.call(operation.method, path, body, x_csrf_token=token)

            assert (answer.status, answer.json["code"]) == (403, "csrf"), operation.id


def test_an_operation_without_an_action_cannot_exist() -> None:
    """What is in no table nobody could be asked about."""

    async def serve(request: Any) -> Reply:
        return Reply()

    given: Any = {"id": "x", "method": "GET", "path": "/api/x", "summary": "X.", "serve": serve}
    for action in ("", "no.such"):
        with pytest.raises(ValueError, match="no action"):
            Operation(**given, action=action)
    with pytest.raises(TypeError):
        Operation(**given)
    with pytest.raises(ValueError, match="needs a role"):
        Operation(**given, action="key.create")
    with pytest.raises(ValueError, match="names none"):
        Operation(**given, action="session.read", by_key=True)
    with pytest.raises(ValueError, match="is no path"):
        Operation(**given | {"path": "/other/x"}, action="session.read")
    with pytest.raises(ValueError, match="say in `parameters` what thing is"):
        Operation(**given | {"path": "/api/{thing}"}, action="session.read")


def test_two_operations_cannot_be_in_one_place() -> None:
    """The second would never be served, whatever its action says."""
    first = OPERATIONS[0]

    with pytest.raises(ValueError, match="two operations"):
        Table([first, first])


def test_what_is_open_is_little() -> None:
    """Each of these is guarded by a link or a password, or tells nothing."""
    assert {operation.action for operation in OPERATIONS if operation.scope is Scope.OPEN} <= set(OPEN)
    assert set(ACTIONS) >= OPEN


@pytest.mark.parametrize(
    "path",
    [
        *("/api", "/api/", "/api//session", "/api/session/", "/api/SESSION", "/api/workspaces/"),
        *("/api/workspaces//keys", "/api/../api/session", "/api/./session", "/api/%2e/session"),
        *("/api/workspaces/default%2fkeys", "/api/workspaces/default/keys/", "/api/no-such", "/api/%ff"),
    ],
)
async def test_a_path_that_is_written_otherwise_is_no_way_around(site: Site, path: str) -> None:
    """What is compared is what is served: nothing is normalised after the look at who may."""
    owner = site.person(Role.OWNER)

    answer = await owner.get(path)

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_letter_that_is_written_as_a_number_is_the_same_workspace(site: Site) -> None:
    """The role that counts is that in the workspace which the operation then works on."""
    member = site.person(Role.MEMBER)

    assert (await member.get("/api/workspaces/%64efault")).json["id"] == "default"
    assert (await member.get("/api/workspaces/%64efault/invitations")).status == 403


async def test_another_method_is_told_which_there_are(site: Site) -> None:
    """So that a mistyped method is not taken for a missing path."""
    answer = await site.call("PUT", "/api/session", {})

    assert answer.status == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, POST"

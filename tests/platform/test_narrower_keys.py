"""A key makes narrower keys, never wider ones, and what becomes of it becomes of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.platform.key_trees import lines, opened
from tests.platform.people.persons import add_member

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.key_scopes import Scopes
from modelbay.platform.keys import create_key, edit_key, get_key, narrower_key, revoke_key
from modelbay.platform.lineages import DEEPEST, states_of
from modelbay.platform.people.members import remove_member
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.refusals import ForbiddenError
from modelbay.platform.people.workspaces import create_workspace
from modelbay.store import Database, audit
from modelbay.store import keys as queries
from modelbay.store.keys import KeyRow


@pytest.fixture
def database(tmp_path: Path, backend: str) -> Iterator[Database]:
    """An empty database."""
    with Database.open(tmp_path) as opened:
        yield opened


def narrower(database: Database, parent: str, wish: Scopes | None = None, **more: Any) -> KeyRow:
    """Make a narrower key as a person does."""
    return narrower_key(database, parent, wish or Scopes(), actor="usr_1", **more).row


def is_open(database: Database, key_id: str) -> bool:
    """Whether a key opens anything."""
    found = {ids[0]: is_open for _, is_open, ids in lines(database, "default", time.time())}
    return found[key_id]


def test_what_is_not_said_is_as_of_the_key_above(database: Database) -> None:
    """Else a narrower key that names its models only would be open to every network."""
    parent = create_key(database, models=["openai/*", "fast"], networks=["10.0.0.0/8"], lifetime=60).row
    child = narrower(database, parent.id, Scopes(models=["openai/gpt-4*"]), name="job")

    assert (child.models, child.networks, child.expires) == (
        ("openai/gpt-4*",),
        ("10.0.0.0/8",),
        parent.expires,
    )
    assert (child.name, child.parent, child.workspace) == ("job", parent.id, "default")


@pytest.mark.parametrize(
    ("wish", "more", "field"),
    [
        (
            Scopes(models=["anthropic/*"]),
            {},
            r"models\[0\]: wider than .* opens 'anthropic/', which that does not",
        ),
        (Scopes(models=[]), {}, "models: wider than the key above it: it would not be restricted"),
        (Scopes(networks=["0.0.0.0/0"]), {}, r"networks\[0\]: wider"),
        (Scopes(types=["llm"], surfaces=["*"]), {}, r"surfaces\[0\]: wider"),
        (Scopes(), {"lifetime": 61.0}, "expires: it would outlive the key above it"),
        (Scopes(), {"member": "usr_2"}, "member: a narrower key is of the same member"),
        (Scopes(), {"workspace": "other"}, "parent: there is no key 'key_"),
    ],
)
def test_a_wider_key_is_not_made(database: Database, wish: Scopes, more: Any, field: str) -> None:
    """In whichever way it would be wider; and nothing is written."""
    parent = create_key(
        database, models=["openai/*"], surfaces=["openai.*", "api"], networks=["10.0.0.0/8"], lifetime=60
    ).row
    before = audit.listed(database, "default")

    with pytest.raises(InvokeBadRequestError, match=f"^{field}"):
        narrower(database, parent.id, wish, **more)

    assert [row.id for row in queries.listed(database, "default")] == [parent.id]
    assert audit.listed(database, "default") == before


def test_lineages_have_an_end(database: Database) -> None:
    """Each call counts against every key of a lineage."""
    key = create_key(database).row
    for _ in range(DEEPEST - 1):
        key = narrower(database, key.id)

    assert is_open(database, key.id)
    with pytest.raises(InvokeBadRequestError, match=r"^parent: a key has 7 keys above it at most"):
        narrower(database, key.id)


def test_a_key_that_ends_ends_all_below_it(database: Database) -> None:
    """At once, and only those; the list says why they are closed."""
    root = create_key(database).row
    child = narrower(database, root.id)
    grandchild, sibling = narrower(database, child.id), narrower(database, root.id)

    revoke_key(database, child.id, actor="usr_1")

    rows = queries.listed(database, "default")
    assert [states_of(rows, time.time())[row.id] for row in (root, child, grandchild, sibling)] == [
        *("active", "revoked", "closed", "active")
    ]
    assert [is_open(database, row.id) for row in (root, child, grandchild, sibling)] == [
        True,
        False,
        False,
        True,
    ]
    with pytest.raises(InvokeBadRequestError, match=r"^parent: .* opens nothing any more"):
        narrower(database, grandchild.id)


def test_a_key_that_expires_closes_all_below_it(database: Database) -> None:
    """Also one that was given an earlier end after they were made."""
    root = create_key(database).row
    child = narrower(database, root.id)
    edit_key(database, root.id, expires=time.time() - 1, actor="usr_1")

    assert not is_open(database, child.id)
    assert states_of(queries.listed(database, "default"), time.time())[child.id] == "closed"


def test_a_key_that_is_made_narrower_takes_those_below_it_along(database: Database) -> None:
    """They keep what they were given, and open the part of it that is left."""
    root = create_key(database, models=["openai/*"]).row
    child = narrower(database, root.id, Scopes(models=["openai/gpt-4*"]))
    edit_key(database, root.id, Scopes(models=["*mini"]), actor="usr_1")
    [*_, (found, _, lineage)] = lines(database, "default", time.time())

    assert lineage == [child.id, root.id]
    assert {model for _, _, model, _ in opened(found)} == {"openai/gpt-4.1-mini"}


def test_a_key_below_another_is_not_made_wider(database: Database) -> None:
    """Neither by its own words nor by its end."""
    root = create_key(database, models=["openai/*"], lifetime=60).row
    child = narrower(database, root.id, Scopes(models=["openai/gpt-4*"]), lifetime=30)

    for changes in ({"scopes": Scopes(models=["*"])}, {"expires": None}, {"expires": time.time() + 90}):
        with pytest.raises(InvokeBadRequestError, match="the key above it"):
            edit_key(database, child.id, **changes, actor="usr_1")
    edited = edit_key(
        database, child.id, Scopes(models=["openai/*"]), expires=root.expires, name="more", actor="usr_1"
    )

    assert get_key(database, child.id) == edited
    assert (edited.models, edited.expires, edited.name) == (("openai/*",), root.expires, "more")


def test_two_who_edit_at_once_do_not_overwrite_each_other(database: Database) -> None:
    """The second sees what the first has done, then decides."""
    key = create_key(database).row
    edited = edit_key(database, key.id, name="first", version=key.version, actor="usr_1")

    with pytest.raises(InvokeBadRequestError, match=r"^version: somebody has changed this key since"):
        edit_key(database, key.id, name="second", version=key.version, actor="usr_2")
    assert get_key(database, key.id) == edited
    assert edited.version == key.version + 1


def test_a_revoked_key_is_not_edited(database: Database) -> None:
    """It is closed for good."""
    key = create_key(database).row
    revoke_key(database, key.id)

    with pytest.raises(InvokeBadRequestError, match=r"^id: .* is revoked for good"):
        edit_key(database, key.id, expires=None, name="again", actor="usr_1")


def test_what_is_done_to_keys_is_in_the_audit_log(database: Database) -> None:
    """Who, what, to which key, from what to what; an edit that changes nothing is none."""
    new = create_key(database, name="team", models=["openai/*"], actor="usr_1")
    child = narrower_key(database, new.row.id, name="job", actor=f"key:{new.row.id}", by=new.row.id).row
    edit_key(database, child.id, Scopes(models=["openai/gpt-4*"]), actor="usr_2")
    edit_key(database, child.id, Scopes(models=["openai/gpt-4*"]), actor="usr_2")
    revoke_key(database, child.id, actor="usr_3")
    rows = list(reversed(audit.listed(database, "default")))

    assert [(row.actor, row.action, row.target) for row in rows] == [
        ("usr_1", "key.create", new.row.id),
        (f"key:{new.row.id}", "key.create", child.id),
        ("usr_2", "key.edit", child.id),
        ("usr_3", "key.revoke", child.id),
    ]
    assert rows[2].detail == {"to": {"models": ["openai/gpt-4*"]}, "was": {"models": ["openai/*"]}}
    assert new.secret not in str(rows)


def test_a_key_manages_keys_below_itself_only(database: Database) -> None:
    """Neither itself nor another's: a key that leaks must not be able to free itself."""
    mine, other = create_key(database).row, create_key(database).row
    below = narrower(database, mine.id, by=mine.id)
    elsewhere = narrower(database, other.id)

    for key_id in (mine.id, other.id, elsewhere.id):
        with pytest.raises(ForbiddenError, match="keys below itself"):
            edit_key(database, key_id, name="x", actor="key", by=mine.id)
    for key_id in (other.id, elsewhere.id):
        with pytest.raises(ForbiddenError):
            narrower(database, key_id, by=mine.id)
        with pytest.raises(ForbiddenError):
            revoke_key(database, key_id, actor="key", by=mine.id)
    assert edit_key(database, below.id, name="x", actor="key", by=mine.id).name == "x"
    assert narrower(database, below.id, by=mine.id).parent == below.id
    revoke_key(database, mine.id, actor="key", by=mine.id)
    with pytest.raises(ForbiddenError):
        edit_key(database, below.id, name="y", actor="key", by=mine.id)


@pytest.mark.parametrize(
    ("surfaces", "may"),
    [([], True), (["api"], True), (["*"], True), (["openai.*"], False), (["openai.chat"], False)],
)
def test_a_key_makes_keys_only_if_it_opens_management(
    database: Database, surfaces: list[str], may: bool
) -> None:
    """A key that was made for calls makes none; a person may make keys below it all the same."""
    key = create_key(database, surfaces=surfaces).row
    if may:
        assert narrower(database, key.id, by=key.id).parent == key.id
    else:
        with pytest.raises(ForbiddenError, match="does not open api"):
            narrower(database, key.id, by=key.id)
    assert narrower(database, key.id).surfaces == tuple(surfaces)


def test_a_members_keys_end_with_the_membership(database: Database) -> None:
    """For good: nobody who is invited again finds a forgotten key open."""
    add_member(database, "owner@acme.example", Role.OWNER)
    ann = add_member(database, "ann@acme.example", Role.MEMBER)
    key, shared = create_key(database, member=ann).row, create_key(database).row
    below = narrower(database, key.id)
    assert below.member == ann
    remove_member(database, "default", ann, actor="usr_1", authority=Role.OWNER)
    add_member(database, "ann@acme.example", Role.MEMBER)

    assert [is_open(database, each.id) for each in (key, below, shared)] == [False, False, True]
    assert audit.listed(database, "default", limit=1)[0].detail["keys"] == 2


def test_a_key_whose_member_is_gone_opens_nothing(database: Database) -> None:
    """However the member went: also by a program that knows nothing of members' keys."""
    ann = add_member(database, "ann@acme.example", Role.MEMBER)
    key = create_key(database, member=ann).row
    assert is_open(database, key.id)
    database.change("DELETE FROM members WHERE user_id = :user", {"user": ann})

    assert not is_open(database, key.id)


def test_a_key_is_of_a_member_of_its_own_workspace(database: Database) -> None:
    """A user of the installation who does not belong there has no key there."""
    elsewhere = create_workspace(database, "Other", actor="cli").id
    ann = add_member(database, "ann@acme.example", Role.MEMBER, workspace=elsewhere)

    with pytest.raises(InvokeBadRequestError, match=r"^member: .* is not a member of this workspace"):
        create_key(database, member=ann)
    assert create_key(database, member=ann, workspace=elsewhere).row.member == ann


def test_a_key_whose_parent_is_missing_opens_nothing(database: Database) -> None:
    """What cannot be known is not assumed."""
    root = create_key(database).row
    child = narrower(database, root.id)
    database.change("DELETE FROM keys WHERE id = :id", {"id": root.id})

    assert not is_open(database, child.id)
    assert states_of(queries.listed(database, "default"), time.time())[child.id] == "closed"

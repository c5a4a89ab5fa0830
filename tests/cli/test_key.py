"""`modelbay key`: made and shown once, listed without themselves, revoked for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import Here
from tests.cli.terminal import Terminal
from tests.platform.people.persons import add_member

from modelbay.platform.key_scopes import Scopes
from modelbay.platform.keys import create_key, narrower_key
from modelbay.platform.people.permissions import Role
from modelbay.platform.secrets import is_plausible
from modelbay.store import Database


def test_a_key_is_written_alone_so_that_a_script_can_take_it(here: Here, tmp_path: Path) -> None:
    """KEY=$(modelbay key create)"""
    done = here("key", "create", "--data-dir", tmp_path)

    assert (done.code, done.err) == (0, "")
    assert is_plausible(done.out.removesuffix("\n"))


def test_a_key_is_listed_with_all_but_itself(here: Here, tmp_path: Path) -> None:
    """It cannot be shown again, not even to its owner."""
    made = json.loads(
        here(
            *("key", "create", "--name", "ann", "--models", "openai/*", "--models", "acme/large"),
            *("--expires", "30d", "--json", "--data-dir", tmp_path),
        ).out
    )
    listed = here("key", "list", "--json", "--data-dir", tmp_path).out
    [row] = json.loads(listed)

    assert made.pop("key") not in listed
    assert row == made
    assert (row["name"], row["models"], row["state"]) == ("ann", ["openai/*", "acme/large"], "active")
    assert row["last_used"] is None
    assert row["expires"] > row["created"]


def test_keys_in_a_pipe_are_lines_of_columns(here: Here, tmp_path: Path) -> None:
    """cut, awk and xargs read them."""
    here("key", "create", "--name", "ann", "--data-dir", tmp_path)
    [line] = here("key", "list", "--data-dir", tmp_path).out.splitlines()
    cells = line.split("\t")

    assert len(cells) == 13
    assert cells[0].startswith("key_")
    assert cells[1] == "ann"
    assert cells[3] == "active"


def test_a_key_is_revoked(here: Here, tmp_path: Path) -> None:
    """By the id that the list shows; a second time is an error, for a script to see."""
    key_id = json.loads(here("key", "create", "--json", "--data-dir", tmp_path).out)["id"]

    assert here("key", "revoke", key_id, "--data-dir", tmp_path).out == f"{key_id} is revoked\n"
    assert json.loads(here("key", "list", "--json", "--data-dir", tmp_path).out)[0]["state"] == "revoked"
    again = here("key", "revoke", key_id, "--data-dir", tmp_path)
    assert (again.code, again.error) == (
        2,
        f"error: ID: there is no key '{key_id}' that could be revoked; see modelbay key list",
    )


def test_the_directory_comes_from_the_environment(here: Here, tmp_path: Path) -> None:
    """The same as the gateway's."""
    here("key", "create", MODELBAY_DATA_DIR=str(tmp_path / "data"))

    assert len(here("key", "list", MODELBAY_DATA_DIR=str(tmp_path / "data")).out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--expires", "soon"], "--expires: 'soon' is not a length of time"),
        (["--models", "a b"], "models[0]: 'a b' is not a pattern"),
        (["--name", "a\nb"], "name: at most 200 characters"),
        (["--types", "chat"], "types[0]: 'chat' is not a type of models; they are llm, "),
        (["--surfaces", "openai.chatt"], "surfaces[0]: 'openai.chatt' names nothing that the gateway serves"),
        (["--networks", "10.0.0.1/8"], "networks[0]: '10.0.0.1/8' is no range of addresses"),
        (["--member", "ann@acme.example"], "member: 'ann@acme.example' is not a member of this workspace"),
        (["--under", "key_x"], "parent: there is no key 'key_x'; see modelbay key list"),
    ],
)
def test_a_mistake_is_named_and_makes_no_key(
    here: Here, tmp_path: Path, arguments: list[str], error: str
) -> None:
    """One line that says what to write instead."""
    done = here("key", "create", *arguments, "--data-dir", tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.error.startswith(f"error: {error}")
    assert here("key", "list", "--data-dir", tmp_path).out == ""


def test_a_directory_that_cannot_be_used_is_one_line(here: Here, tmp_path: Path) -> None:
    """Not a traceback of a database."""
    (tmp_path / "file").touch()
    done = here("key", "list", "--data-dir", tmp_path / "file" / "data")

    assert done.code == 1
    assert "cannot be used as data directory" in done.error


def test_key_alone_shows_its_commands(here: Here) -> None:
    """As `call` does."""
    done = here("key")

    assert done.code == 0
    assert all(command in done.out for command in ("create", "list", "edit", "revoke"))


def made(here: Here, folder: Path, *arguments: str) -> dict[str, Any]:
    """Make a key; return what JSON tells of it."""
    done = here("key", "create", "--json", *arguments, "--data-dir", folder)
    assert done.err == ""
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_a_narrower_key_takes_what_is_not_said_from_the_key_above_it(here: Here, tmp_path: Path) -> None:
    """And what is said has to be within it: one line that tells what would be wider."""
    team = made(here, tmp_path, "--models", "openai/*", "--networks", "10.0.0.0/8", "--expires", "30d")
    job = made(here, tmp_path, "--under", team["id"], "--types", "llm", "--surfaces", "openai.chat")
    wider = here("key", "create", "--under", team["id"], "--models", "*", "--data-dir", tmp_path)

    assert (job["parent"], job["models"], job["networks"]) == (team["id"], ["openai/*"], ["10.0.0.0/8"])
    assert (job["types"], job["surfaces"], job["expires"]) == (["llm"], ["openai.chat"], team["expires"])
    assert wider.code == 2
    assert wider.error == "error: models[0]: wider than the key above it: '*' opens '', which that does not"


def test_a_key_is_a_members(here: Here, tmp_path: Path) -> None:
    """By e-mail, as people know each other; the list tells whose it is."""
    with Database.open(tmp_path) as database:
        ann = add_member(database, "ann@acme.example", Role.MEMBER)
    key = made(here, tmp_path, "--member", "ann@acme.example")
    [line] = here("key", "list", "--data-dir", tmp_path).out.splitlines()

    assert key["member"] == ann
    assert line.split("\t")[11] == ann


def test_a_key_is_edited(here: Here, tmp_path: Path) -> None:
    """What is given takes the place of what was; the rest stays; scripts say which version they have seen."""
    key = made(here, tmp_path, "--name", "ann", "--models", "openai/*", "--networks", "10.0.0.0/8")
    change = ("key", "edit", key["id"], "--data-dir", tmp_path)
    edited = json.loads(
        here(
            *(*change, "--types", "llm", "--any", "networks", "--expires", "1d", "--version", "1", "--json"),
        ).out
    )
    late = here(*change, "--name", "bob", "--version", "1")
    again = here(*change, "--name", "bob", "--expires", "never")
    [row] = json.loads(here("key", "list", "--json", "--data-dir", tmp_path).out)

    assert (edited["models"], edited["types"], edited["networks"]) == (["openai/*"], ["llm"], [])
    assert edited["expires"] is not None
    assert late.error == "error: version: somebody has changed this key since: read it again"
    assert again.out == f"{key['id']} is changed\n"
    assert (row["name"], row["types"], row["expires"], row["version"]) == ("bob", ["llm"], None, 3)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--any", "model"], "error: --any: 'model' is none of models, types, surfaces, networks"),
        (["--any", "models", "--models", "a/*"], "error: --any models and --models exclude each other"),
        (["--expires", "soon"], "error: --expires: 'soon' is not a length of time"),
    ],
)
def test_a_mistake_of_an_edit_changes_nothing(
    here: Here, tmp_path: Path, arguments: list[str], error: str
) -> None:
    """The version stays what it was."""
    key = made(here, tmp_path)
    done = here("key", "edit", key["id"], *arguments, "--data-dir", tmp_path)
    [row] = json.loads(here("key", "list", "--json", "--data-dir", tmp_path).out)

    assert done.code == 2
    assert done.error.startswith(error)
    assert row["version"] == 1


def test_a_key_that_is_closed_by_another_is_listed_so(here: Here, tmp_path: Path) -> None:
    """Else somebody would look for the reason in the key itself."""
    team = made(here, tmp_path)
    made(here, tmp_path, "--under", team["id"])
    revoked = here("key", "revoke", team["id"], "--json", "--data-dir", tmp_path)
    lines = here("key", "list", "--data-dir", tmp_path).out.splitlines()

    assert json.loads(revoked.out) == {"id": team["id"], "revoked": True}
    assert [line.split("\t")[3] for line in lines] == ["revoked", "closed"]


def test_on_a_terminal_keys_are_a_tree(tmp_path: Path) -> None:
    """Narrower keys stand below theirs, with all that they are restricted to."""
    with Database.open(tmp_path) as database:
        ann = add_member(database, "ann@acme.example", Role.MEMBER)
        team = create_key(database, name="team", models=["openai/*"], member=ann).row
        other = create_key(database, name="other").row
        job = narrower_key(database, team.id, Scopes(types=["llm"]), actor="cli").row
    with Terminal("key", "list", "--data-dir", str(tmp_path), COLUMNS="120") as terminal:
        assert terminal.ended() == 0
        shown = terminal.rest()
    lines = [line.rstrip() for line in shown.splitlines()]
    starts = [line.split("  ")[0] for line in lines if "key_" in line]

    assert starts == [team.id, f"└ {job.id}", other.id]
    assert "member: ann@acme.example" in shown
    assert "types: llm" in shown

"""`modelbay member`: invited by a link, listed, made more or less, removed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.cli.commands import Here

from modelbay.platform.people.invitations import accept_as_new
from modelbay.store import Database


def join(directory: Path, link: str, name: str) -> None:
    """Use an invitation, as the page behind its link does."""
    with Database.open(directory) as database:
        accept_as_new(database, link.strip().partition("#")[2], name=name, password="", now=time.time())


def test_an_invitation_is_a_link_written_alone(here: Here, tmp_path: Path) -> None:
    """The token stands behind #, which no browser sends to a server."""
    done = here(
        *("member", "invite", "Ann@Example.com", "--role", "owner"),
        *("--url", "https://bay.example/", "--data-dir", tmp_path),
    )
    [line] = here("member", "list", "--data-dir", tmp_path).out.splitlines()
    cells = line.split("\t")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("https://bay.example/join#")
    assert cells[0].startswith("inv_")
    assert cells[1:6] == ["ann@example.com", "owner", "invited", "", ""]
    assert cells[6] > "2026"
    assert done.out.strip().partition("#")[2] not in line


def test_who_has_joined_is_listed_changed_and_removed(here: Here, tmp_path: Path) -> None:
    """By address or id; each step can be read by a script."""
    for name in ("ann", "ben"):
        link = here("member", "invite", f"{name}@x.example", "--role", "owner", "--data-dir", tmp_path).out
        join(tmp_path, link, name.title())
    [ann, ben] = json.loads(here("member", "list", "--json", "--data-dir", tmp_path).out)
    changed = json.loads(
        here("member", "role", "Ben@x.example", "member", "--json", "--data-dir", tmp_path).out
    )

    assert (ann["name"], ann["role"], ann["state"], ann["expires"]) == ("Ann", "owner", "active", None)
    assert changed == {"id": ben["id"], "email": "ben@x.example", "role": "member"}
    assert here("member", "remove", ben["id"], "--data-dir", tmp_path).out == "ben@x.example is removed\n"
    assert len(here("member", "list", "--data-dir", tmp_path).out.splitlines()) == 1
    last = here("member", "remove", "ann@x.example", "--data-dir", tmp_path)
    assert (last.code, last.error) == (
        2,
        "error: member: ann@x.example is the last owner: make somebody else an owner first",
    )


def test_an_invitation_is_taken_back(here: Here, tmp_path: Path) -> None:
    """By the address that it was for."""
    new = json.loads(here("member", "invite", "ann@x.example", "--json", "--data-dir", tmp_path).out)
    done = here("member", "remove", "Ann@x.example", "--data-dir", tmp_path)

    assert (new["role"], new["state"]) == ("member", "invited")
    assert "/join#" in new["link"]
    assert done.out == "ann@x.example is not invited any more\n"
    assert here("member", "list", "--data-dir", tmp_path).out == ""


def test_each_workspace_has_members_of_its_own(here: Here, tmp_path: Path) -> None:
    """Named with --workspace, or once for all in the environment."""
    other = here("workspace", "create", "Other", "--data-dir", tmp_path).out.strip()
    here("member", "invite", "ann@x.example", "--workspace", other, "--data-dir", tmp_path)

    assert here("member", "list", "--data-dir", tmp_path).out == ""
    assert "ann@x.example" in here("member", "list", "--data-dir", tmp_path, MODELBAY_WORKSPACE=other).out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["invite", "ann"], "email: 'ann' is not an e-mail address"),
        (["invite", "ann@x.example", "--role", "king"], "Invalid value for '--role': "),
        (["role", "ann@x.example", "owner"], "member: 'ann@x.example' is not a member of this workspace"),
        (["remove", "usr_x"], "member: 'usr_x' is not a member of this workspace; see modelbay member list"),
        (["list", "--workspace", "ws_x"], "workspace: there is no workspace 'ws_x'"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    here: Here, tmp_path: Path, arguments: list[str], error: str
) -> None:
    """One line that says what to do."""
    done = here("member", *arguments, "--data-dir", tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.error.startswith(f"error: {error}")


def test_member_alone_shows_its_commands(here: Here) -> None:
    """As `key` does."""
    done = here("member")

    assert done.code == 0
    assert all(command in done.out for command in ("list", "invite", "role", "remove"))

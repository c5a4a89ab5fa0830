"""`modelbay rate`: set, listed, deleted."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.cli.commands import Here

from modelbay.platform.people.invitations import accept_as_new
from modelbay.store import Database


def test_a_rate_is_set_listed_and_deleted(here: Here, tmp_path: Path) -> None:
    """Set says all of it: what is not given is off."""
    key = json.loads(here("key", "create", "--json", "--data-dir", tmp_path).out)["id"]
    said = here("rate", "set", "key", key, "--requests", "60", "--parallel", "5", "--data-dir", tmp_path)
    here("rate", "set", "key", "*", "--tokens", "100000", "--data-dir", tmp_path)
    here("rate", "set", "workspace", "--tokens", "1000000", "--data-dir", tmp_path)
    listed = here("rate", "list", "--data-dir", tmp_path).out

    assert (said.code, said.err) == (0, "")
    assert said.out == f"key {key}: 60 requests a minute, 5 calls at once\n"
    assert listed == (f"workspace\t\t\t1000000\t\t1\nkey\t*\t\t100000\t\t1\nkey\t{key}\t60\t\t5\t1\n")
    gone = here("rate", "delete", "key", key, "--data-dir", tmp_path)
    assert gone.out == f"key {key} has no rate any more\n"
    assert len(here("rate", "list", "--data-dir", tmp_path).out.splitlines()) == 2


def test_all_of_it_is_said_as_json(here: Here, tmp_path: Path) -> None:
    """What is set, listed and deleted has one shape."""
    command = ("rate", "set", "model", "openai/gpt-4.1", "--tokens", "5", "--json", "--data-dir", tmp_path)
    made = json.loads(here(*command, "--version", "0").out)
    again = json.loads(here(*command, "--version", "1", "--requests", "7").out)
    [listed] = json.loads(here("rate", "list", "--json", "--data-dir", tmp_path).out)
    gone = json.loads(here("rate", "delete", "model", "openai/gpt-4.1", "--json", "--data-dir", tmp_path).out)

    assert {name: made[name] for name in made if name != "updated"} == {
        "scope": "model",
        "id": "openai/gpt-4.1",
        "requests": None,
        "tokens": 5,
        "parallel": None,
        "version": 1,
    }
    assert again == made | {"requests": 7, "version": 2, "updated": again["updated"]}
    assert listed == gone == again


def test_a_member_is_named_by_e_mail(here: Here, tmp_path: Path) -> None:
    """Nobody knows ids by heart."""
    link = here("member", "invite", "ann@x.example", "--role", "owner", "--data-dir", tmp_path).out
    with Database.open(tmp_path) as database:
        accept_as_new(database, link.strip().partition("#")[2], name="Ann", password="", now=time.time())
    [ann] = json.loads(here("member", "list", "--json", "--data-dir", tmp_path).out)
    here("rate", "set", "member", "Ann@x.example", "--requests", "7", "--data-dir", tmp_path)

    assert here("rate", "list", "--data-dir", tmp_path).out == f"member\t{ann['id']}\t7\t\t\t1\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["set", "workspace"], "limits: give at least one of requests, tokens and parallel"),
        (["set", "workspace", "--requests", "0"], "requests: a number from 1 to"),
        (["set", "workspace", "--requests", "1", "--version", "3"], "version: somebody has changed it since"),
        (["set", "key", "--requests", "1"], "key: there is no key ''; see modelbay key list"),
        (["set", "member", "x@x.example", "--requests", "1"], "member: "),
        (["set", "planet", "--requests", "1"], "Invalid value for"),
        (["delete", "workspace"], "rate: 'workspace' has none; see modelbay rate list"),
        (["list", "--workspace", "ws_x"], "workspace: there is no workspace 'ws_x'"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    here: Here, tmp_path: Path, arguments: list[str], error: str
) -> None:
    """One line that says what to do."""
    done = here("rate", *arguments, "--data-dir", tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.error.startswith(f"error: {error}")
    assert here("rate", "list", "--data-dir", tmp_path).out == ""


def test_rate_alone_shows_its_commands(here: Here) -> None:
    """As `key` does."""
    done = here("rate")

    assert done.code == 0
    assert all(command in done.out for command in ("set", "list", "delete"))

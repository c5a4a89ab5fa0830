"""`modelbay key`: made and shown once, listed without themselves, revoked for good."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.commands import Here

from modelbay.platform.secrets import is_plausible


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

    assert len(cells) == 8
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
    assert all(command in done.out for command in ("create", "list", "revoke"))

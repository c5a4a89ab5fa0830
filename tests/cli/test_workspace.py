"""`modelbay workspace`: made, listed, renamed, deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.commands import Here


def test_a_workspace_is_made_and_its_id_written_alone(here: Here, tmp_path: Path) -> None:
    """WORKSPACE=$(modelbay workspace create "Team A")"""
    done = here("workspace", "create", "Team A", "--data-dir", tmp_path)
    [first, second] = here("workspace", "list", "--data-dir", tmp_path).out.splitlines()

    assert (done.code, done.err) == (0, "")
    assert first.split("\t")[:2] == ["default", "Default"]
    assert second.split("\t")[:2] == [done.out.removesuffix("\n"), "Team A"]


def test_all_of_it_is_said_as_json(here: Here, tmp_path: Path) -> None:
    """What is made, listed and renamed has one shape."""
    made = json.loads(here("workspace", "create", "Team A", "--json", "--data-dir", tmp_path).out)
    named = json.loads(here("workspace", "rename", made["id"], "B", "--json", "--data-dir", tmp_path).out)
    listed = json.loads(here("workspace", "list", "--json", "--data-dir", tmp_path).out)
    gone = json.loads(here("workspace", "delete", made["id"], "--json", "--data-dir", tmp_path).out)

    assert named == made | {"name": "B", "version": 2}
    assert listed[1] == named
    assert gone == {"id": made["id"], "deleted": True}
    assert len(here("workspace", "list", "--data-dir", tmp_path).out.splitlines()) == 1


def test_a_workspace_with_keys_is_deleted_by_force_only(here: Here, tmp_path: Path) -> None:
    """Somebody's program uses them."""
    workspace = here("workspace", "create", "Team A", "--data-dir", tmp_path).out.strip()
    here("key", "create", "--workspace", workspace, "--data-dir", tmp_path)
    refused = here("workspace", "delete", workspace, "--data-dir", tmp_path)
    forced = here("workspace", "delete", workspace, "--force", "--data-dir", tmp_path)

    assert refused.code == 2
    assert refused.error == "error: workspace: 'Team A' still has 1 key; force deletes them too"
    assert (forced.code, forced.out) == (0, f"{workspace} is deleted\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["create", ""], "name: 1 to 100 characters"),
        (["rename", "ws_x", "B"], "workspace: there is no workspace 'ws_x'; see modelbay workspace list"),
        (["delete", "ws_x"], "workspace: there is no workspace 'ws_x'"),
        (["delete", "default", "--force"], "workspace: the first workspace cannot be deleted; rename it"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    here: Here, tmp_path: Path, arguments: list[str], error: str
) -> None:
    """One line that says what to do."""
    done = here("workspace", *arguments, "--data-dir", tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.error.startswith(f"error: {error}")
    assert len(here("workspace", "list", "--data-dir", tmp_path).out.splitlines()) == 1


def test_workspace_alone_shows_its_commands(here: Here) -> None:
    """As `key` does."""
    done = here("workspace")

    assert done.code == 0
    assert all(command in done.out for command in ("list", "create", "rename", "delete"))

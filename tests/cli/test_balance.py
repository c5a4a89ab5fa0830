"""`modelbay balance`: credentials that share calls are set as one list, shown with their state, cleared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import Done, Here
from tests.upstreams.openai import OpenAIUpstream

KEY = "sk-right-key-123"


class Desk:
    """The commands over one data directory with two credentials."""

    def __init__(self, here: Here, folder: Path, url: str) -> None:
        self._here = here
        self._folder = folder
        self.ids = [self._add(url, name) for name in ("one", "two")]

    def _add(self, url: str, name: str) -> str:
        base = f"openai_api_base={url}/v1"
        done = self("credential", "add", "openai", "--set", base, "--name", name, "--json", stdin=KEY)
        assert done.code == 0, done.err
        return str(json.loads(done.out)["id"])

    def __call__(self, *arguments: str, stdin: str = "") -> Done:
        """Run a command."""
        return self._here(*arguments, "--data-dir", str(self._folder), stdin=stdin.encode())

    def shown(self) -> list[dict[str, Any]]:
        """Return all balances."""
        found: list[dict[str, Any]] = json.loads(self("balance", "show", "--json").out)
        return found


@pytest.fixture
def desk(here: Here, tmp_path: Path, openai: OpenAIUpstream) -> Desk:
    return Desk(here, tmp_path, openai.url)


def test_credentials_share_the_calls_of_a_provider(desk: Desk) -> None:
    """modelbay balance set openai --entry ID,weight=3 --entry active"""
    one, two = desk.ids

    done = desk("balance", "set", "openai", "--entry", f"{two},weight=3", "--entry", "active")
    rows = [line.split("\t") for line in desk("balance", "show").out.splitlines()]

    assert done.out == "the calls of openai are shared by 2 credentials\n"
    assert rows == [
        ["openai", "", "weighted", "balanced", two, "two", "3", "ready"],
        ["openai", "", "weighted", "balanced", "active", "one", "1", "ready"],
    ]
    [found] = desk.shown()
    assert (found["version"], found["entries"][1]["uses"]) == (1, one)


def test_a_model_has_a_balance_of_its_own_and_an_entry_may_be_off(desk: Desk) -> None:
    """What can still be used is then too little to balance, and that is said."""
    one, two = desk.ids
    model = ("--model", "gpt-4.1-mini", "--strategy", "least-busy")

    done = desk("balance", "set", "openai", *model, "-e", one, "-e", f"{two},off")

    assert done.out.startswith("the calls of openai/gpt-4.1-mini are shared by 2 credentials; for now 1 of")
    [found] = desk.shown()
    assert (found["model"], found["type"], found["strategy"]) == ("gpt-4.1-mini", "llm", "least-busy")
    assert (found["status"], found["entries"][1]["status"]) == ("plain", "off")


def test_a_deleted_key_is_seen_in_the_list(desk: Desk) -> None:
    """By its name, with what to do."""
    one, two = desk.ids
    desk("balance", "set", "openai", "-e", one, "-e", two)
    desk("credential", "delete", two)

    [found] = desk.shown()

    broken = found["entries"][1]
    assert (broken["name"], broken["status"]) == ("two", "credential-removed")
    assert found["status"] == "plain"


def test_a_balance_is_cleared_once(desk: Desk) -> None:
    """The credentials stay."""
    desk("balance", "set", "openai", "-e", desk.ids[0], "-e", desk.ids[1])

    cleared = json.loads(desk("balance", "clear", "openai", "--json").out)
    again = desk("balance", "clear", "openai")

    assert cleared == {"provider": "openai", "model": None, "cleared": True}
    assert (again.code, again.error) == (2, "error: provider: the calls of openai are not balanced")
    assert desk.shown() == []
    assert len(desk("credential", "list", "openai").out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-e", "active"), "entries: 2 to 100 credentials"),
        (("-e", "active", "-e", "cred_none"), "entries: openai has no credentials 'cred_none'"),
        (("-e", "active,weight=many", "-e", "x"), "--entry: 'weight=many' is neither weight=N nor off"),
        (("-e", "a", "-e", "b", "-s", "random"), "--strategy: there is no 'random'"),
        (("-e", "active", "-e", "ID", "--version", "4"), "somebody has changed this balance since"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(desk: Desk, arguments: tuple[str, ...], told: str) -> None:
    """And nothing is saved."""
    given = [each.replace("ID", desk.ids[0]) for each in arguments]

    done = desk("balance", "set", "openai", *given)

    assert (done.code, done.out) == (2, "")
    assert told in done.error
    assert desk.shown() == []

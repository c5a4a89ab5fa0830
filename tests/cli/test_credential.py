"""`modelbay credential`: accepted by the provider before they are kept, and never seen again in the open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import Done, Here
from tests.upstreams.openai import OpenAIUpstream

KEY = "sk-right-key-123"


class Credentials:
    """The command over one data directory, with a provider that knows one key."""

    def __init__(self, here: Here, folder: Path, url: str) -> None:
        self._here = here
        self._folder = folder
        self.base = f"openai_api_base={url}/v1"

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        """Run one of its commands."""
        arguments = (*arguments, "--data-dir", str(self._folder))
        return self._here("credential", *arguments, stdin=stdin.encode(), env=environment)

    def add(self, *arguments: str, key: str = KEY) -> dict[str, Any]:
        """Add credentials; return what is told of them."""
        done = self("add", "openai", "--set", self.base, "--json", *arguments, stdin=key)
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads(done.out)
        return found

    def listed(self, *arguments: str, **environment: str) -> list[dict[str, Any]]:
        """Return all credentials."""
        found: list[dict[str, Any]] = json.loads(self("list", "--json", *arguments, **environment).out)
        return found


@pytest.fixture
def credentials(here: Here, tmp_path: Path, openai: OpenAIUpstream) -> Credentials:
    """An empty data directory."""
    return Credentials(here, tmp_path, openai.url)


def test_a_key_on_stdin_is_added_once_the_provider_accepts_it(credentials: Credentials) -> None:
    """modelbay credential add openai < key: a secret is no argument, which others can see."""
    done = credentials("add", "openai", "--set", credentials.base, stdin=KEY + "\n")
    [row] = credentials.listed()

    assert done.out == f"{row['id']} is used from now on\n"
    assert (row["name"], row["provider"], row["active"], row["status"]) == (
        *("API key 1", "openai"),
        *(True, "ready"),
    )
    assert row["values"]["openai_api_key"] == "sk-rig************23"
    assert KEY not in done.out + done.err


def test_a_key_that_the_provider_refuses_is_not_kept(credentials: Credentials) -> None:
    """The exit code is that of refused credentials; the key is in no message."""
    done = credentials("add", "openai", "--set", credentials.base, stdin="sk-wrong-key-999")

    assert done.code == 3
    assert "sk-wrong-key-999" not in done.err
    assert credentials.listed() == []


def test_fields_come_as_json_from_variables_or_from_the_providers_own(credentials: Credentials) -> None:
    """Whichever way a script has them."""
    url = credentials.base.partition("=")[2]
    whole = json.dumps({"openai_api_key": KEY, "openai_api_base": url})
    assert credentials("add", "openai", "--credentials", "-", stdin=whole).code == 0
    variable = ("--env", "openai_api_key=TEAM_KEY", "--set", credentials.base)
    assert credentials("add", "openai", *variable, TEAM_KEY=KEY).code == 0
    own = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url}
    assert credentials("add", "openai", "--from-environment", **own).code == 0

    rows = credentials.listed()
    assert [row["values"]["openai_api_base"] for row in rows] == [url] * 3
    assert [row["active"] for row in rows] == [True, False, False]


@pytest.mark.parametrize(
    ("arguments", "stdin", "error"),
    [
        (["openai", "--set", f"openai_api_key={KEY}"], "", "error: --set openai_api_key: a secret is never"),
        (["openai", "--set", KEY], "", "error: --set: write it as FIELD=VALUE"),
        (
            ["openai", "--env", "openai_api_key=NOPE"],
            "",
            "error: --env openai_api_key: the variable NOPE is not",
        ),
        (["openai", "--from-environment"], "", "error: --from-environment: none of OPENAI_API_KEY, "),
        (
            ["openai"],
            "",
            "error: --credentials: stdin is empty: write the secret, or JSON with openai_api_key",
        ),
        (["openai"], "{", "error: --credentials: stdin is not valid JSON"),
        (["openai", "--set", "zone=1"], KEY, "error: zone: is no field of this form; it has openai_api_key"),
        (["openai", "--name", "x" * 31], KEY, "error: name: at most 30 characters"),
        (["opanai"], KEY, "error: There is no provider 'opanai'. Did you mean openai"),
        (["openai", "--model", "x", "-t", "words"], KEY, "error: --type: there is no type 'words'"),
        (["openai", "--workspace", "ws_x"], KEY, "error: workspace: there is no workspace 'ws_x'"),
    ],
)
def test_a_mistake_is_one_line_that_quotes_no_secret(
    credentials: Credentials, arguments: list[str], stdin: str, error: str
) -> None:
    """And nothing is kept."""
    done = credentials("add", *arguments, stdin=stdin)

    assert (done.code, done.out) == (2, "")
    assert done.error.startswith(error)
    assert KEY not in done.err
    assert credentials.listed() == []


def test_credentials_in_a_pipe_are_lines_of_columns(credentials: Credentials) -> None:
    """cut, awk and xargs read them."""
    made = credentials.add("--name", "team a")
    credentials.add("--model", "ft:mine", "-t", "llm")
    lines = [line.split("\t") for line in credentials("list").out.splitlines()]

    assert lines[0][:5] == [made["id"], "team a", "openai", "", "active"]
    assert lines[1][1:5] == ["API key 1", "openai/ft:mine", "llm", "active"]


def test_what_the_environment_holds_is_listed_and_read_only(credentials: Credentials) -> None:
    """People look here for what calls use."""
    [row] = credentials.listed("openai", OPENAI_API_KEY="sk-of-the-machine")

    assert (row["id"], row["read_only"], row["active"]) == ("environment", True, True)
    assert row["variables"] == {"openai_api_key": "OPENAI_API_KEY"}
    assert credentials.listed() == []


def test_credentials_are_edited_and_what_is_not_given_stays(credentials: Credentials) -> None:
    """Also the secret, which nobody has to look up again; it is proved again with the rest."""
    made = credentials.add()
    done = credentials("edit", made["id"], "--name", "b", "--set", "openai_organization=org-1", "--json")
    [row] = credentials.listed()

    assert json.loads(done.out) == row
    assert (row["name"], row["version"], row["values"]["openai_organization"]) == ("b", 2, "org-1")
    assert row["values"]["openai_api_key"] == made["values"]["openai_api_key"]
    refused = credentials("edit", made["id"], "--credentials", "-", stdin="sk-wrong-key-999")
    assert refused.code == 3
    assert credentials("check", made["id"]).out == f"openai: {made['id']} works\n"


def test_an_edit_that_changes_nothing_is_a_mistake(credentials: Credentials) -> None:
    """Somebody has forgotten an option."""
    made = credentials.add()

    assert credentials("edit", made["id"]).error.startswith("error: nothing to change: give --name")


def test_credentials_are_switched_and_deleted(credentials: Credentials) -> None:
    """Those in use are not replaced by others: who deletes them is told."""
    first, second = credentials.add(), credentials.add()
    assert credentials("switch", second["id"]).out == f"openai uses {second['id']} now\n"
    assert [row["active"] for row in credentials.listed()] == [False, True]
    assert credentials("delete", second["id"]).out == (
        f"{second['id']} is deleted; openai has no credentials in use now: modelbay credential switch ID\n"
    )
    assert json.loads(credentials("delete", first["id"], "--json").out) == {
        "id": first["id"],
        "deleted": True,
        "was_active": False,
    }
    assert credentials.listed() == []


@pytest.mark.parametrize("command", ["edit", "switch", "delete", "check"])
def test_credentials_that_are_not_there_are_said(credentials: Credentials, command: str) -> None:
    """Those of another workspace are not there either."""
    more = ["--name", "x"] if command == "edit" else []

    assert credentials(command, "cred_x", *more).error == (
        "error: ID: there are no credentials 'cred_x' that are stored; see modelbay credential list"
    )


def test_credentials_whose_plugin_is_gone_can_be_deleted(credentials: Credentials, tmp_path: Path) -> None:
    """Nobody installs a plugin again to get rid of its key."""
    from modelbay.store import Database

    made = credentials.add()
    with Database.open(tmp_path) as database:
        for table in ("credentials", "active_credentials"):
            database.change(f"UPDATE {table} SET provider = 'gone'")

    assert credentials("check", made["id"]).error.startswith("error: There is no provider 'gone'")
    assert credentials("delete", made["id"]).code == 0


def test_credential_alone_shows_its_commands(here: Here) -> None:
    """As `key` does."""
    done = here("credential")

    assert done.code == 0
    assert all(name in done.out for name in ("add", "list", "edit", "switch", "delete", "check"))

"""`modelbay network`: shown, set, cleared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.commands import Here

TOKEN = "tok-abcdefghijklmnopqr"
PROXY = "http://team:secret-password@proxy.example:3128"


def test_settings_are_set_shown_and_cleared(here: Here, tmp_path: Path) -> None:
    """Secrets come from variables, and are shown masked only."""
    env = {"TEAM_TOKEN": TOKEN, "TEAM_PROXY": PROXY}
    place = ("--data-dir", tmp_path)
    made = here("network", "set", "openai", "--rpm", "60", "--first-token-timeout", "5", *place)
    here(
        "network",
        "set",
        "openai",
        "--proxy-env",
        "TEAM_PROXY",
        "--header-env",
        "X-One=TEAM_TOKEN",
        *place,
        env=env,
    )
    here("network", "set", "openai", "--header-env", "X-Two=TEAM_TOKEN", "--unset", "rpm", *place, env=env)
    shown = here("network", "show", *place)
    said = json.loads(here("network", "show", "openai", "--json", *place).out)
    gone = here("network", "clear", "openai", *place)

    assert (made.code, made.out) == (0, "openai: first_token_timeout, rpm changed\n")
    masked = "tok-ab************qr"
    assert shown.out.splitlines() == [
        "openai\tfirst_token_timeout\t5",
        f"openai\theaders\tx-one: {masked}, x-two: {masked}",
        "openai\tproxy\thttp://team:********************@proxy.example:3128",
    ]
    assert (said["version"], said["values"]["headers"]) == (3, {"x-one": masked, "x-two": masked})
    assert gone.out == "openai has no network settings now\n"
    assert json.loads(here("network", "show", "--json", *place).out) == []


def test_all_fields_may_come_as_json_from_stdin(here: Here, tmp_path: Path) -> None:
    """Then nothing secret is seen by who lists processes."""
    given = json.dumps({"headers": {"X-Team": TOKEN}, "private_hosts": ["10.0.0.0/8"], "rpm": 3})
    done = here(
        "network", "set", "openai", "--settings", "-", "--json", "--data-dir", tmp_path, stdin=given.encode()
    )
    values = json.loads(done.out)["values"]

    assert values == {
        "private_hosts": ["10.0.0.0/8"],
        "rpm": 3,
        "headers": {"x-team": "tok-ab************qr"},
    }


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["set", "openai"], "nothing to change: give an option"),
        (["set", "openai", "--proxy", PROXY], "--proxy: a password is never an argument"),
        (["set", "openai", "--proxy-env", "NO_SUCH"], "--proxy-env: there is no variable 'NO_SUCH'"),
        (["set", "openai", "--header-env", TOKEN], "--header-env: write it as NAME=VARIABLE"),
        (["set", "openai", "--ca-bundle", "/no/such"], "--ca-bundle: cannot read '/no/such'"),
        (["set", "openai", "--settings", "/no/such"], "--settings: cannot read '/no/such'"),
        (["set", "openai", "--rpm", "0"], "rpm: has to be a whole number from 1 to 1000000"),
        (["set", "openai", "--unset", "speed"], "speed: is no network setting"),
        (["set", "opnai", "--rpm", "1"], "There is no provider 'opnai'"),
        (["show", "opnai"], "There is no provider 'opnai'"),
        (["set", "openai", "--rpm", "1", "--workspace", "ws_x"], "workspace: there is no workspace 'ws_x'"),
        (["clear", "openai"], "provider: openai has no network settings here"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    here: Here, tmp_path: Path, arguments: list[str], error: str
) -> None:
    """One line that says what to do, and quotes no secret."""
    done = here("network", *arguments, "--data-dir", tmp_path)

    assert (done.code, done.out) == (2, "")
    assert error in done.error
    assert not any(secret in done.error for secret in (TOKEN, "secret-password"))
    assert here("network", "show", "--data-dir", tmp_path).out == ""

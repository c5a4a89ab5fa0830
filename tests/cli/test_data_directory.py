"""A provider whose plugin is in a folder that `gateway.yaml` names: every command about it knows it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import Done, Here, modelbay
from tests.platform.credentials.acme import write_providers

KEY = "good-key-of-acme"
BAY = """
workspaces:
  default:
    credentials:
      - {provider: acme, name: applied, values: {api_key: {env: TEAM_KEY}}}
"""


class Yard:
    """A data directory with a folder of plugins in it."""

    def __init__(self, here: Here, folder: Path) -> None:
        self._here = here
        self.folder = folder / "data"
        write_providers(self.folder / "plugins")
        (self.folder / "gateway.yaml").write_text("plugins: [plugins]\n")

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        """Run a command."""
        return self._here(*arguments, "--data-dir", self.folder, stdin=stdin.encode(), env=environment)

    def told(self, *arguments: str) -> Any:
        """Return what a command tells as JSON."""
        return json.loads(self(*arguments, "--json").out)

    def add(self, name: str) -> str:
        """Add credentials; return their id."""
        done = self("credential", "add", "acme", "--name", name, "--json", stdin=KEY)
        assert (done.code, done.err) == (0, "")
        return str(json.loads(done.out)["id"])

    def lose_the_plugins(self) -> None:
        """Take the folder away, and the line that names it."""
        shutil.rmtree(self.folder / "plugins")
        (self.folder / "gateway.yaml").unlink()


@pytest.fixture
def yard(here: Here, tmp_path: Path) -> Yard:
    return Yard(here, tmp_path)


def test_credentials_of_such_a_provider_are_proved_switched_and_checked(yard: Yard) -> None:
    """Its own code is asked, as the gateway asks it."""
    one, two = yard.add("one"), yard.add("two")
    refused = yard("credential", "add", "acme", stdin="bad-key-of-acme")

    assert yard("credential", "switch", two).out == f"acme uses {two} now\n"
    assert yard("credential", "check", one).out == f"acme: {one} works\n"
    assert yard("credential", "edit", one, "--set", "region=eu").out == f"{one} is changed\n"
    assert refused.code == 3
    assert "bad-key-of-acme" not in refused.err
    assert [row["id"] for row in yard.told("credential", "list", "acme")] == [one, two]


def test_its_models_stand_in_routes_and_its_calls_are_balanced(yard: Yard) -> None:
    """A route is checked against what the plugins declare."""
    one, two = yard.add("one"), yard.add("two")

    assert yard("route", "create", "fast", "-m", "acme/chat", "-m", "open/free").out == "fast\n"
    assert yard("route", "edit", "fast", "-m", "open/free", "-m", "acme/chat").out == "fast is changed\n"
    assert [row["status"] for row in yard.told("route", "show", "fast")["models"]] == ["active", "active"]
    done = yard("balance", "set", "acme", "-e", one, "-e", two)
    assert done.out == "the calls of acme are shared by 2 credentials\n"
    assert [row["status"] for row in yard.told("balance", "show", "acme")] == ["balanced"]
    assert yard("balance", "clear", "acme").code == 0


def test_it_has_network_settings_and_prices(yard: Yard) -> None:
    """An unknown name is still said."""
    assert yard("network", "set", "acme", "--rpm", "60").out == "acme: rpm changed\n"
    assert yard("network", "show", "acme").out == "acme\trpm\t60\n"
    assert yard("price", "set", "acme/chat", "--input", "2").code == 0
    assert "There is no provider 'acmee'" in yard("network", "set", "acmee", "--rpm", "60").error


def test_a_file_is_applied_to_it(yard: Yard) -> None:
    """It is checked against its form, and the provider is asked."""
    file = yard.folder / "bay.yaml"
    file.write_text(BAY)

    done = yard("apply", "-f", str(file), "--yes", TEAM_KEY=KEY)

    assert (done.code, done.err) == (0, "")
    assert [row["name"] for row in yard.told("credential", "list", "acme")] == ["applied"]


def test_what_is_stored_for_a_plugin_that_is_gone_can_be_seen_and_taken_away(yard: Yard) -> None:
    """Nobody should have to bring a plugin back to be rid of its keys."""
    one, two = yard.add("one"), yard.add("two")
    yard("balance", "set", "acme", "-e", one, "-e", two)
    yard.lose_the_plugins()

    assert [row["provider"] for row in yard.told("balance", "show")] == ["acme"]
    assert yard("balance", "clear", "acme").out == "the calls of acme use the active credentials alone\n"
    assert yard("credential", "delete", two).out == f"{two} is deleted\n"
    assert [row["id"] for row in yard.told("credential", "list")] == [one]
    assert "There is no provider 'acme'" in yard("credential", "check", one).error


def test_a_file_that_names_none_takes_away_the_credentials_of_a_plugin_that_is_gone(yard: Yard) -> None:
    """`--prune` needs a form no more than deleting by hand does."""
    yard.add("left")
    yard.lose_the_plugins()
    file = yard.folder / "bay.yaml"
    file.write_text("workspaces: {default: {}}\n")

    done = yard("apply", "-f", str(file), "--prune", "--yes")

    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("done  default: delete credentials acme 'left'\n")
    assert yard.told("credential", "list") == []


def test_the_shell_completes_its_name_where_a_command_is_about_a_data_directory(yard: Yard) -> None:
    """Elsewhere it would offer what the command then does not know. Broken settings cost nothing but it."""
    about_it = f"modelbay credential list --data-dir {yard.folder} ac"

    assert "acme" in _completed("modelbay credential list ac", yard.folder)
    assert "acme" in _completed(about_it)
    assert "acme/chat" in _completed("modelbay route create fast --model acme/", yard.folder)
    assert "acme" not in _completed("modelbay models --provider ac", yard.folder)
    (yard.folder / "gateway.yaml").write_text("plugins: 3\n")
    assert "openai" in _completed("modelbay credential list op", yard.folder)


def test_settings_that_cannot_be_read_are_told_in_one_line(yard: Yard) -> None:
    """A command that went on without its plugins would say that there is no such provider."""
    (yard.folder / "gateway.yaml").write_text("plugins: 3\n")

    done = yard("route", "create", "fast", "-m", "acme/chat")

    assert (done.code, done.out) == (1, "")
    assert "gateway.yaml: plugins: Input should be a valid list" in done.error


def _completed(typed: str, folder: Path | None = None) -> str:
    done = modelbay(
        _MODELBAY_COMPLETE="complete_bash",
        COMP_WORDS=typed,
        COMP_CWORD=str(typed.count(" ")),
        _TYPER_COMPLETE_ARGS=typed,
        MODELBAY_DATA_DIR=str(folder or ""),
    )
    assert done.err == ""
    return done.out

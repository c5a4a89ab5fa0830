"""Running suites: what fails, what is left out and what leaves this machine is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.clients.environments import Environments
from tests.clients.running import SUITES, Behind, Gateway, Ran, Trial, run

NOWHERE = Gateway("http://127.0.0.1:9", "no-key", "http://127.0.0.1:9")


def _ran(environments: Environments, place: Path, text: str, *abilities: str) -> tuple[Ran, frozenset[str]]:
    """Run a suite that consists of this text."""
    folder = place / "written"
    folder.mkdir()
    shutil.copy(SUITES / "conftest.py", folder)
    (folder / "suite.py").write_text(f"import socket\nimport pytest\n\n{text}\n", "utf-8")
    trial = Trial("clients", str(folder / "suite.py"), "", frozenset(abilities))
    home = environments.place("clients")
    return run(trial, home, NOWHERE, Behind("", {}), place), trial.abilities


def test_a_suite_that_passes_is_counted(environments: Environments, tmp_path: Path) -> None:
    """The report says how often each ability was tried."""
    ran, abilities = _ran(environments, tmp_path, "def test_one(): pass\ndef test_two(): pass", "chat")

    ran.check(abilities)
    assert ran.passed == {"chat": 2}


def test_a_suite_that_fails_is_noticed(environments: Environments, tmp_path: Path) -> None:
    """What the inner tests printed is what the outer one fails with."""
    ran, abilities = _ran(environments, tmp_path, "def test_one(): assert 'a' == 'bay'", "chat")

    with pytest.raises(AssertionError, match="bay"):
        ran.check(abilities)


@pytest.mark.parametrize("text", ["def test_one(): pass", "def test_one(): pytest.skip('not today')"])
def test_an_ability_that_nothing_tried_is_noticed(
    text: str, environments: Environments, tmp_path: Path
) -> None:
    """A suite that leaves out or skips what it is there for proves nothing."""
    ran, abilities = _ran(environments, tmp_path, f"@pytest.mark.ability('tools')\n{text}", "tools", "images")

    with pytest.raises(AssertionError, match="tried"):
        ran.check(abilities)


def test_no_client_reaches_beyond_this_machine(environments: Environments, tmp_path: Path) -> None:
    """A client that fetches a vocabulary or sends telemetry would make the tests depend on it."""
    reaches = "def test_one(): socket.create_connection(('192.0.2.1', 80), 1)"
    ran, _ = _ran(environments, tmp_path, reaches, "chat")

    assert ran.failed
    assert "SocketConnectBlockedError" in ran.output

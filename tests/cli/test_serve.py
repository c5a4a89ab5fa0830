"""`modelbay serve`: what it prints works as it stands, and what is wrong is told in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.cli.commands import modelbay
from tests.cli.starting import started, typed


def test_the_commands_that_are_shown_work_without_any_key(tmp_path: Path) -> None:
    """A first minute that ends in an error is the last one."""
    with started(tmp_path) as shown:
        assert shown.lines[0].startswith("Modelbay gateway  http://127.0.0.1:")
        assert (tmp_path / "local-key").read_text().strip() in shown.lines[1]
        if shutil.which("curl"):
            answer = json.loads(typed(f"{shown.command('curl')} -s"))
            assert "sandbox" in answer["choices"][0]["message"]["content"]
        assert "sandbox" in typed(shown.command("the terminal"))


def test_a_second_start_shows_the_same_key(tmp_path: Path) -> None:
    """Programs that were set up yesterday must not be locked out."""
    with started(tmp_path) as first:
        pass
    with started(tmp_path) as second:
        assert second.lines[1] == first.lines[1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("routes: [1]", "routes"),
        ("nonsense: 1", "nonsense"),
        ("limits: {body: big}", "limits.body"),
        ("{", "gateway.yaml"),
    ],
)
def test_settings_that_cannot_be_read_are_told_by_name(tmp_path: Path, content: str, told: str) -> None:
    """Who edits a file has to know where it is wrong."""
    (tmp_path / "gateway.yaml").write_text(content)

    done = modelbay("serve", "--port", "0", "--data-dir", str(tmp_path))

    assert done.code != 0
    assert told in done.error


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    """The likeliest mistake of all."""
    with started(tmp_path / "one") as shown:
        port = shown.lines[0].rpartition(":")[2]
        done = modelbay("serve", "--port", port, "--data-dir", str(tmp_path / "two"))

    assert done.code != 0
    assert port in done.error


def test_whoever_reads_the_terminal_becomes_the_first_owner(tmp_path: Path) -> None:
    """A first start is closed to all others; once there is an owner no start opens it again."""
    with started(tmp_path) as shown:
        url, link = shown.lines[0].split()[-1], shown.lines[2].split()[2]
        assert link.startswith(f"{url}/setup#")
        owner = {"email": "ann@example.com", "name": "Ann", "password": "correct horse battery"}
        body = json.dumps({**owner, "token": link.partition("#")[2]}).encode()
        sent = Request(f"{url}/api/setup", body, {"content-type": "application/json"})
        with urlopen(sent) as answer:
            assert answer.status == 201
            assert json.loads(answer.read())["user"]["email"] == "ann@example.com"
    with started(tmp_path) as again:
        assert not any("setup#" in line for line in again.lines)

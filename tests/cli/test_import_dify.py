"""`modelbay vault import-dify`: Dify's workspaces, made here from its database and its private keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.commands import Here
from tests.platform.from_dify.dify import OPENAI, Dify


@pytest.fixture
def dify(tmp_path: Path) -> Dify:
    """A small installation: one tenant with credentials for a provider that there is here, and one not."""
    (tmp_path / "storage").mkdir()
    dify = Dify(str(tmp_path / "dify.db"), tmp_path / "storage")
    tenant = dify.tenant("Search")
    dify.credentials(
        tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1234567890123456")}, name="main"
    )
    return dify


def arguments(dify: Dify, *more: str | Path) -> tuple[str | Path, ...]:
    """Return the command line."""
    return ("vault", "import-dify", "--database", dify.place, "--private-keys", dify.storage, *more)


def test_a_dry_run_then_the_import(here: Here, dify: Dify, tmp_path: Path) -> None:
    """Lines for awk, in both the same; then there are a workspace and its credentials."""
    data = ("--data-dir", tmp_path / "data")
    dry = here(*arguments(dify, "--dry-run", *data))
    empty = here("workspace", "list", *data)
    done = here(*arguments(dify, *data))
    workspace = done.out.split("\t")[4]
    listed = here("credential", "list", "--workspace", workspace, *data)

    assert (dry.code, done.code, done.err) == (0, 0, "")
    assert dry.out == done.out
    assert [line.split("\t")[:3] for line in done.out.splitlines()] == [
        ["made", "workspace", "Search"],
        ["made", "credentials", "openai: main"],
    ]
    assert "Search" not in empty.out
    assert "\tmain\topenai\t" in listed.out


def test_what_cannot_be_made_is_in_the_exit_code(here: Here, dify: Dify, tmp_path: Path) -> None:
    """And every reason in the lines, as JSON for programs."""
    [tenant] = dify.keys
    dify.credentials(tenant, "acme/acme/acme", {}, name="x")
    done = here(*arguments(dify, "--json", "--data-dir", tmp_path / "data"))
    said = json.loads(done.out)
    [line] = [line for line in said["lines"] if line["state"] == "cannot"]

    assert (done.code, said["dry_run"]) == (1, False)
    assert (line["what"], line["name"], line["tenant"]) == ("credentials", "acme/acme/acme: x", tenant)
    assert line["why"].startswith("there is no such provider here; --provider THEIRS=OURS")


def test_the_database_may_be_named_by_the_environment(here: Here, dify: Dify, tmp_path: Path) -> None:
    """A URL with a password has no place among arguments, which everybody on the machine can see."""
    data = ("--private-keys", dify.storage, "--data-dir", tmp_path / "data")

    assert here("vault", "import-dify", *data, MODELBAY_DIFY_DATABASE_URL=dify.place).code == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            ("--provider", "openai"),
            "--provider: write THEIRS=OURS, such as acme/acme/acme=openai, not 'openai'",
        ),
        (("--provider", "a=nope"), "nope"),
        (("--workspace", "nowhere"), "workspace: there is no workspace 'nowhere'"),
        (("--tenant", "nobody"), "tenant: Dify has no tenant 'nobody'"),
    ],
)
def test_a_mistake_is_one_line(
    here: Here, dify: Dify, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    """It names the argument and makes nothing."""
    done = here(*arguments(dify, *more, "--data-dir", tmp_path / "data"))

    assert (done.code, done.out) == (2, "")
    assert said in done.error

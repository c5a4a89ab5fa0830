"""`modelbay quota`: what is lent, granted and used first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.commands import Here

KEY = "sk-lent-key-12345678"
HOSTED = """
openai:
  credentials:
    openai_api_key: {env: LENT_KEY}
  quotas:
    - {kind: trial, unit: times, limit: 200, models: [gpt-4o-mini]}
    - {kind: paid, unit: credits, limit: 0, period: month, credits: {gpt-5*: 10}}
"""


@pytest.fixture
def lending(tmp_path: Path) -> Path:
    """A data directory whose installation lends OpenAI's models."""
    (tmp_path / "hosted.yaml").write_text(HOSTED)
    return tmp_path


def test_nothing_is_lent_until_the_installation_says_so(here: Here, tmp_path: Path) -> None:
    """The default lends OpenAI's trial once its variable is set: 200 calls of each workspace."""
    listing = ("quota", "list", "--json", "--data-dir", tmp_path)
    assert here(*listing).out == "[]\n"

    [row] = json.loads(here(*listing, MODELBAY_HOSTED_OPENAI_API_KEY=KEY).out)
    assert (row["provider"], row["kind"], row["unit"], row["limit"]) == ("openai", "trial", "times", "200")


def test_a_workspace_is_granted_more_and_prefers_what_is_lent(here: Here, lending: Path) -> None:
    """The better kind comes first; a grant holds for one workspace only."""
    at = ("--data-dir", lending)
    other = here("workspace", "create", "Other", *at).out.strip()
    its = ("--workspace", other, *at)
    granted = here("quota", "grant", "openai", "paid", "5000", *its, LENT_KEY=KEY)
    here("quota", "prefer", "openai", "hosted", *its, LENT_KEY=KEY)
    theirs = json.loads(here("quota", "list", "--json", *its, LENT_KEY=KEY).out)
    mine = json.loads(here("quota", "list", "--json", *at, LENT_KEY=KEY).out)

    assert granted.out == f"{other}: 5000 credits of openai's paid quota are left\n"
    assert [(row["kind"], row["limit"], row["granted"], row["preferred"]) for row in theirs] == [
        ("paid", "5000", True, "hosted"),
        ("trial", "200", False, "hosted"),
    ]
    assert [(row["kind"], row["valid"], row["preferred"]) for row in mine] == [
        ("paid", False, "auto"),
        ("trial", True, "auto"),
    ]
    here("quota", "grant", "openai", "paid", "none", *its, LENT_KEY=KEY)
    [first, _] = here("quota", "list", *its, LENT_KEY=KEY).out.splitlines()
    assert first.split("\t")[3] == "-1"


def test_a_secret_in_the_file_itself_is_refused(here: Here, lending: Path) -> None:
    """What is in a file that people share is no secret."""
    (lending / "hosted.yaml").write_text(HOSTED.replace("{env: LENT_KEY}", KEY))
    done = here("quota", "list", "--data-dir", lending)

    assert done.code == 1
    assert "openai.credentials.openai_api_key: a secret is not written here" in done.error
    assert "sk-lent" not in done.error

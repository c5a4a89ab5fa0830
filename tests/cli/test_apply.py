"""`modelbay apply`: a file says what workspaces have; the plan shows the rest, and applying does it."""

from __future__ import annotations

import json

import pytest
from tests.cli.applying import KEY, Bay, bay

__all__ = ["bay"]


def test_a_plan_changes_nothing_and_applying_it_leaves_nothing_to_do(bay: Bay) -> None:
    """What is shown is what is done; the second time there is nothing left."""
    planned = bay.apply("--plan")
    assert planned.code == 3
    assert planned.out.splitlines()[:5] == [
        "Search team",
        "  + workspace",
        "  + network of openai",
        "      private_hosts: 127.0.0.0/8",
        "  + credentials openai 'production'",
    ]
    assert "      openai_api_key: (secret)" in planned.out.splitlines()
    assert KEY not in planned.out
    assert planned.out.splitlines()[-1] == "7 to create, 2 to change"

    applied = bay.apply("--yes")
    assert (applied.code, applied.err) == (0, "")
    assert [row["name"] for row in bay.listed("credential")] == ["production"]
    assert {(row["target"], row["amount"], row["action"]) for row in bay.listed("budget")} == {
        ("", "250", "refuse"),
        ("openai/*", "2.5", "warn"),
    }
    [quota] = bay.listed("quota")
    assert (quota["limit"], quota["preferred"]) == ("10", "hosted")
    assert bay.apply("--yes").out == bay.apply("--plan").out == "Everything is as the file says.\n"


def test_only_what_differs_is_changed(bay: Bay) -> None:
    """Another key behind the same reference is seen without being shown; a wrong one changes nothing."""
    bay.apply("--yes")
    bay.change("amount: 250", "amount: 300")
    planned = json.loads(bay.apply("--plan", "--json", key="sk-other-key-456").out)
    assert [(each["what"], each["facts"]) for each in planned] == [
        (
            "credentials openai 'production'",
            {"openai_api_key": {"before": "(secret)", "after": "(secret)"}},
        ),
        ("budget of the workspace (month, USD)", {"amount": {"before": "250", "after": "300"}}),
    ]

    refused = bay.apply("--yes", key="sk-other-key-456")
    assert refused.code != 0
    assert "sk-other-key-456" not in refused.out + refused.err
    assert {row["amount"] for row in bay.listed("budget")} == {"250", "2.5"}
    assert bay.apply("--yes").code == 0
    assert {row["amount"] for row in bay.listed("budget")} == {"300", "2.5"}


def test_what_the_file_names_no_more_goes_only_if_that_is_asked_for(bay: Bay) -> None:
    """A file that is new must not take away what people have made by hand."""
    bay.apply("--yes")
    bay.change('      - {amount: 2.5, period: day, model: "openai/*", action: warn}\n', "")
    bay.change("    disabled: [openai/gpt-4.1]\n", "")

    assert bay.apply("--plan").out == "Everything is as the file says.\n"
    pruned = bay.apply("--yes", "--prune")
    assert "  - budget of openai/* (day, USD)" in pruned.out
    assert "      enabled: no → yes" in pruned.out
    assert [row["amount"] for row in bay.listed("budget")] == ["250"]
    assert bay.apply("--plan", "--prune").code == 0


def test_everything_that_is_wrong_is_named_at_once_and_nothing_is_changed(bay: Bay) -> None:
    """Each place in the file, in the order of the file."""
    bay.change("{env: SEARCH_KEY}", KEY)
    bay.change("amount: 250", "amount: lots")
    bay.change("kind: trial", "kind: golden")
    bay.change("openai/gpt-4.1]", "openai/gpt-none]")
    done = bay.apply("--yes")

    assert done.code == 2
    assert done.out == ""
    for place in (
        "workspaces.Search team.credentials[0]: openai_api_key: a secret is not written here",
        "workspaces.Search team.disabled[0]: model: no provider declares 'openai/gpt-none'",
        "workspaces.Search team.budgets[0]: amount: 'lots' is no amount",
        "workspaces.Search team.quotas[0]: kind: no 'golden' quota of 'openai' is lent",
    ):
        assert place in done.error
    assert KEY not in done.error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("workspaces: {A: {budget: []}}", "workspaces.A.budget: Extra inputs are not permitted"),
        ("workspaces: [", "while parsing"),
        ("[]", "file: Input should be a valid dictionary"),
    ],
)
def test_a_file_that_is_none_is_told_by_its_place(bay: Bay, text: str, error: str) -> None:
    """A misspelt word must not quietly leave something out."""
    bay.file.write_text(text)
    done = bay.apply("--plan")

    assert done.code == 2
    assert error in done.error


def test_nothing_is_changed_unasked(bay: Bay) -> None:
    """In a script nobody can agree."""
    done = bay.apply()

    assert (done.code, done.error) == (
        2,
        "error: nothing is changed without --yes, where nobody can be asked; --plan shows what would be",
    )

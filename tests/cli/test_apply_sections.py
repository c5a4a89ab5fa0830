"""`modelbay apply`: routes, balances, rates, prices, ways and added models, as other commands show them."""

from __future__ import annotations

import pytest
from tests.cli.applying import KEY, Bay, bay

__all__ = ["bay"]

MORE = """
      - provider: openai
        name: second
        values: {openai_api_key: {env: SEARCH_KEY}, openai_api_base: "URL", api_protocol: chat}
"""
SECTIONS = """
    models: [{provider: openai, model: "ft:mine"}]
    routes:
      fast: {entries: [openai/gpt-4.1-mini, {model: "openai/ft:mine", timeout: 5, on: [rate-limit]}]}
    balances:
      - {provider: openai, entries: [production, {name: second, weight: 3}]}
    rates:
      - {requests: 600}
      - {key: "*", parallel: 2}
    prices:
      - {model: openai/gpt-4.1-mini, from: 2026-01-01, input: 0.30, output: "1.20"}
    retention: 400d
"""


@pytest.fixture
def full(bay: Bay) -> Bay:
    """The file with all sections."""
    url = bay.text.partition('openai_api_base: "')[2].partition('"')[0]
    bay.change("    defaults:", MORE.replace("URL", url).lstrip("\n") + "    defaults:")
    bay.change(
        "{private_hosts: [127.0.0.0/8]}",
        "{private_hosts: [127.0.0.0/8], headers: {X-Team: {env: SEARCH_KEY}}}",
    )
    bay.add(SECTIONS.lstrip("\n"))
    return bay


def test_all_that_is_applied_is_what_the_commands_show(full: Bay) -> None:
    """The file is another way to say the same, not another place where it is."""
    planned = full.apply("--plan")
    assert "  + route fast" in planned.out
    assert "      headers: x-team: (secret)" in planned.out
    assert KEY not in planned.out
    applied = full.apply("--yes")

    assert (applied.code, applied.err) == (0, "")
    [route] = full.listed("route")
    assert [each["model"] for each in route["models"]] == ["openai/gpt-4.1-mini", "openai/ft:mine"]
    [balance] = full.listed("balance", word="show")
    assert [(each["name"], each["weight"]) for each in balance["entries"]] == [
        ("production", 1),
        ("second", 3),
    ]
    assert [(row["scope"], row["requests"], row["parallel"]) for row in full.listed("rate")] == [
        ("workspace", 600, None),
        ("key", None, 2),
    ]
    assert full.told("price", "list").out.split("\t")[:4] == ["openai/gpt-4.1-mini", "llm", "0.3", "1.2"]
    assert full.told("usage", "retain").out == "400d\n"
    assert set(full.listed("network", word="show")[0]["values"]) == {"private_hosts", "headers"}
    assert full.apply("--plan", "--prune").out == "Everything is as the file says.\n"


def test_pruning_shows_what_it_takes_away(full: Bay) -> None:
    """A plan that deletes has to say so before."""
    full.apply("--yes")
    full.change(SECTIONS.lstrip("\n"), "")

    assert full.apply("--plan").out == "Everything is as the file says.\n"
    planned = full.apply("--plan", "--prune").out
    assert [line for line in planned.splitlines() if line.startswith("  - ")] == [
        "  - model openai/ft:mine (llm)",
        "  - route fast",
        "  - balance of openai",
        "  - rate of the workspace",
        "  - rate of key *",
    ]
    assert full.apply("--yes", "--prune").code == 0
    assert full.listed("route") == full.listed("balance", word="show") == full.listed("rate") == []
    assert full.apply("--plan", "--prune").code == 0


def test_mistakes_in_all_sections_are_named_at_once(full: Bay) -> None:
    """One run says all, and a workspace that is not there yet is not made."""
    full.change("gpt-4.1-mini, {model", "gpt-4.1-mino, {model")
    full.change("name: second, weight", "name: third, weight")
    full.change("requests: 600", "requests: 0")
    full.change("input: 0.30", "input: cheap")
    full.change("400d", "4h")
    done = full.apply("--yes")

    assert (done.code, done.out) == (2, "")
    for place in (
        "workspaces.Search team.routes.fast.entries[0]: models: this workspace has no model openai/gpt-4",
        "workspaces.Search team.balances[0].entries[1]: name: openai has no credentials named 'third'",
        "workspaces.Search team.rates[0]: requests: a number from 1",
        "workspaces.Search team.prices[0]: input: 'cheap' is no amount",
        "workspaces.Search team.retention: keep: single calls are kept for a day at least",
    ):
        assert place in done.error


def test_what_is_no_such_field_is_told_by_its_place(full: Bay) -> None:
    """Places in lists are written as in the other messages."""
    full.change("timeout: 5", "timeuot: 5")

    assert "workspaces.Search team.routes.fast.entries[1].timeuot: Extra inputs" in full.apply("--plan").error

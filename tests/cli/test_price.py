"""`modelbay price`: what calls cost, and what they would have cost."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
from tests.cli.commands import Here
from tests.cli.terminal import Terminal
from tests.platform.calls import a_call

from modelbay.platform.embedded import Embedded

MINI = "openai/gpt-4.1-mini"


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """A data directory with a call that was recorded without a price, and one of a model nobody knows."""
    tokens = {"at": time.time(), "prompt_tokens": 1_000_000, "completion_tokens": 0, "price": None}
    async with Embedded(tmp_path) as platform:
        mini = a_call("1", provider="openai", model="gpt-4.1-mini", **tokens)
        await platform.accountant.record(mini)
        await platform.accountant.record(a_call("2", **tokens))
    return tmp_path


def test_a_price_is_set_listed_and_withdrawn(here: Here, tmp_path: Path) -> None:
    """And all of it stays in the history."""
    where = ("--data-dir", tmp_path)
    done = here(
        "price", "set", MINI, "--input", "0.30", "--output", "1.20", "--tier", "200000:0.60:2.40",
        "--from", "2026-01-01", *where,
    )  # fmt: skip
    assert done.out == "workspace:1\n"
    assert here("price", "list", *where).out.split("\t") == [
        MINI, "llm", "0.3", "1.2", "0.000001", "USD", "2026-01-01", "workspace:1\n",
    ]  # fmt: skip
    [row] = json.loads(here("price", "list", "--json", *where).out)
    assert row["price"]["tiers"] == [{"above": 200000, "input": "0.6", "output": "2.4"}]
    assert here("price", "delete", MINI, "--from", "2026-02-01", *where).out == "workspace:2\n"
    assert here("price", "list", *where).out == ""
    history = json.loads(here("price", "history", MINI, "--json", *where).out)
    assert [(entry["version"], entry["price"] is None) for entry in history] == [
        ("workspace:1", False),
        ("workspace:2", True),
    ]
    assert here("price", "history", "acme/large", *where).out == ""


def test_a_model_that_no_plugin_declares_can_have_a_price(here: Here, tmp_path: Path) -> None:
    """One's own fine-tuned models cost something too; but somebody has to say what they are."""
    arguments = ("price", "set", "acme/own", "--input", "1", "--data-dir", tmp_path)

    assert here(*arguments).error.startswith("error: --type: no plugin declares this model: name the type")
    assert here(*arguments, "--type", "rerank", "--meter", "search", "--unit", "0.001").out == "workspace:1\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["set", "mini", "--input", "1"], "PROVIDER/MODEL: 'mini' names no model"),
        (["set", MINI, "--input", "much"], "--input: 'much' is not a number"),
        (["set", MINI, "--input", "1", "--tier", "5"], "--tier: '5' is none"),
        (["set", MINI, "--input", "1", "--meter", "mile"], "--meter: 'mile' is none of token"),
        (["set", MINI, "--input", "1", "--from", "today"], "--from: 'today' is not a day"),
        (["set", MINI, "--input", "1", "--currency", "dollars"], "currency: 'DOLLARS' is none"),
        (["set", MINI, "--input", "-1"], "input: an amount must be 0 or more"),
        (["set", MINI, "--input", "1", "--type", "poem"], "type: 'poem' is none of llm"),
        (["delete", MINI], "model: the workspace has no price of its own"),
        (["reprice"], "Missing option '--since'"),
    ],
)
def test_a_mistake_is_named(here: Here, tmp_path: Path, arguments: list[str], error: str) -> None:
    """One line that names the option or the field; nothing is entered."""
    done = here("price", *arguments, "--data-dir", tmp_path)

    assert done.code == 2
    assert done.error.startswith(f"error: {error}")
    assert here("price", "history", "--data-dir", tmp_path).out == ""


def test_repricing_shows_before_it_writes(here: Here, data_dir: Path) -> None:
    """By what plugins declare, or by the workspace's own prices; what nobody knows is said."""
    arguments = ("price", "reprice", "--since", "1d", "--data-dir", data_dir)
    shown = here(*arguments)
    assert [line.split("\t") for line in shown.out.splitlines()] == [
        ["acme/large", "USD", "0", "0", "0", "0", "1"],
        [MINI, "USD", "1", "0", "0.4", "0.4", "0"],
    ]
    assert json.loads(here("usage", "--json", "--data-dir", data_dir).out)[1]["price"] == {}

    written = json.loads(here(*arguments, "--write", "--json").out)
    assert (written["total"], written["corrections"], written["written"]) == ({"USD": "0.4"}, 1, True)
    [row] = [
        row for row in json.loads(here("usage", "--json", "--data-dir", data_dir).out) if row["model"] == MINI
    ]
    assert (Decimal(row["price"]["USD"]), row["unpriced"]) == (Decimal("0.4"), 0)
    assert json.loads(here(*arguments, "--write", "--json").out)["corrections"] == 0


def test_a_person_sees_the_differences_and_how_to_write_them(data_dir: Path) -> None:
    """Money is not moved by a command that looks like a question."""
    with Terminal(
        "price", "reprice", "--since", "1d", "--data-dir", str(data_dir), COLUMNS="120"
    ) as terminal:
        seen = terminal.until("corrections")

    assert "DIFFERENCE" in seen
    assert "--write adds 1 corrections" in seen

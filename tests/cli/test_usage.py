"""`modelbay usage`: what the gateway's calls came to."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
from tests.cli.commands import Here
from tests.cli.terminal import Terminal
from tests.platform.calls import a_call

from modelbay.cli.usage import price, total
from modelbay.platform.embedded import Embedded
from modelbay.platform.keys import create_key
from modelbay.platform.usage import Usage
from modelbay.store import Database


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """A data directory with four calls: three of today, one of long ago."""
    now = time.time()
    async with Embedded(tmp_path) as platform:
        for call in (
            a_call("1", at=now, prompt_tokens=1200, completion_tokens=49),
            a_call("2", at=now, price=Decimal("0.0000003"), currency="CNY"),
            a_call("3", at=now, model="small", price=None, status=499, completion_tokens=5),
            a_call("4", at=now - 90 * 86_400),
        ):
            await platform.accountant.record(call)
    return tmp_path


def test_usage_in_a_pipe_is_lines_of_columns(here: Here, data_dir: Path) -> None:
    """No heading, no thousands separators, exact sums."""
    done = here("usage", "--data-dir", data_dir)

    assert [line.split("\t") for line in done.out.splitlines()] == [
        ["acme/large", "2", "0", "1200", "49", "0.0000003 CNY + 0.0003125 USD", "0"],
        ["acme/small", "1", "1", "0", "5", "", "1"],
    ]


async def test_calls_that_named_no_model_have_a_row_with_a_name(here: Here, tmp_path: Path) -> None:
    """A row that begins with nothing looks like a mistake of the table."""
    async with Embedded(tmp_path) as platform:
        nameless = a_call("1", at=time.time(), asked_model="", provider="", model="", status=400)
        await platform.accountant.record(nameless)

    assert here("usage", "--data-dir", tmp_path).out.split("\t")[:3] == ["-", "1", "1"]


def test_usage_as_json_has_exact_prices_as_text(here: Here, data_dir: Path) -> None:
    """A price in binary floating point is not the price."""
    rows = json.loads(
        here("usage", "--since", "all", "--by", "provider", "--json", "--data-dir", data_dir).out
    )

    assert [(row["provider"], row["calls"], row["errors"], row["unpriced"]) for row in rows] == [
        ("acme", 4, 1, 1)
    ]
    assert rows[0]["price"] == {"CNY": "0.0000003", "USD": "0.0006250"}


@pytest.mark.parametrize(("by", "groups"), [("day", 2), ("key", 1), ("model", 2), ("provider", 1)])
def test_usage_is_summed_by_what_was_asked(here: Here, data_dir: Path, by: str, groups: int) -> None:
    """A bill by team, a chart by day."""
    done = here("usage", "--by", by, "--since", "all", "--data-dir", data_dir)

    assert len(done.out.splitlines()) == groups


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--by", "colour"], "--by: 'colour' is none of day, hour, week, month, provider, model"),
        (["--since", "yesterday"], "--since: 'yesterday' is not a length of time"),
        (["--until", "2026-02-30"], "--until: '2026-02-30' is not a day"),
        (["calls", "--status", "9xx"], "status: '9xx' is none"),
        (["calls", "--limit", "0"], "Invalid value for '--limit'"),
        (["export", "-o", "calls.xls"], "--output: 'xls' is none of csv, parquet"),
        (["export", "-o", "calls", "--format", "json"], "--format: 'json' is none of csv, parquet"),
        (["correct", "one", "--amount", "much", "--reason", "x"], "--amount: 'much' is not a number"),
        (["retain", "--keep", "long"], "--keep: 'long' is not a length of time"),
    ],
)
def test_a_mistake_is_named(here: Here, tmp_path: Path, arguments: list[str], error: str) -> None:
    """One line, and no database is made for it."""
    done = here("usage", *arguments, "--data-dir", tmp_path / "data")

    assert done.code == 2
    assert done.error.startswith(f"error: {error}")
    assert not (tmp_path / "data").exists()


def test_no_calls_is_no_error(here: Here, tmp_path: Path) -> None:
    """A fresh set-up has none."""
    assert here("usage", "--json", "--data-dir", tmp_path).out == "[]\n"


def test_what_is_not_known_is_said_beside_what_is() -> None:
    """Unknown is not free."""
    assert price({"USD": Decimal("1.50")}, 0) == "1.5 USD"
    assert price({"USD": Decimal("1.50")}, 1200) == "1.5 USD + 1,200 unknown"
    assert price({}, 2) == "2 unknown"


def test_the_total_adds_every_currency() -> None:
    """Currencies are never mixed."""
    rows = [
        Usage(label="a", calls=1, prices={"USD": Decimal("0.1")}),
        Usage(label="b", calls=2, prices={"USD": Decimal("0.2"), "CNY": Decimal(1)}, unpriced=1),
    ]
    whole = total(rows)

    assert (whole.calls, whole.unpriced) == (3, 1)
    assert whole.prices == {"USD": Decimal("0.3"), "CNY": Decimal(1)}


def test_a_person_sees_a_table_with_its_total(data_dir: Path) -> None:
    """On a terminal there are headings, separators and what is not known."""
    with Terminal("usage", "--data-dir", str(data_dir), COLUMNS="100") as terminal:
        seen = terminal.until("1 unknown")

    assert "TOKENS OUT" in seen
    assert "1,200" in seen
    assert "ERRORS" in seen


def test_usage_by_several_dimensions_has_a_column_for_each(here: Here, data_dir: Path) -> None:
    """A pivot table is made of such lines."""
    done = here("usage", "--by", "currency,status", "--since", "all", "--data-dir", data_dir)

    assert [line.split("\t")[:3] for line in done.out.splitlines()] == [
        ["CNY", "200", "1"],
        ["USD", "200", "2"],
        ["USD", "499", "1"],
    ]


async def test_a_key_has_its_name_in_a_table_of_several_dimensions(tmp_path: Path) -> None:
    """Nobody knows keys by their ids."""
    with Database.open(tmp_path) as database:
        key = create_key(database, name="team").row.id
    async with Embedded(tmp_path) as platform:
        await platform.accountant.record(a_call("1", at=time.time(), key_id=key))
    with Terminal("usage", "--by", "model,key", "--data-dir", str(tmp_path), COLUMNS="120") as terminal:
        assert terminal.ended() == 0
        seen = terminal.rest()

    assert f"acme/large  {key} (team)" in seen


def test_calls_are_listed_page_by_page(here: Here, data_dir: Path) -> None:
    """The newest first; the last page says that it is the last."""
    first = here("usage", "calls", "--since", "all", "--limit", "3", "--json", "--data-dir", data_dir)
    page = json.loads(first.out)
    second = here(
        "usage", "calls", "--since", "all", "--after", page["after"], "--json", "--data-dir", data_dir
    )
    rest = json.loads(second.out)

    assert sorted(call["id"] for call in page["calls"]) == ["1", "2", "3"]
    assert ([call["id"] for call in rest["calls"]], rest["after"]) == (["4"], "")
    assert {call["id"]: call["price"] for call in page["calls"]}["2"] == "0.0000003"


def test_a_call_in_a_pipe_is_a_line(here: Here, data_dir: Path) -> None:
    """And where there are more, that is said beside the output."""
    done = here("usage", "calls", "--status", "4xx", "--data-dir", data_dir)
    more = here("usage", "calls", "--limit", "1", "--data-dir", data_dir)

    assert done.out.split("\t")[1:10] == ["3", "acme/small", "llm", "key_a", "499", "", "0", "5", ""]
    assert len(more.out.splitlines()) == 1
    assert more.err.startswith("note: there are more: --after ")


def test_a_correction_is_in_the_next_total(here: Here, data_dir: Path) -> None:
    """Its id is on stdout, for the note in one's own books."""
    arguments = ("--amount", "-0.0003", "--reason", "cut off", "--data-dir", data_dir)
    done = here("usage", "correct", "1", *arguments)
    free = json.loads(here("usage", "correct", "-", *arguments, "--currency", "EUR", "--json").out)

    assert done.out.startswith("cor_")
    assert (free["call"], free["amount"], free["currency"]) == ("", "-0.0003", "EUR")
    rows = json.loads(here("usage", "--by", "provider", "--json", "--data-dir", data_dir).out)
    prices = {row["provider"]: row["price"] for row in rows}
    assert prices == {"": {"EUR": "-0.0003"}, "acme": {"CNY": "0.0000003", "USD": "0.0000125"}}


@pytest.mark.parametrize("name", ["calls.csv", "calls.parquet"])
def test_the_ledger_is_exported(here: Here, data_dir: Path, name: str) -> None:
    """In the format that the file's name says; on stdout is how many rows there are."""
    done = here("usage", "export", "-o", data_dir / name, "--data-dir", data_dir)

    assert (done.code, done.out, done.err) == (0, "4\n", "")
    assert (data_dir / name).stat().st_size > 100


def test_a_person_sees_how_far_an_export_is(data_dir: Path) -> None:
    """A long one looks hung otherwise."""
    with Terminal(
        "usage", "export", "-o", str(data_dir / "calls.csv"), "--data-dir", str(data_dir), COLUMNS="100"
    ) as terminal:
        seen = terminal.until("100%")

    assert "writing" in seen


def test_how_long_calls_are_kept_is_said_and_shown(here: Here, tmp_path: Path) -> None:
    """For good, unless somebody says something else."""
    where = ("--data-dir", tmp_path)
    assert here("usage", "retain", *where).out == "all\n"
    assert here("usage", "retain", "--keep", "400d", *where).out == "400d\n"
    assert json.loads(here("usage", "retain", "--json", *where).out) == {
        "workspace": "default",
        "keep": 400 * 86_400,
    }
    assert here("usage", "retain", "--keep", "2s", *where).error.startswith("error: keep: ")
    assert here("usage", "retain", "--keep", "all", *where).out == "all\n"

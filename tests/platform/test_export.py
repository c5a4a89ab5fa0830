"""The ledger as a file: every row once, amounts exact, of one moment, in memory that does not grow."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.platform.calls import ROOT, a_call
from tests.platform.prices.priced import ALL, DAY, spent, written
from tests.platform.test_retention import many

from modelbay.platform.corrections import correct
from modelbay.platform.export import COLUMNS, ExportError, Format, export, how_many
from modelbay.platform.retention import retain, sweep
from modelbay.store import Database
from modelbay.store.selection import Selection

pytestmark = pytest.mark.usefixtures("backend")
FORMATS = get_args(Format)


def rows_in(target: Path, form: str) -> list[dict[str, Any]]:
    """Read a file back."""
    if form == "csv":
        with target.open(newline="") as file:
            return list(csv.DictReader(file))
    from pyarrow import parquet

    rows: list[dict[str, Any]] = parquet.read_table(target).to_pylist()
    return rows


def money(rows: list[dict[str, Any]]) -> Mapping[str, Decimal]:
    """Add up the prices of a file, by currency."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row["price"] not in (None, ""):
            sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + Decimal(row["price"])
    return sums


@pytest.mark.parametrize("form", FORMATS)
def test_the_sums_of_a_file_are_the_totals(tmp_path: Path, form: Format) -> None:
    """With what was corrected, and with the days of which only totals are left."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, *many(300))
        correct(database, "00200", Decimal("-0.123456789012345678"), reason="slow", actor="cli")
        retain(database, 30 * DAY, actor="cli")
        sweep(database, now=100 * DAY)
        target = tmp_path / f"calls.{form}"
        told: list[int] = []

        count = export(database, ALL, target, form, on_rows=told.append)

        rows = rows_in(target, form)
        assert len(rows) == count == how_many(database, ALL) == told[-1]
        assert list(rows[0]) == list(COLUMNS)
        assert money(rows) == spent(database)
        assert sum(int(row["calls"]) for row in rows) == 300
        assert sum(int(row["prompt_tokens"] or 0) for row in rows) == sum(range(300))
        assert {row["kind"] for row in rows} == {"call", "day", "correction"}
        [entry] = [row for row in rows if row["kind"] == "correction"]
        assert (entry["corrects"], entry["reason"], entry["actor"]) == ("00200", "slow", "cli")
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".calls")] == []


@pytest.mark.parametrize("form", FORMATS)
def test_values_come_back_as_they_were(tmp_path: Path, form: Format) -> None:
    """A time to the microsecond, an amount of a third of something, a name with a comma and a line feed."""
    amount = Decimal(1) / 3
    call = a_call(
        "one",
        at=1_700_000_000.25,
        price=amount,
        tag='a,"b"\n',
        stream=True,
        first_token=0.5,
        units=Decimal("0.5"),
    )
    with Database.open(tmp_path) as database:
        written(database, tmp_path, call)
        export(database, ALL, tmp_path / "file", form)

    [row] = rows_in(tmp_path / "file", form)
    assert Decimal(row["price"]) == amount
    assert row["tag"] == 'a,"b"\n'
    if form == "csv":
        assert (row["at"], row["stream"], row["first_token"], row["quantity"]) == (
            "2023-11-14T22:13:20.250000Z", "true", "0.5", "",
        )  # fmt: skip
    else:
        at = datetime.fromtimestamp(1_700_000_000.25, UTC)
        assert (row["at"], row["stream"], row["first_token"], row["quantity"]) == (at, True, 0.5, None)


def test_a_clients_words_are_no_formula(tmp_path: Path) -> None:
    """Whoever opens the file in a spreadsheet would run it."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("one", tag='=HYPERLINK("http://x")', price=Decimal("-1")))
        export(database, ALL, tmp_path / "file", "csv")

    [row] = rows_in(tmp_path / "file", "csv")
    assert (row["tag"], row["price"]) == ('\'=HYPERLINK("http://x")', "-1")


def test_only_what_was_chosen_is_written(tmp_path: Path) -> None:
    """A team's bill holds no other team's calls."""
    with Database.open(tmp_path) as database:
        written(
            database,
            tmp_path,
            a_call("one"),
            a_call("two", workspace="other"),
            a_call("three", model="small"),
        )
        chosen = Selection(workspace="default", model="acme/large")
        export(database, chosen, tmp_path / "file", "csv")

    assert [row["id"] for row in rows_in(tmp_path / "file", "csv")] == ["one"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_ledger_makes_a_file_with_columns(tmp_path: Path, form: Format) -> None:
    """A job that reads it every night must not fail on the first."""
    with Database.open(tmp_path) as database:
        assert export(database, ALL, tmp_path / "file", form) == 0

    assert rows_in(tmp_path / "file", form) == []


def test_what_happens_meanwhile_is_not_in_the_file(tmp_path: Path) -> None:
    """It is of one moment: a sweep in between would else put calls into it twice; and nobody has to wait."""
    with Database.open(tmp_path) as database, Database.open(tmp_path) as other:
        written(database, tmp_path, *many(200))
        before = spent(database)

        def meanwhile(_: int) -> None:
            if not other.rows("SELECT 1 FROM call_totals LIMIT 1"):
                retain(other, DAY, actor="cli")
                assert sweep(other, now=200 * DAY) == 200
                written(other, tmp_path, a_call("late"))

        export(database, ALL, tmp_path / "file", "csv", on_rows=meanwhile)

    rows = rows_in(tmp_path / "file", "csv")
    assert len(rows) == 200
    assert money(rows) == before


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """And the one that was there stays."""
    with Database.open(tmp_path) as database:
        with pytest.raises(ExportError, match=r"nowhere/calls.csv: No such file"):
            export(database, ALL, tmp_path / "nowhere" / "calls.csv", "csv")
        written(
            database, tmp_path, a_call("one", price=Decimal("1e30")), a_call("two", price=Decimal("1e-30"))
        )
        (tmp_path / "kept").write_text("old")
        with pytest.raises(ExportError, match=r"31 digits before and 30 after the point.*write CSV"):
            export(database, ALL, tmp_path / "kept", "parquet")

    assert (tmp_path / "kept").read_text() == "old"
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]


@pytest.mark.parametrize("form", FORMATS)
def test_memory_does_not_grow_with_the_ledger(tmp_path: Path, form: Format) -> None:
    """A million calls must not need a machine of their own."""
    peaks: list[int] = []
    with Database.open(tmp_path) as database:
        written(database, tmp_path, *many(400))
        export(database, ALL, tmp_path / "warm", form, at_once=100)
        for count in (400, 4000):
            written(database, tmp_path, *many(count))
            tracemalloc.start()
            export(database, ALL, tmp_path / "file", form, at_once=100)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    assert peaks[1] < peaks[0] * 2


def test_csv_needs_nothing_more(tmp_path: Path) -> None:
    """Parquet's package is an extra of 100 MB, and loaded for Parquet alone."""
    code = (
        "import sys; from pathlib import Path\n"
        "from modelbay.platform.export import export; from modelbay.store import Database\n"
        "from modelbay.store.selection import Selection\n"
        "sys.modules['pyarrow'] = None\n"
        "folder = Path(sys.argv[1])\n"
        "with Database.open(folder) as database:\n"
        "    export(database, Selection(workspace='default'), folder / 'file', 'csv')\n"
        "    try:\n"
        "        export(database, Selection(workspace='default'), folder / 'file', 'parquet')\n"
        "    except Exception as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "install modelbay[parquet], or write CSV" in done.stdout, json.dumps(done.stderr)

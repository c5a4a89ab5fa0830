"""The data directory and its database: closed to others, exact, and plain words when something is wrong."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.store import Database, StoreError, data_directory, open_directory
from modelbay.store.calls import COLUMNS, DEFAULTS
from modelbay.store.exact import sum_of
from modelbay.store.selection import Selection
from modelbay.store.sqlite import SqliteDatabase
from modelbay.store.totals import sums

MONEY = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=12)


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_what_is_kept(tmp_path: Path) -> None:
    """The database holds hashes of keys and the answers that clients asked to be stored."""
    directory = tmp_path / "deep" / "data"
    with Database.open(directory) as database:
        database.change("INSERT INTO marks (name, number) VALUES ('x', 1)")
        modes = {path.name: mode(path) for path in directory.iterdir()}

    assert mode(directory) == 0o700
    assert modes.pop("modelbay.db") == 0o600
    assert set(modes.values()) == {0o600}


def test_a_directory_that_was_open_is_closed(tmp_path: Path) -> None:
    """A volume that a container was given is often readable by everybody."""
    tmp_path.chmod(0o755)
    (tmp_path / "modelbay.db").touch(0o644)
    Database.open(tmp_path).close()

    assert (mode(tmp_path), mode(tmp_path / "modelbay.db")) == (0o700, 0o600)


def test_data_goes_where_the_variables_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours first, then that of the desktop standard, which counts only if it is absolute."""
    monkeypatch.setenv("HOME", "/houses/ann")
    monkeypatch.delenv("MODELBAY_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    assert data_directory() == Path("/houses/ann/.local/share/modelbay")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_directory() == tmp_path / "modelbay"
    monkeypatch.setenv("MODELBAY_DATA_DIR", str(tmp_path / "own"))
    assert data_directory() == tmp_path / "own"


def test_a_directory_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    """That is the first thing that goes wrong in a container."""
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match=r"file/data cannot be used.*MODELBAY_DATA_DIR"):
        open_directory(tmp_path / "file" / "data")


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Nobody should have to know SQLite's words."""
    (tmp_path / "modelbay.db").write_bytes(b"something else " * 1000)

    with pytest.raises(StoreError, match=r"modelbay\.db: it is not a database of Modelbay: move it away"):
        Database.open(tmp_path)


def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path) -> None:
    """SQLite's own limit on pages fails as a full disk does."""
    with Database.open(tmp_path) as database:
        pages = database.rows("PRAGMA page_count")[0][0]
        database.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="the disk is full: make room"), database.transaction():
            for number in range(10_000):
                database.change("INSERT INTO marks VALUES (:name, 1)", {"name": f"{number:0500}"})

        assert database.rows("SELECT count(*) FROM marks WHERE number = 1 AND name LIKE '0%'") == [(0,)]


@given(st.lists(MONEY, min_size=1))
def test_sums_of_money_are_exact(amounts: list[Decimal]) -> None:
    """Binary floating point would lose a cent in a million calls; also of more than are added at once."""
    texts = [f"{amount:f}" for amount in amounts]
    sum_in_units = sum(int(amount.scaleb(12)) for amount in amounts)

    assert Decimal(sum_of(" ".join(texts)) or "") == Decimal(sum_in_units).scaleb(-12)
    many = 200_000 // len(" ".join(texts)) + 1
    assert Decimal(sum_of(" ".join(texts * many)) or "") == Decimal(sum_in_units * many).scaleb(-12)


def test_the_sum_of_nothing_is_not_nought() -> None:
    """Calls whose price is not known have not been free."""
    assert sum_of(None) is None


def test_totals_call_python_for_nothing(tmp_path: Path) -> None:
    """Neither for calls nor for groups, of which there may be thousands where few are shown."""
    database = SqliteDatabase.open(tmp_path)
    with database:
        rows = [
            [*(dict(DEFAULTS) | {"id": f"{number}", "at": number % 3 * 86_400.0, "price": "0.1"}).values()]
            for number in range(300)
        ]
        database.keep("calls", COLUMNS, rows)
        database.connection.create_function(sum_of.__name__, 1, None)
        found = sums(database, Selection(workspace="default"), ["day"])

    assert [(each.labels, each.calls, sum_of(each.prices)) for each in found] == [
        ((f"1970-01-0{day}",), 100, "10.0") for day in (1, 2, 3)
    ]

"""Tables of lists: what is copied stays whole, and what does not fit is left out before it is cut."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelbay.cli.listing import Column, draw, write_list

ID = "cred_4fa410c2579896d4"
Row = tuple[str, str, str, str]
COLUMNS: tuple[Column[Row], ...] = (
    Column("ID", lambda row: row[0]),
    Column("NAME", lambda row: row[1], wrap=True),
    Column("TOKENS IN", lambda row: row[2], right=True),
    Column("NOTE", lambda row: row[3], wrap=True, spare=True),
)


def drawn(
    capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch, rows: list[Row], width: int
) -> list[str]:
    """Return the lines of a table on a terminal of that width."""
    patch.setenv("COLUMNS", str(width))
    capsys.readouterr()
    draw(rows, COLUMNS, empty="nothing")
    return capsys.readouterr().out.splitlines()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    names=st.lists(st.text("abc 日本-", max_size=60), min_size=1, max_size=5),
    note=st.text("xyz ", max_size=80),
    width=st.integers(min_value=50, max_value=160),
)
def test_no_line_is_too_long_and_no_id_is_cut(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    note: str,
    width: int,
) -> None:
    """An id in two lines cannot be copied, and a line that is too long breaks the table."""
    rows = [(ID, name, "1,234,567", note) for name in names]

    lines = drawn(capsys, monkeypatch, rows, width)

    assert sum(ID in line for line in lines) == len(names)
    assert sum("1,234,567" in line for line in lines) == len(names)
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(("width", "shown"), [(100, True), (60, False)])
def test_a_spare_column_is_left_out_where_there_is_no_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, shown: bool
) -> None:
    """The others are then as wide as they need."""
    lines = drawn(capsys, monkeypatch, [(ID, "a name of some words", "1", "a note that takes room")], width)

    assert ("NOTE" in lines[0]) is shown
    assert "a name of some words" in lines[-1]


def test_an_empty_spare_column_takes_no_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A title above nothing tells nothing."""
    assert "NOTE" not in drawn(capsys, monkeypatch, [(ID, "name", "1", "")], 160)[0]


def test_where_not_even_the_ids_fit_all_of_them_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of an id is worse than one in two lines."""
    lines = drawn(capsys, monkeypatch, [(ID, "name", "1", "")], 24)

    assert ID in "".join(line.split(" ")[0] for line in lines)


def test_a_table_without_rows_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line that can be copied, however narrow the terminal is."""
    assert drawn(capsys, monkeypatch, [], 5) == ["nothing"]


def test_a_pipe_gets_what_json_has_unless_the_list_says_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Yes and no, lists with commas, nothing for what is not there."""
    fields = {"id": ID, "active": True, "models": ["a", "b"], "ends": None}
    rows: list[Row] = [(ID, "", "", "")]

    write_list(rows, COLUMNS, plain=lambda row: fields, as_json=False, empty="")
    write_list(rows, COLUMNS, plain=lambda row: fields, as_json=False, empty="", line=lambda row: row[:1])

    assert capsys.readouterr().out == f"{ID}\tyes\ta,b\t\n{ID}\n"

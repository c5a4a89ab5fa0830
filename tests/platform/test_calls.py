"""Lists of single calls: chosen by what they were, page by page, without gaps."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.calls import a_call
from tests.platform.prices.priced import ALL, written

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.calls import list_calls, parse_status
from modelbay.store import Database
from modelbay.store.selection import Selection

pytestmark = pytest.mark.usefixtures("backend")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([0.0, 1.0, 1.1, 2.5, 1e9 + 0.1]), max_size=12), st.integers(1, 5))
def test_pages_make_up_the_whole(tmp_path: Path, times: list[float], limit: int) -> None:
    """Also where many calls began at the same moment."""
    with Database.open(tmp_path) as database:
        database.change("DELETE FROM calls")
        written(database, tmp_path, *(a_call(str(number), at=at) for number, at in enumerate(times)))
        seen: list[tuple[float, str]] = []
        after = ""
        while True:
            page = list_calls(database, ALL, after=after, limit=limit)
            seen += [(call.at, call.id) for call in page.calls]
            after = page.after
            if not after:
                break

        assert len(seen) == len(times) == len(set(seen))
        assert [at for at, _ in seen] == sorted(times, reverse=True)


def test_calls_that_come_meanwhile_shift_nothing(tmp_path: Path) -> None:
    """Under traffic the second page would else begin with the end of the first."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, *(a_call(str(number), at=float(number)) for number in range(4)))
        first = list_calls(database, ALL, limit=2)
        written(database, tmp_path, a_call("new", at=99.0))
        second = list_calls(database, ALL, after=first.after, limit=2)

    assert [call.id for call in (*first.calls, *second.calls)] == ["3", "2", "1", "0"]
    assert second.after == ""


def test_a_call_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    """With every column, exact numbers exact."""
    call = a_call("one", stream=True, first_token=0.25, tag="curl/8", unit_prices='{"input":"3"}', status=499)
    with Database.open(tmp_path) as database:
        written(database, tmp_path, call)

        assert list_calls(database, ALL).calls == [call]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"provider": "other"}, ["b"]),
        ({"model": "acme/large"}, ["a", "d"]),
        ({"model": "small"}, ["b"]),
        ({"model": "nosuch"}, ["c"]),
        ({"model_type": "rerank"}, ["b"]),
        ({"key": "key_b"}, ["d"]),
        ({"member": "usr_a"}, ["d"]),
        ({"tag": "x' OR 1=1"}, ["a"]),
        ({"status": parse_status("4xx")}, ["c"]),
        ({"status": parse_status("503"), "provider": "acme"}, ["d"]),
        ({"since": 2.0, "until": 4.0}, ["b", "c"]),
    ],
)
def test_calls_are_chosen_by_what_they_were(
    tmp_path: Path, chosen: dict[str, object], found: list[str]
) -> None:
    """Conditions add up, and values are never part of a statement."""
    with Database.open(tmp_path) as database:
        written(
            database,
            tmp_path,
            a_call("a", at=1.0, tag="x' OR 1=1"),
            a_call("b", at=2.0, provider="other", model="small", model_type="rerank"),
            a_call("c", at=3.0, provider="", model="", asked_model="nosuch", status=404),
            a_call("d", at=4.0, key_id="key_b", member="usr_a", status=503),
            a_call("e", at=1.0, workspace="other"),
        )
        page = list_calls(database, Selection(workspace="default", **chosen))  # type: ignore[arg-type]

    assert sorted(call.id for call in page.calls) == found


@pytest.mark.parametrize("after", ["x", "~", "x~one", "5"])
def test_a_place_that_no_page_has_given_is_refused(tmp_path: Path, after: str) -> None:
    """It comes from outside."""
    with Database.open(tmp_path) as database, pytest.raises(InvokeBadRequestError, match=r"^after: "):
        list_calls(database, ALL, after=after)


@pytest.mark.parametrize("text", ["", "4", "4x", "600", "6xx", "٤٠٤", "abc", "-40"])
def test_a_status_that_is_none_is_refused(text: str) -> None:
    """With what could be meant."""
    with pytest.raises(InvokeBadRequestError, match="write a class such as 4xx"):
        parse_status(text)

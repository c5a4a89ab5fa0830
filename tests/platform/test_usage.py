"""Totals of the ledger: exact, by any dimension, with what is not known said."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.calls import a_call

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.fold import FOLDER
from modelbay.platform.keys import create_key
from modelbay.platform.records import HEADER, to_line
from modelbay.platform.usage import usage
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database
from modelbay.store.journal import Journal, frame

PRICES = (
    st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**9, places=9) | st.none()
)
DAY = 86_400.0

pytestmark = pytest.mark.usefixtures("backend")


def written(data_dir: Path, calls: Sequence[CallRecord]) -> Path:
    """Write calls down as a gateway does that crashed before it folded."""
    journal = Journal.create(data_dir / FOLDER, HEADER)
    journal.append(b"".join(frame(to_line(call)) for call in calls))
    journal.close()
    return data_dir


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PRICES, st.sampled_from(["USD", "CNY"]), st.sampled_from(["a", "b"]))))
def test_totals_are_exact_and_complete(calls: list[tuple[Decimal | None, str, str]]) -> None:
    """By whatever they are grouped, the groups make up the whole, to the last digit."""
    records = [
        a_call(str(number), price=price, currency=currency, model=model, at=DAY * number)
        for number, (price, currency, model) in enumerate(calls)
    ]
    with tempfile.TemporaryDirectory() as folder:
        data_dir = written(Path(folder), records)
        with Database.open(data_dir) as database:
            database.change("DELETE FROM calls")  # of the example before
        for by in ("model", "key", "day", "provider"):
            rows = usage(data_dir, by=by)
            for currency in ("USD", "CNY"):
                units = [
                    int(price.scaleb(9)) for price, of, _ in calls if price is not None and of == currency
                ]
                found = [row.prices[currency] for row in rows if currency in row.prices]
                assert sum(int(price.scaleb(9)) for price in found) == sum(units)
            assert sum(row.calls for row in rows) == len(calls)
            assert sum(row.unpriced for row in rows) == sum(price is None for price, _, _ in calls)


def test_calls_are_grouped(tmp_path: Path) -> None:
    """One label a group, in order; a call that reached no model is named as it was asked for."""
    with Database.open(tmp_path) as database:
        key = create_key(database, name="ann").row
    calls = [
        a_call(
            "1", prompt_tokens=9, completion_tokens=49, cached_tokens=4, reasoning_tokens=2, key_id=key.id
        ),
        a_call("2", model="small", at=1_700_000_000.0 + DAY),
        a_call("3", provider="", model="", asked_model="nosuch", status=404, error="x", price=None),
    ]
    written(tmp_path, calls)

    assert [row.label for row in usage(tmp_path)] == ["acme/large", "acme/small", "nosuch"]
    assert [row.label for row in usage(tmp_path, by="provider")] == ["", "acme"]
    assert [(row.label, row.calls) for row in usage(tmp_path, by="day")] == [
        ("2023-11-14", 2),
        ("2023-11-15", 1),
    ]
    named = {row.label: row for row in usage(tmp_path, by="key")}
    assert named[key.id].name == "ann"
    first = usage(tmp_path)[0]
    assert (first.prompt_tokens, first.completion_tokens) == (9, 49)
    assert (first.cached_tokens, first.reasoning_tokens) == (4, 2)


@pytest.mark.parametrize(
    ("facts", "unpriced"),
    [
        ({"price": None}, 1),
        ({"price": Decimal(0)}, 0),
        ({"price": None, "status": 401}, 0),
        ({"price": None, "status": 499, "completion_tokens": 3}, 1),
        ({"price": None, "status": 500, "quantity": Decimal("0.5"), "meter": "minute"}, 1),
    ],
)
def test_what_was_used_without_a_known_price_is_said(
    tmp_path: Path, facts: dict[str, object], unpriced: int
) -> None:
    """Unknown is not free; a call that used nothing has no price to know."""
    written(tmp_path, [a_call("1", **facts)])

    assert [row.unpriced for row in usage(tmp_path)] == [unpriced]


def test_only_the_time_and_workspace_asked_for_count(tmp_path: Path) -> None:
    """A bill is of one month and one team."""
    written(tmp_path, [a_call("1", at=10.0), a_call("2", at=20.0), a_call("3", at=30.0, workspace="other")])

    assert [row.calls for row in usage(tmp_path, since=20.0)] == [1]
    assert [row.calls for row in usage(tmp_path, workspace="other")] == [1]


def test_errors_are_counted(tmp_path: Path) -> None:
    """Also those of clients that went away."""
    written(tmp_path, [a_call(str(status), status=status) for status in (200, 400, 499, 503)])

    assert [(row.calls, row.errors) for row in usage(tmp_path)] == [(4, 3)]


def test_an_unknown_dimension_is_refused_by_name(tmp_path: Path) -> None:
    """It becomes part of a statement, so it is one of a closed set."""
    with pytest.raises(InvokeBadRequestError, match=r"^by: 'tag; --' is none of model, key, day, provider"):
        usage(tmp_path, by="tag; --")

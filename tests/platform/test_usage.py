"""Totals of the ledger: exact, by any dimension, with what is not known said."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.calls import a_call

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.corrections import correct
from modelbay.platform.fold import FOLDER, fold
from modelbay.platform.keys import create_key
from modelbay.platform.records import HEADER, to_line
from modelbay.platform.retention import retain, sweep
from modelbay.platform.usage import DIMENSIONS, usage
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database
from modelbay.store.exact import EXACT
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


LABELS = st.sampled_from(["", "a", "b"])
CALLS = st.fixed_dictionaries(
    {
        "price": PRICES,
        "currency": st.sampled_from(["USD", "CNY"]),
        "model": LABELS,
        "key_id": LABELS,
        "member": LABELS,
        "tag": LABELS,
        "status": st.sampled_from([200, 404, 499]),
        "at": st.floats(0, 40 * DAY),
        "prompt_tokens": st.integers(0, 2**40),
    }
)
CORRECTIONS = st.lists(
    st.tuples(st.integers(0, 20), st.decimals(-(10**9), 10**9, places=9).filter(bool)), max_size=4
)
BY = st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=4)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CALLS, max_size=12), CORRECTIONS, BY, st.sampled_from([None, 10 * DAY, 30 * DAY]))
def test_totals_are_exact_and_complete(
    calls: list[dict[str, Any]], corrections: list[tuple[int, Decimal]], by: list[str], swept: float | None
) -> None:
    """By whatever they are grouped, and whatever was corrected or swept, groups make up the whole exactly."""
    records = [a_call(str(number), **facts) for number, facts in enumerate(calls)]
    money = [(record.currency, record.price) for record in records if record.price is not None]
    with tempfile.TemporaryDirectory() as folder:
        data_dir = written(Path(folder), records)
        with Database.open(data_dir) as database:
            for table in ("calls", "corrections", "call_totals", "retention"):  # of the example before
                database.change(f"DELETE FROM {table}")
            fold(database, data_dir)
            for number, amount in corrections[: len(records)]:
                record = records[number % len(records)]
                correct(database, record.id, amount, reason="why", actor="cli")
                money.append((record.currency, amount))
            if swept is not None:
                retain(database, DAY, actor="cli")
                sweep(database, now=swept)
        rows = usage(data_dir, by=by)
    for currency in ("USD", "CNY"):
        expected = [int(amount.scaleb(9)) for of, amount in money if of == currency]
        found = [row.prices[currency] for row in rows if currency in row.prices]
        assert sum(int(EXACT.scaleb(price, 9)) for price in found) == sum(expected)
    assert sum(row.calls for row in rows) == len(records)
    assert sum(row.errors for row in rows) == sum(record.status >= 400 for record in records)
    assert sum(row.prompt_tokens for row in rows) == sum(record.prompt_tokens for record in records)
    assert len({row.labels for row in rows}) == len(rows)


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


def test_a_period_ends_before_its_end(tmp_path: Path) -> None:
    """A call at midnight belongs to one month, not to two."""
    written(tmp_path, [a_call(str(at), at=at) for at in (10.0, 20.0, 30.0)])

    assert [row.calls for row in usage(tmp_path, since=10.0, until=30.0)] == [2]


def test_calls_are_grouped_by_several_dimensions_at_once(tmp_path: Path) -> None:
    """Labels come in the order that was asked for; what comes twice counts once."""
    at = 1_700_000_000.0  # a Tuesday
    written(
        tmp_path, [a_call("1", at=at), a_call("2", at=at + 3600, status=503), a_call("3", at=at + 7 * DAY)]
    )

    def labels(by: str) -> list[tuple[str, ...]]:
        return [row.labels for row in usage(tmp_path, by=by)]

    assert labels("status,model,status") == [("200", "acme/large"), ("503", "acme/large")]
    assert labels("month,week") == [("2023-11", "2023-W46"), ("2023-11", "2023-W47")]
    assert labels("hour")[:2] == [("2023-11-14T22",), ("2023-11-14T23",)]
    assert [(row.labels, row.calls) for row in usage(tmp_path, by=())] == [((), 3)]


def test_errors_are_counted(tmp_path: Path) -> None:
    """Also those of clients that went away."""
    written(tmp_path, [a_call(str(status), status=status) for status in (200, 400, 499, 503)])

    assert [(row.calls, row.errors) for row in usage(tmp_path)] == [(4, 3)]


def test_an_unknown_dimension_is_refused_by_name(tmp_path: Path) -> None:
    """It becomes part of a statement, so it is one of a closed set."""
    with pytest.raises(
        InvokeBadRequestError, match=r"^by: 'tag; --' is none of day, hour, week, month, provider, model"
    ):
        usage(tmp_path, by="tag; --")

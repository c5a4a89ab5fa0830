"""Corrections: entries beside what was recorded, in every total, and never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from tests.platform.calls import a_call
from tests.platform.people.persons import actions
from tests.platform.prices.priced import ALL, DAY, spent, written

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.corrections import correct
from modelbay.platform.people.workspaces import create_workspace
from modelbay.platform.usage import DIMENSIONS, totals_of
from modelbay.store import Database
from modelbay.store.selection import Selection

pytestmark = pytest.mark.usefixtures("backend")


def test_a_correction_counts_where_its_call_counts(tmp_path: Path) -> None:
    """By any dimension, at the call's time, and what was recorded stays."""
    facts = {"key_id": "key_b", "tag": "curl", "member": "usr_a", "credential": "cred_a", "route": "fast"}
    with Database.open(tmp_path) as database:
        call = a_call("one", at=5 * DAY, price=Decimal("0.50"), **facts)
        written(database, tmp_path, call, a_call("two", at=9 * DAY, price=Decimal("0.25")))
        correct(database, "one", Decimal("-0.125"), reason="the answer was cut off", actor="usr_ann")

        for name in DIMENSIONS:
            rows = totals_of(database, ALL, (name,)).values()
            assert sum((row.prices["USD"] for row in rows), Decimal(0)) == Decimal("0.625")
            assert sum(row.calls for row in rows) == 2
        days = {day: row.prices["USD"] for (day,), row in totals_of(database, ALL, ("day",)).items()}
        assert days == {"1970-01-06": Decimal("0.375"), "1970-01-10": Decimal("0.25")}
        assert database.rows("SELECT price FROM calls WHERE id = 'one'") == [("0.50",)]
        assert actions(database) == ["usage.correct"]


def test_a_correction_may_belong_to_no_call(tmp_path: Path) -> None:
    """A fee, or a credit for a bad month."""
    with Database.open(tmp_path) as database:
        correct(database, "", Decimal("-5"), reason="credit", actor="cli", now=3 * DAY, currency="EUR")
        correct(database, "", Decimal("2"), reason="fee", actor="cli", now=3 * DAY)

        assert spent(database) == {"EUR": Decimal(-5), "USD": Decimal(2)}
        assert spent(database, Selection(workspace="default", until=DAY)) == {}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"call": "none"}, "call: there is no call 'none' in this workspace"),
        ({"amount": Decimal(0)}, "amount: it must be a number other than 0"),
        ({"amount": Decimal("NaN")}, "amount: it must be a number"),
        ({"amount": Decimal("1e-19")}, "amount: it has more than 18 digits"),
        ({"reason": " "}, "reason: say why"),
        ({"reason": "two\nlines"}, "reason: say why"),
        ({"currency": "dollar"}, "currency: 'dollar' is none"),
        ({"workspace": "ws_none"}, "there is no workspace"),
    ],
)
def test_a_mistake_changes_nothing(tmp_path: Path, given: dict[str, object], error: str) -> None:
    """Money that was entered by mistake can only be corrected by more of it."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("one"))
        values: dict[str, object] = {
            "call": "one",
            "amount": Decimal(1),
            "reason": "why",
            "actor": "cli",
        } | given
        with pytest.raises(InvokeBadRequestError, match=error):
            correct(database, **values)  # type: ignore[arg-type]

        assert database.rows("SELECT * FROM corrections") == []
        assert actions(database) == []


def test_another_workspaces_call_cannot_be_corrected(tmp_path: Path) -> None:
    """Ids are no secret."""
    with Database.open(tmp_path) as database:
        other = create_workspace(database, "Other", actor="cli").id
        written(database, tmp_path, a_call("one"))

        with pytest.raises(InvokeBadRequestError, match="there is no call 'one'"):
            correct(database, "one", Decimal(1), reason="why", actor="cli", workspace=other)


def test_all_who_correct_at_once_are_counted(tmp_path: Path) -> None:
    """None takes another's place."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("one", price=Decimal(0)))

        def add(_: int) -> None:
            with Database.open(tmp_path) as own:
                correct(own, "one", Decimal("0.1"), reason="why", actor="cli")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(12)))

        assert spent(database) == {"USD": Decimal("1.2")}
        assert database.rows("SELECT number FROM corrections ORDER BY number") == [(n,) for n in range(1, 13)]

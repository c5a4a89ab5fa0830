"""The books: what was used of a limit is the ledger's sum, in whatever order things happen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.calls import a_call
from tests.platform.limits.books import DAY, HOLDER, NOW, STEPS, Books, happen
from tests.platform.limits.lent import Watched, terms, times

from modelbay.platform.fold import fold
from modelbay.platform.limits import holding
from modelbay.platform.limits.budgets import BudgetLimit, create_budget, list_budgets
from modelbay.platform.limits.holding import Ask, Hold, begin_counting
from modelbay.platform.limits.periods import Period
from modelbay.platform.limits.quotas import QuotaLimit
from modelbay.store import Database, spending
from modelbay.store.spending import Balance

pytestmark = pytest.mark.usefixtures("backend")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_the_books_are_the_ledgers_sums(
    tmp_path: Path, steps: list[tuple[str, Any]]
) -> None:
    """Of every scope, period and currency, with corrections; counted as it comes, or by a later budget.

    Each thing that happens leaves them right, not only all of it in the end.
    """
    with Database.open(tmp_path) as database:
        books = Books(database, tmp_path)
        happen(books, steps)
        books.die()

        books.check()
        assert len(database.rows("SELECT id FROM calls WHERE workspace = :w", {"w": books.workspace})) == len(
            books.written
        )
        for row in books.budgets():
            limit = BudgetLimit(row, NOW)
            right = books.right(row, limit.place.period)
            found = spending.balance(database, limit.place)
            assert limit.spent_before(database) == right
            assert found is None or found == Balance(right, Decimal(0))
        assert database.rows("SELECT * FROM holds") == []


def test_a_call_that_is_written_or_folded_twice_is_counted_once(tmp_path: Path) -> None:
    """In one transaction, in two, and from two journals."""
    with Database.open(tmp_path) as database:
        create_budget(database, "default", amount="10", period="total", actor="cli")
        list(list_budgets(database, "default"))
        books = Books(database, tmp_path)
        books.workspace = "default"
        record = a_call("one", price=Decimal("1.5"))
        books.begin(record)
        for _ in range(30):
            books.write(record)
        books.fold()
        books.write(record)
        books.die()
        books.write(a_call("one", price=Decimal(9)))
        books.fold()

        [budget] = list_budgets(database, "default")
        assert (budget.used, budget.held) == (Decimal("1.5"), Decimal(0))


def test_what_was_spent_before_a_budget_was_made_counts(tmp_path: Path) -> None:
    """From the beginning of its period; what is not yet in the ledger when it is made, too."""
    with Database.open(tmp_path) as database:
        books = Books(database, tmp_path)
        for name, price, age in [("old", "1", 40), ("new", "2", 0)]:
            books.write(a_call(name, workspace=books.workspace, price=Decimal(price), at=NOW - age * DAY))
        books.fold()
        books.budget(
            {"scope": "workspace", "target": "", "period": "month", "currency": "USD", "unpriced": None}
        )
        books.write(a_call("late", workspace=books.workspace, price=Decimal(4), at=NOW))
        books.begin(a_call("next", workspace=books.workspace, at=NOW))
        books.fold()

        [row] = books.budgets()
        assert spending.balance(database, BudgetLimit(row, NOW).place) == Balance(Decimal(6), Decimal(5))


@given(
    units=st.lists(
        st.tuples(st.sampled_from(["trial", "trial/day", "paid", ""]), st.integers(0, 9), st.booleans())
    )
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_quota_counts_what_the_ledger_says_of_it(
    tmp_path: Path, units: list[tuple[str, int, bool]]
) -> None:
    """In its period alone; also on a day on which two begin: then a change of the file changes no sum."""
    first = 1_704_067_200.0  # a Monday, the first of a month
    with Database.open(tmp_path) as database:
        books = Books(database, tmp_path)
        limits = [
            QuotaLimit(books.workspace, "acme", "large", terms(99, period=period), Decimal(99), first)
            for period in (Period.TOTAL, Period.DAY)
        ]
        begin_counting(database, [Hold(books.workspace, "x", [Ask(limit, Decimal(1)) for limit in limits])])
        for number, (hosted, count, tomorrow) in enumerate(units):
            facts = {"hosted": hosted, "units": Decimal(count), "at": first + number + 86_400 * tomorrow}
            books.write(a_call(f"{number}", workspace=books.workspace, **facts))
        books.die()

        for limit, name in zip(limits, ("trial", "trial/day"), strict=True):
            right = sum(
                count
                for hosted, count, tomorrow in units
                if hosted == name and not (tomorrow and name == "trial/day")
            )
            assert spending.balance(database, limit.place) == Balance(Decimal(right), Decimal(0))
            assert limit.spent_before(database) == right


def test_calls_of_a_place_that_nobody_counts_cost_nothing_more(tmp_path: Path) -> None:
    """A workspace without limits is folded without a look at what is held."""
    with Database.open(tmp_path) as database:
        books = Books(database, tmp_path)
        for number in range(60):
            books.write(a_call(f"{number}", workspace=books.workspace))
        watched = Watched(database)
        fold(watched, tmp_path)
    asked = [each for each in watched.asked if "holds" in each or "spent" in each]
    assert asked == []
    assert sum("FROM budgets" in each for each in watched.asked) == 1


def test_holding_for_many_asks_once_for_each_limit(tmp_path: Path) -> None:
    """Two hundred calls at once cost hardly more than one."""
    with Database.open(tmp_path) as database:
        watched = Watched(database)
        counts = []
        for count in (1, 200):
            watched.asked.clear()
            calls = [Hold("default", f"{count}-{number}", times(1000)) for number in range(count)]
            begin_counting(watched, calls)
            with watched.transaction("limits default"):
                holding.hold(watched, HOLDER, calls)
            counts.append(len(watched.asked))
    assert counts[0] <= 8
    assert counts[1] <= 6

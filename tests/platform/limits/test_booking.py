"""The books: what was used of a limit is the ledger's sum, in whatever order things happen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.calls import a_call
from tests.platform.limits.lent import Watched, terms, times

from modelbay.platform.fold import FOLDER, fold
from modelbay.platform.limits import holding
from modelbay.platform.limits.budgets import BudgetLimit, create_budget, list_budgets
from modelbay.platform.limits.charges import of_record
from modelbay.platform.limits.holding import Ask, Hold, Settlement, begin_counting
from modelbay.platform.limits.periods import Period, start_of
from modelbay.platform.limits.quotas import QuotaLimit
from modelbay.platform.people.workspaces import create_workspace
from modelbay.platform.records import HEADER, to_line
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database, spending
from modelbay.store import limits as queries
from modelbay.store.journal import Journal, frame
from modelbay.store.limits import BudgetRow
from modelbay.store.spending import Balance

pytestmark = pytest.mark.usefixtures("backend")

NOW = 1_700_000_000.0
HOLDER = "holder_test"
DAY = 86_400.0


class Books:
    """A workspace in which things happen one after the other."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self.database = database
        self.data_dir = data_dir
        self.workspace = create_workspace(database, "Team", actor="cli").id
        self.written: dict[str, CallRecord] = {}
        self.under_way: list[CallRecord] = []
        self.journal: Journal | None = None

    def budgets(self) -> Sequence[BudgetRow]:
        return queries.budgets(self.database, self.workspace)

    def limits(self, record: CallRecord) -> list[BudgetLimit]:
        return [BudgetLimit(row, record.at) for row in self.budgets() if is_about(row, record)]

    def budget(self, facts: dict[str, Any]) -> None:
        """Make a budget; one that is there already stays."""
        made = {(row.scope, row.target, row.period, row.currency) for row in self.budgets()}
        if (facts["scope"], facts["target"], facts["period"], facts["currency"]) not in made:
            row = BudgetRow(
                workspace=self.workspace,
                id=f"budget_{len(made)}",
                amount=Decimal(10**9),
                action="refuse",
                created=NOW,
                **facts,
            )
            queries.insert_budget(self.database, row)

    def begin(self, record: CallRecord) -> None:
        asks = [Ask(limit, Decimal(5)) for limit in self.limits(record)]
        hold = Hold(self.workspace, record.id, asks)
        begin_counting(self.database, [hold])
        with self.database.transaction("limits"):
            assert not any(
                isinstance(each, Exception) for each in holding.hold(self.database, HOLDER, [hold])
            )
        self.under_way.append(record)

    def write(self, record: CallRecord) -> None:
        if self.journal is None:
            self.journal = Journal.create(self.data_dir / FOLDER, HEADER)
        self.journal.append(frame(to_line(record)))
        self.written.setdefault(record.id, record)

    def settle(self, record: CallRecord) -> None:
        spent = of_record(record)
        ended = [(limit.place, limit.charge(spent)) for limit in self.limits(record)]
        with self.database.transaction("limits"):
            holding.settle(self.database, [Settlement(self.workspace, record.id, ended)])

    def fold(self) -> None:
        fold(self.database, self.data_dir)

    def die(self) -> None:
        """Leave the journal; somebody else reads it, then lets go of what was held."""
        if self.journal is not None:
            self.journal.close()
        self.journal, self.under_way = None, []
        self.fold()
        with self.database.transaction("holders"):
            spending.beat(self.database, HOLDER, "", 1)
            spending.release(self.database, HOLDER)


def is_about(row: BudgetRow, record: CallRecord) -> bool:
    """Say it in other words than the code does."""
    return {
        "workspace": True,
        "member": record.member == row.target,
        "key": record.key_id == row.target,
        "model": f"{record.provider}/{record.model}".startswith(row.target.rstrip("*")),
    }[row.scope]


def counted(row: BudgetRow, record: CallRecord) -> Decimal:
    if record.price is not None and record.currency == row.currency:
        return record.price
    if record.price == 0 or (record.status >= 400 and not record.prompt_tokens):
        return Decimal(0)
    return row.unpriced or Decimal(0)


CALLS = st.fixed_dictionaries(
    {
        "at": st.sampled_from([NOW, NOW - 2 * DAY, NOW - 20 * DAY, NOW - 50 * DAY]),
        "key_id": st.sampled_from(["key_a", "key_b"]),
        "member": st.sampled_from(["", "usr_a"]),
        "model": st.sampled_from(["large", "small"]),
        "price": st.sampled_from([None, *map(Decimal, ("0", "0.1", "0.0000001", "7.25"))]),
        "currency": st.sampled_from(["USD", "EUR"]),
        "status": st.sampled_from([200, 499, 500]),
        "prompt_tokens": st.sampled_from([0, 9]),
    }
)
BUDGETS = st.fixed_dictionaries(
    {
        "scope": st.just("workspace"),
        "target": st.just(""),
        "period": st.sampled_from([*Period]),
        "currency": st.sampled_from(["USD", "EUR"]),
        "unpriced": st.sampled_from([None, Decimal("0.5")]),
    }
).flatmap(
    lambda facts: st.sampled_from(
        [
            facts,
            facts | {"scope": "member", "target": "usr_a"},
            facts | {"scope": "key", "target": "key_a"},
            facts | {"scope": "model", "target": "acme/l*"},
        ]
    )
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("budget"), BUDGETS),
        st.tuples(st.just("begin"), CALLS),
        st.tuples(
            st.sampled_from(["end", "end twice", "end unsettled", "end untold", "fold", "die"]), st.none()
        ),
    ),
    max_size=25,
)


def happen(books: Books, steps: Sequence[tuple[str, Any]]) -> None:
    """Do one thing after the other."""
    numbers = itertools.count()
    for step, facts in steps:
        if step == "budget":
            books.budget(facts)
        elif step == "begin":
            books.begin(a_call(f"{next(numbers)}", workspace=books.workspace, **facts))
        elif step == "fold":
            books.fold()
        elif step == "die":
            books.die()
        elif books.under_way:
            record = books.under_way.pop(0)
            if step != "end untold":
                books.write(record)
            if step == "end twice":
                books.write(record)
            if step in ("end", "end twice"):
                books.settle(record)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_the_books_are_the_ledgers_sums(
    tmp_path: Path, steps: list[tuple[str, Any]]
) -> None:
    """Of every scope, period and currency; counted as it comes, or from the ledger by a later budget."""
    with Database.open(tmp_path) as database:
        books = Books(database, tmp_path)
        happen(books, steps)
        books.die()

        for row in books.budgets():
            limit = BudgetLimit(row, NOW)
            since = start_of(Period(row.period), NOW)
            right = sum(
                (
                    counted(row, each)
                    for each in books.written.values()
                    if is_about(row, each) and each.at >= since
                ),
                start=Decimal(0),
            )
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


@given(units=st.lists(st.tuples(st.sampled_from(["trial", "trial/day", "paid", ""]), st.integers(0, 9))))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_quota_counts_what_the_ledger_says_of_it(tmp_path: Path, units: list[tuple[str, int]]) -> None:
    """Also on a day on which two of its periods begin: then a change of the file changes no sum."""
    first = 1_704_067_200.0  # a Monday, the first of a month
    with Database.open(tmp_path) as database:
        books = Books(database, tmp_path)
        limits = [
            QuotaLimit(books.workspace, "acme", "large", terms(99, period=period), Decimal(99), first)
            for period in (Period.TOTAL, Period.DAY)
        ]
        begin_counting(database, [Hold(books.workspace, "x", [Ask(limit, Decimal(1)) for limit in limits])])
        for number, (hosted, count) in enumerate(units):
            facts = {"hosted": hosted, "units": Decimal(count), "at": first + number}
            books.write(a_call(f"{number}", workspace=books.workspace, **facts))
        books.die()

        for limit, name in zip(limits, ("trial", "trial/day"), strict=True):
            right = sum(count for hosted, count in units if hosted == name)
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

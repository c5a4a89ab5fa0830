"""A workspace whose books are looked at while calls, corrections and budgets come in any order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from tests.platform.calls import a_call
from tests.platform.prices.priced import price

from modelbay.platform.corrections import correct
from modelbay.platform.fold import FOLDER, fold
from modelbay.platform.limits import holding
from modelbay.platform.limits.budgets import BudgetLimit, change_budget
from modelbay.platform.limits.charges import of_record
from modelbay.platform.limits.holding import Ask, Hold, Settlement, begin_counting
from modelbay.platform.limits.periods import Period, start_of
from modelbay.platform.people.workspaces import create_workspace
from modelbay.platform.prices.reprice import reprice
from modelbay.platform.records import HEADER, to_line
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database, spending
from modelbay.store import limits as queries
from modelbay.store.journal import Journal, frame
from modelbay.store.limits import BudgetRow
from modelbay.store.selection import Selection

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

    def correct(self, facts: dict[str, Any]) -> None:
        """Correct a call that is in the ledger, or what the workspace has spent."""
        statement = "SELECT id FROM calls WHERE workspace = :workspace ORDER BY id"
        ids = [str(call) for (call,) in self.database.rows(statement, {"workspace": self.workspace})]
        call = ids[facts["which"] % len(ids)] if ids and facts["which"] else ""
        correct(
            self.database,
            call,
            facts["amount"],
            reason="why",
            actor="cli",
            workspace=self.workspace,
            currency=facts["currency"],
            now=facts["at"],
        )

    def reprice(self, currency: str) -> None:
        """Reckon all calls again, by prices of one currency."""
        config = price(currency=currency, input="1000")
        chosen = Selection(workspace=self.workspace)
        reprice(self.database, chosen, lambda *_: config, actor="cli", write=True)

    def count_unpriced(self, value: str | None) -> None:
        """Change what budgets count of calls whose price they do not know."""
        for row in self.budgets()[:2]:
            terms: dict[str, Any] = {"unpriced": value} if value else {"refuse_unpriced": True}
            change_budget(self.database, self.workspace, row.id, actor="cli", **terms)

    def right(self, row: BudgetRow, period: float) -> Decimal:
        """Return what a budget has to have counted in a period, by the rows of the ledger."""
        own = {"workspace": self.workspace}
        calls = self.database.rows("SELECT id FROM calls WHERE workspace = :workspace", own)
        corrections = self.database.rows(
            "SELECT call, at, price, currency, unpriced FROM corrections WHERE workspace = :workspace", own
        )
        records = [self.written[call] for (call,) in calls]
        amounts = [(each.at, counted(row, each)) for each in records if is_about(row, each)]
        amounts += [
            (at, counted_of_correction(row, Decimal(amount), currency, unpriced))
            for call, at, amount, currency, unpriced in corrections
            if (is_about(row, self.written[call]) if call else row.scope == "workspace")
        ]
        kind = Period(row.period)
        return sum((amount for at, amount in amounts if start_of(kind, at) == period), start=Decimal(0))

    def check(self) -> None:
        """Find what was counted wrong."""
        for row in self.budgets():
            for place in spending.begun(self.database, self.workspace, row.id):
                found = spending.balance(self.database, place)
                assert found is not None
                assert found.used == self.right(row, place.period)


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


def counted_of_correction(row: BudgetRow, amount: Decimal, currency: str, unpriced: int) -> Decimal:
    gone = row.unpriced or Decimal(0) if unpriced else Decimal(0)
    if currency == row.currency:
        return amount - gone
    return Decimal(0) if amount else -gone


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
CORRECTIONS = st.fixed_dictionaries(
    {
        "which": st.integers(0, 5),
        "amount": st.sampled_from([*map(Decimal, ("-9", "0.3", "-0.0000001", "4"))]),
        "currency": st.sampled_from(["", "USD", "EUR"]),
        "at": st.sampled_from([NOW, NOW - 20 * DAY]),
    }
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("budget"), BUDGETS),
        st.tuples(st.just("begin"), CALLS),
        st.tuples(st.just("correct"), CORRECTIONS),
        st.tuples(st.just("reprice"), st.sampled_from(["USD", "EUR"])),
        st.tuples(st.just("count unpriced"), st.sampled_from([None, "0.25", "3"])),
        st.tuples(
            st.sampled_from(["end", "end twice", "end unsettled", "end untold", "fold", "die"]), st.none()
        ),
    ),
    max_size=30,
)


def happen(books: Books, steps: Sequence[tuple[str, Any]]) -> None:
    """Do one thing after the other, and look at the books after each."""
    numbers = itertools.count()
    for step, facts in steps:
        _do(books, step, facts, numbers)
        books.check()


def _do(books: Books, step: str, facts: Any, numbers: Iterator[int]) -> None:
    changes: dict[str, Callable[[Any], None]] = {
        "budget": books.budget,
        "correct": books.correct,
        "reprice": books.reprice,
        "count unpriced": books.count_unpriced,
    }
    if step in changes:
        changes[step](facts)
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

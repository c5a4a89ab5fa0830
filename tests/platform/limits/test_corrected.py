"""Budgets count what is corrected, in the transaction that corrects it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from tests.platform.calls import a_call
from tests.platform.limits.books import DAY, NOW, Books
from tests.platform.limits.lent import terms
from tests.platform.prices.priced import ALL, price, spent, written

from modelbay.platform.corrections import correct
from modelbay.platform.fold import fold
from modelbay.platform.keys import create_key, narrower_key
from modelbay.platform.limits.budgets import (
    BudgetLimit,
    change_budget,
    create_budget,
    delete_budget,
    list_budgets,
)
from modelbay.platform.limits.holding import Ask, Hold, begin_counting
from modelbay.platform.limits.quotas import QuotaLimit
from modelbay.platform.prices.reprice import reprice
from modelbay.runtime.accounts import LimitReachedError
from modelbay.store import Database, spending
from modelbay.store.limits import BudgetRow

pytestmark = pytest.mark.usefixtures("backend")


def counted(database: Database, row: BudgetRow, at: float = NOW) -> Decimal:
    """Return what a budget has counted, having begun if it had not."""
    limit = BudgetLimit(row, at)
    begin_counting(database, [Hold(row.workspace, "x", [Ask(limit, Decimal(0))])])
    balance = spending.balance(database, limit.place)
    assert balance is not None
    return balance.used


def test_a_correction_counts_in_the_budgets_that_count_its_call(tmp_path: Path) -> None:
    """And in no other: not of another model or key, currency or period."""
    with Database.open(tmp_path) as database:
        parent = create_key(database, name="parent", workspace="default").row
        child = narrower_key(database, parent.id, name="child", actor="cli").row
        rows = [
            create_budget(database, "default", amount="10", actor="cli", **facts)
            for facts in (
                {"period": "day"},
                {"scope": "key", "target": parent.id, "period": "total"},
                {"scope": "model", "target": "acme/l*", "period": "total"},
                {"scope": "model", "target": "acme/s*", "period": "total"},
                {"currency": "EUR", "period": "total"},
            )
        ]
        written(database, tmp_path, a_call("one", at=NOW, price=Decimal(2), key_id=child.id))
        before = [counted(database, row) for row in rows]
        correct(database, "one", Decimal("-2.5"), reason="refund", actor="cli", now=NOW + 40 * DAY)

        assert before == [2, 2, 2, 0, 0]
        assert [counted(database, row) for row in rows] == [Decimal("-0.5")] * 3 + [0, 0]
        assert counted(database, rows[0], NOW + 40 * DAY) == 0


def test_a_correction_of_no_call_counts_for_the_workspace_alone(tmp_path: Path) -> None:
    """It has no key and no model; a budget of any model is not about it."""
    with Database.open(tmp_path) as database:
        whole = create_budget(database, "default", amount="10", period="total", actor="cli")
        models = create_budget(
            database, "default", amount="10", period="total", scope="model", target="*", actor="cli"
        )
        assert [counted(database, row) for row in (whole, models)] == [0, 0]
        correct(database, "", Decimal("0.1"), reason="fee", actor="cli")

        assert [counted(database, row) for row in (whole, models)] == [Decimal("0.1"), 0]
        assert [each.used for each in list_budgets(database, "default")] == [Decimal("0.1"), 0]


def test_what_is_given_back_can_be_spent(tmp_path: Path) -> None:
    """More than the budget, where more was given back than was spent."""
    with Database.open(tmp_path) as database:
        row = create_budget(database, "default", amount="1", period="total", actor="cli")
        books = Books(database, tmp_path)
        books.workspace = "default"
        limit = BudgetLimit(row, NOW)
        assert counted(database, row) == 0
        correct(database, "", Decimal(-3), reason="credit", actor="cli")
        balance = spending.balance(database, limit.place)

        assert balance is not None
        assert limit.refusal(balance, Decimal(4)) is None
        assert isinstance(limit.refusal(balance, Decimal("4.01")), LimitReachedError)


def test_a_call_that_gets_a_price_counts_it_instead_of_what_was_assumed(tmp_path: Path) -> None:
    """Assumed is what the budget says of calls whose price it does not know."""
    with Database.open(tmp_path) as database:
        row = create_budget(database, "default", amount="10", period="total", unpriced="0.5", actor="cli")
        written(database, tmp_path, a_call("one", price=None, prompt_tokens=1_000_000))
        assert counted(database, row) == Decimal("0.5")
        reprice(database, ALL, lambda *_: price(), actor="cli", write=True)

        assert counted(database, row) == Decimal(3)


def test_what_unpriced_calls_count_is_changed_for_those_that_were_made(tmp_path: Path) -> None:
    """Or a price that comes later would be taken from what was never counted."""
    with Database.open(tmp_path) as database:
        row = create_budget(database, "default", amount="10", period="total", actor="cli")
        written(database, tmp_path, a_call("one", price=None, prompt_tokens=1_000_000))
        assert counted(database, row) == 0
        change_budget(database, "default", row.id, unpriced="7", actor="cli")
        assert counted(database, row) == 7
        reprice(database, ALL, lambda *_: price(), actor="cli", write=True)

        assert counted(database, row) == 3


def test_a_quota_is_not_given_back_what_money_is(tmp_path: Path) -> None:
    """Its units are calls, tokens or credits; a correction is of none of them."""
    with Database.open(tmp_path) as database:
        limit = QuotaLimit("default", "acme", "large", terms(9), Decimal(9), NOW)
        begin_counting(database, [Hold("default", "x", [Ask(limit, Decimal(1))])])
        written(database, tmp_path, a_call("one", hosted="trial", units=Decimal(1), price=Decimal(1)))
        correct(database, "one", Decimal(-1), reason="refund", actor="cli")

        balance = spending.balance(database, limit.place)
        assert balance is not None
        assert balance.used == 1


async def test_all_at_once_nobody_waits_for_another_for_good(tmp_path: Path) -> None:
    """Correcting, repricing, folding, changing and deleting budgets; and nothing is counted twice."""
    with Database.open(tmp_path) as database:
        row = create_budget(database, "default", amount="1000", period="total", unpriced="0.25", actor="cli")
        names = {f"old_{number}": NOW - number % 4 * DAY for number in range(20)}
        old = [a_call(name, at=at, price=None, prompt_tokens=1000) for name, at in names.items()]
        written(database, tmp_path, *old)
        assert counted(database, row) == 5

    def correcting(part: int) -> None:
        with Database.open(tmp_path) as own:
            for name in [*names][part::2]:
                correct(own, name, Decimal("0.125"), reason="why", actor="cli")

    def repricing() -> None:
        with Database.open(tmp_path) as own:
            reprice(own, ALL, lambda *_: price(), actor="cli", write=True)

    def folding() -> None:
        with Database.open(tmp_path) as own:
            for number in range(10):
                written(own, tmp_path, a_call(f"new_{number}", price=Decimal(1)))

    def changing() -> None:
        with Database.open(tmp_path) as own:
            for number in range(10):
                change_budget(own, "default", row.id, unpriced=f"0.{number + 1}", actor="cli")

    def deleting() -> None:
        with Database.open(tmp_path) as own:
            for _ in range(10):
                other = create_budget(own, "default", amount="1", period="day", actor="cli")
                for at in {*names.values()}:
                    counted(own, other, at)
                delete_budget(own, "default", other.id, actor="cli")

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(6) as pool:
        works = [lambda: correcting(0), lambda: correcting(1), repricing, folding, changing, deleting]
        await asyncio.gather(*(loop.run_in_executor(pool, work) for work in works))

    with Database.open(tmp_path) as database:
        fold(database, tmp_path)
        [budget] = list_budgets(database, "default")
        assert budget.used == BudgetLimit(budget.row, NOW).spent_before(database) == spent(database)["USD"]
        assert database.rows("SELECT count(*) FROM corrections") == [(40,)]

"""Budgets: made, changed, deleted; what they take of a call, and what they say when there is no more."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.platform.calls import a_call
from tests.platform.limits.lent import Holding
from tests.platform.people.persons import actions, add_member

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.keys import create_key
from modelbay.platform.limits.budgets import (
    BudgetLimit,
    change_budget,
    create_budget,
    delete_budget,
    list_budgets,
)
from modelbay.platform.limits.charges import of_record
from modelbay.platform.limits.holding import Ask
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.workspaces import create_workspace
from modelbay.runtime.accounts import LimitReachedError
from modelbay.runtime.worst_case import WorstCase
from modelbay.store import Database
from modelbay.store.limits import BudgetRow
from modelbay.store.spending import Balance

pytestmark = pytest.mark.usefixtures("backend")

FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC).timestamp()
NONE = Decimal(0)


def make(database: Database, **facts: Any) -> BudgetRow:
    """Make a budget; what is not said is ordinary."""
    return create_budget(database, facts.pop("workspace", "default"), actor="cli", **{"amount": "10"} | facts)


def case(price: str | None, currency: str = "USD") -> WorstCase:
    """Return a call by what it may cost."""
    return WorstCase(100, None if price is None else Decimal(price), currency)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"amount": "ten"}, "amount: 'ten' is no amount"),
        ({"amount": "-1"}, "amount: an amount from 0 on"),
        ({"amount": "NaN"}, "amount: an amount from 0 on"),
        ({"amount": "sNaN"}, "amount: an amount from 0 on"),
        ({"amount": "Infinity"}, "amount: an amount from 0 on"),
        ({"amount": "1e15"}, "amount: an amount from 0 on"),
        ({"amount": "0.0000000000001"}, "amount: an amount from 0 on"),
        ({"unpriced": "x"}, "unpriced: 'x' is no amount"),
        ({"unpriced": "-0.1"}, "unpriced: an amount from 0 on"),
        ({"currency": "dollars"}, "currency: 'dollars' is no currency"),
        ({"currency": "usd"}, "currency: 'usd' is no currency"),
        ({"period": "year"}, "period: 'year' is none of day, week, month, total"),
        ({"scope": "team"}, "scope: 'team' is none of workspace, member, key, model"),
        ({"action": "shout"}, "action: 'shout' is none of warn, refuse"),
        ({"target": "key_x"}, "target: a budget of the workspace has none"),
        ({"scope": "key"}, "target: a budget of a key needs the key"),
        ({"scope": "key", "target": "key_x"}, "target: there is no key 'key_x'"),
        ({"scope": "member", "target": "usr_x"}, "target: there is no member 'usr_x'"),
        ({"scope": "model"}, "target: a budget of a model needs the model"),
        ({"scope": "model", "target": "gpt-4.1"}, "target: 'gpt-4.1' names no model"),
        ({"scope": "model", "target": "a/\n"}, "target: a budget of a model needs the model"),
        ({"scope": "model", "target": "a/" * 101}, "target: a budget of a model needs the model"),
        ({"workspace": "ws_x"}, "workspace: there is no workspace 'ws_x'"),
    ],
)
def test_what_is_wrong_with_a_budget_is_told_by_field(
    tmp_path: Path, facts: dict[str, Any], said: str
) -> None:
    """And nothing is made."""
    with Database.open(tmp_path) as database:
        with pytest.raises(InvokeBadRequestError) as caught:
            make(database, **facts)

        assert str(caught.value).startswith(said)
        assert caught.value.field == said.partition(":")[0]
        assert list_budgets(database, "default") == []
        assert actions(database) == []


def test_a_key_of_another_workspace_is_none(tmp_path: Path) -> None:
    """Nobody learns of it, or limits it."""
    with Database.open(tmp_path) as database:
        other = create_workspace(database, "Other", actor="cli").id
        theirs = create_key(database, workspace=other).row.id
        user = add_member(database, "ann@example.com", Role.MEMBER, workspace=other)

        for scope, target in [("key", theirs), ("member", user)]:
            with pytest.raises(InvokeBadRequestError, match=r"^target: there is no"):
                make(database, scope=scope, target=target)
            assert make(database, workspace=other, scope=scope, target=target).target == target


def test_there_is_one_budget_for_the_same(tmp_path: Path) -> None:
    """Two would have two opinions; in another currency or period it is another."""
    with Database.open(tmp_path) as database:
        make(database)
        with pytest.raises(InvokeBadRequestError, match=r"^scope: there is a budget in USD") as caught:
            make(database, amount="20", action="warn")
        assert caught.value.status == 409

        make(database, currency="EUR")
        make(database, period="day")
        make(database, scope="model", target="openai/*")
        assert [each.row.currency for each in list_budgets(database, "default")] == [
            "USD",
            "EUR",
            "USD",
            "USD",
        ]


def test_two_who_change_a_budget_do_not_undo_each_other(tmp_path: Path) -> None:
    """What is not said stays; who has seen an older version is told."""
    with Database.open(tmp_path) as database:
        row = make(database, unpriced="0.5")
        one = change_budget(database, "default", row.id, amount="20.50", version=1, actor="cli")
        with pytest.raises(InvokeBadRequestError, match=r"^version: .*it is 2, not 1") as caught:
            change_budget(database, "default", row.id, action="warn", version=1, actor="cli")
        two = change_budget(database, "default", row.id, action="warn", refuse_unpriced=True, actor="cli")
        with pytest.raises(InvokeBadRequestError, match=r"^amount: "):
            change_budget(database, "default", row.id, amount="x", actor="cli")
        with pytest.raises(InvokeBadRequestError, match=r"^version: .*it is 3, not 2"):
            delete_budget(database, "default", row.id, version=2, actor="cli")

        assert caught.value.status == 409
        assert (one.amount, one.action, one.unpriced, one.version) == (
            Decimal("20.50"),
            "refuse",
            Decimal("0.5"),
            2,
        )
        assert (two.amount, two.action, two.unpriced, two.version) == (Decimal("20.50"), "warn", None, 3)
        assert list_budgets(database, "default")[0].row == two
        assert actions(database) == ["budget.set"] * 3


async def test_a_budget_that_is_deleted_is_forgotten(tmp_path: Path) -> None:
    """With what was spent and held of it; one that is made for the same counts from the ledger again."""
    async with Holding(tmp_path) as gateway:
        with Database.open(tmp_path) as database:
            row = make(database)
            limit = BudgetLimit(row, FRIDAY)
            await gateway.holds.hold("default", "one", [Ask(limit, Decimal(4))])
            delete_budget(database, "default", row.id, actor="cli")

            assert list_budgets(database, "default") == []
            assert [database.rows(f"SELECT * FROM {table}") for table in ("holds", "spent")] == [[], []]
            assert actions(database) == ["budget.set", "budget.delete"]
            with pytest.raises(InvokeBadRequestError, match=r"^id: there is no budget") as caught:
                delete_budget(database, "default", row.id, actor="cli")
            assert caught.value.status == 404
            await gateway.holds.settle("default", "one", [(limit.place, Decimal(2))])
            assert make(database).id != row.id


def test_no_workspace_sees_or_changes_anothers_budget(tmp_path: Path) -> None:
    """An id that leaks opens nothing."""
    with Database.open(tmp_path) as database:
        other = create_workspace(database, "Other", actor="cli").id
        row = make(database)

        assert list_budgets(database, other) == []
        for change in (
            lambda: change_budget(database, other, row.id, amount="1", actor="cli"),
            lambda: delete_budget(database, other, row.id, actor="cli"),
        ):
            with pytest.raises(InvokeBadRequestError, match=r"^id: there is no budget"):
                change()
        assert list_budgets(database, "default")[0].row == row


async def test_a_list_tells_what_is_spent_held_and_left(tmp_path: Path) -> None:
    """To the last digit, and when it begins anew."""
    async with Holding(tmp_path) as gateway:
        with Database.open(tmp_path) as database:
            row = make(database, amount="1", period="total")
            asks = [Ask(BudgetLimit(row, FRIDAY), Decimal("0.00000012"))]
            await gateway.holds.hold("default", "one", asks)
            [budget] = list_budgets(database, "default")

            assert (budget.used, budget.held) == (NONE, Decimal("0.00000012"))
            assert (budget.left, budget.ends) == (Decimal("0.99999988"), None)


@pytest.mark.parametrize(
    ("facts", "given", "held", "spent"),
    [
        ({}, case("1.5"), "1.5", "1.5"),
        ({}, case("0", "EUR"), "0", "0"),
        ({"unpriced": "0.2"}, case(None), "0.2", "0.2"),
        ({"unpriced": "0.2"}, case("7", "EUR"), "0.2", "0.2"),
        ({"unpriced": "0.2"}, case("1.5"), "1.5", "1.5"),
        ({"action": "warn"}, case(None), "0", "0"),
        ({"action": "warn"}, case("7", "EUR"), "0", "0"),
    ],
)
def test_what_a_call_counts_is_what_it_held_at_most(
    tmp_path: Path, facts: dict[str, Any], given: WorstCase, held: str, spent: str
) -> None:
    """In another currency, or at a price that nobody knows, too."""
    with Database.open(tmp_path) as database:
        limit = BudgetLimit(make(database, **facts), FRIDAY)
    record = a_call("one", price=given.price, currency=given.currency or "USD")

    assert limit.worst(given) == Decimal(held)
    assert limit.charge(of_record(record)) == Decimal(spent)


@pytest.mark.parametrize(("given", "why"), [(case(None), "is not known"), (case("7", "EUR"), "is in EUR")])
def test_what_a_call_may_cost_has_to_be_known(tmp_path: Path, given: WorstCase, why: str) -> None:
    """Else a budget is no bound; the message says what to do."""
    with Database.open(tmp_path) as database:
        limit = BudgetLimit(make(database), FRIDAY)
    with pytest.raises(InvokeBadRequestError, match=f"the price of this call {why}") as caught:
        limit.worst(given)

    assert (caught.value.status, caught.value.code) == (400, "price_unknown")
    assert "max_tokens" in str(caught.value)


def test_a_call_of_no_use_at_an_unknown_price_counts_nothing(tmp_path: Path) -> None:
    """It failed before anything was used."""
    with Database.open(tmp_path) as database:
        limit = BudgetLimit(make(database, unpriced="0.2"), FRIDAY)

    assert limit.charge(of_record(a_call("one", price=None, status=500))) == NONE
    assert limit.charge(of_record(a_call("one", price=None, status=499, prompt_tokens=3))) == Decimal("0.2")


@pytest.mark.parametrize(
    ("period", "hours"), [("day", 6), ("week", 2 * 24 + 6), ("month", 10 * 24 + 6), ("total", None)]
)
def test_a_refusal_says_how_long_it_will_be_one(tmp_path: Path, period: str, hours: int | None) -> None:
    """Until the period ends; nobody has to try before."""
    with Database.open(tmp_path) as database:
        limit = BudgetLimit(make(database, period=period), FRIDAY)
    balance = Balance(Decimal("3.5"), Decimal(6))

    assert limit.refusal(balance, Decimal("0.5")) is None
    refused = limit.refusal(balance, Decimal("0.500000000001"))
    assert isinstance(refused, LimitReachedError)
    assert (refused.status, refused.code, refused.retryable) == (429, "budget_exceeded", False)
    assert refused.retry_after == (None if hours is None else hours * 3600)
    assert "0.5 of 10 USD left" in str(refused)


def test_a_budget_that_warns_refuses_nothing(tmp_path: Path) -> None:
    """It says that it is used up, in words for who calls."""
    with Database.open(tmp_path) as database:
        limit = BudgetLimit(make(database, action="warn", period="day"), FRIDAY)

    assert limit.refusal(Balance(Decimal(50), NONE), Decimal(50)) is None
    assert limit.warning(Balance(Decimal("9.99"), NONE)) == ""
    assert limit.warning(Balance(Decimal(9), Decimal(1))) == "the workspace's daily budget is used up"

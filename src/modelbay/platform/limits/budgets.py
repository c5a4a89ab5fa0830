"""Budgets: how much money calls may cost in a period."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.platform.limits.charges import (
    NOTHING,
    Spent,
    budget_place,
    charge,
    concerns,
    named,
)
from modelbay.platform.limits.periods import Period, end_of
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.platform.people.tokens import new_id
from modelbay.runtime.accounts import LimitReachedError
from modelbay.runtime.worst_case import WorstCase
from modelbay.store import Database, audit, calls, keys, people, spending, workspaces
from modelbay.store import limits as queries
from modelbay.store.credentials import changing
from modelbay.store.exact import EXACT
from modelbay.store.limits import BudgetRow
from modelbay.store.selection import FAR
from modelbay.store.spending import Balance, Place

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LARGEST: Final = Decimal(10) ** 15
_LONGEST: Final = 200


class Scope(StrEnum):
    """Whose calls a budget counts."""

    WORKSPACE = "workspace"
    MEMBER = "member"
    KEY = "key"
    MODEL = "model"


class Action(StrEnum):
    """What happens to calls that a budget has no money for."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A budget and where it stands in its period now. `held` is what calls under way may spend at most."""

    row: BudgetRow
    used: Decimal
    held: Decimal
    ends: float | None

    @property
    def left(self) -> Decimal:
        """What nobody has spent or holds; below zero where calls were only warned of."""
        return EXACT.subtract(self.row.amount, EXACT.add(self.used, self.held))


def create_budget(
    database: Database,
    workspace: str,
    *,
    amount: str | Decimal,
    currency: str = "USD",
    period: str = "month",
    scope: str = "workspace",
    target: str = "",
    action: str = "refuse",
    unpriced: str | Decimal | None = None,
    actor: str,
) -> BudgetRow:
    """Make a budget. It counts from the beginning of its period, what was spent before included.

    Args:
        amount: At most so much in a period.
        target: A member's id, a key's id (which counts the keys made from it too), or a pattern of
            `provider/model`; "" for the workspace.
        unpriced: What a call counts whose price is not known, or is in another currency; None refuses it.

    Raises:
        InvokeBadRequestError: A field is wrong, or there is a budget for the same already.
    """
    row = new_row(
        workspace,
        amount=amount,
        currency=currency,
        period=period,
        scope=scope,
        target=target,
        action=action,
        unpriced=unpriced,
    )
    with changing(database, workspace):
        check_target(database, row)
        if not queries.insert_budget(database, row):
            raise conflict(
                "scope", f"there is a budget in {row.currency} for that and a {row.period} already"
            )
        audit.record(database, workspace, actor, "budget.set", row.id, _facts(row))
    return row


def new_row(
    workspace: str,
    *,
    amount: str | Decimal,
    currency: str,
    period: str,
    scope: str,
    target: str,
    action: str,
    unpriced: str | Decimal | None,
) -> BudgetRow:
    """Return a budget that is not stored; InvokeBadRequestError if a field is wrong by itself."""
    return BudgetRow(
        workspace=workspace,
        id=new_id("budget"),
        scope=_choice(Scope, "scope", scope),
        target=target,
        amount=_money("amount", amount),
        currency=_currency(currency),
        period=_choice(Period, "period", period),
        action=_choice(Action, "action", action),
        unpriced=None if unpriced is None else _money("unpriced", unpriced),
        created=time.time(),
    )


def set_budget(database: Database, /, workspace: str, *, actor: str, **terms: Any) -> BudgetRow:
    """Make a budget, or change the one that there is for the same; the terms are those of `create_budget`.

    Raises:
        InvokeBadRequestError: A field is wrong.
    """
    usual = {"scope": "workspace", "target": "", "period": "month", "currency": "USD"}
    for row in queries.budgets(database, workspace):
        if all(getattr(row, name) == terms.get(name, value) for name, value in usual.items()):
            unpriced = terms.get("unpriced")
            return change_budget(
                database,
                workspace,
                row.id,
                amount=terms["amount"],
                action=terms.get("action", "refuse"),
                unpriced=unpriced,
                refuse_unpriced=unpriced is None,
                actor=actor,
            )
    return create_budget(database, workspace, **terms, actor=actor)


def change_budget(
    database: Database,
    workspace: str,
    budget_id: str,
    *,
    amount: str | Decimal | None = None,
    action: str | None = None,
    unpriced: str | Decimal | None = None,
    refuse_unpriced: bool = False,
    version: int | None = None,
    actor: str,
) -> BudgetRow:
    """Change a budget; what is None stays.

    What calls count whose price is not known is counted anew, for those that were made before too.

    Args:
        version: The version that the caller has seen; None takes any.

    Raises:
        InvokeBadRequestError: There is none, a field is wrong, or somebody has changed it since `version`.
    """
    recounts = refuse_unpriced or unpriced is not None
    with changing(database, workspace, spending.FOLDING if recounts else ""):
        row = _seen(database, workspace, budget_id, version)
        counted = row.unpriced if unpriced is None else _money("unpriced", unpriced)
        new = replace(
            row,
            amount=row.amount if amount is None else _money("amount", amount),
            action=row.action if action is None else _choice(Action, "action", action),
            unpriced=None if refuse_unpriced else counted,
        )
        put_changed(database, row, new)
        audit.record(database, workspace, actor, "budget.set", row.id, _facts(new))
        return replace(new, version=row.version + 1)


def delete_budget(
    database: Database, workspace: str, budget_id: str, *, version: int | None = None, actor: str
) -> None:
    """Delete a budget.

    Raises:
        InvokeBadRequestError: There is none, or somebody has changed it since `version`.
    """
    with changing(database, workspace):
        row = _seen(database, workspace, budget_id, version)
        queries.delete_budget(database, workspace, budget_id)
        audit.record(database, workspace, actor, "budget.delete", budget_id, _facts(row))


def list_budgets(database: Database, workspace: str) -> Sequence[Budget]:
    """Return the budgets of a workspace, the oldest first, as the ledger and calls under way have them."""
    if workspaces.get(database, workspace) is None:
        raise not_found("workspace", f"there is no workspace {workspace[:40]!r}")
    now = time.time()
    return [_standing(database, row, now) for row in queries.budgets(database, workspace)]


def get_budget(database: Database, workspace: str, budget_id: str) -> Budget:
    """Return a budget; InvokeBadRequestError if there is none."""
    return _standing(database, _existing(database, workspace, budget_id), time.time())


def _standing(database: Database, row: BudgetRow, now: float) -> Budget:
    limit = BudgetLimit(row, now)
    found = spending.balance(database, limit.place) or Balance(limit.spent_before(database), NOTHING)
    return Budget(row=row, used=found.used, held=found.held, ends=end_of(Period(row.period), now))


class BudgetLimit:
    """A budget in the period of a call."""

    __slots__ = ("_at", "place", "row")

    def __init__(self, row: BudgetRow, at: float) -> None:
        self.row = row
        self.place: Place = budget_place(row, at)
        self._at = at

    def worst(self, case: WorstCase) -> Decimal:
        """Return what a call may count at most.

        Raises:
            InvokeBadRequestError: That is not known, and the budget refuses such calls.
        """
        row = self.row
        if case.price is not None and (case.currency == row.currency or not case.price):
            return case.price
        if row.unpriced is not None:
            return row.unpriced
        if row.action == Action.WARN:
            return NOTHING
        why = f"is in {case.currency}" if case.price is not None else "is not known, or nothing bounds it"
        raise InvokeBadRequestError(
            f"the price of this call {why}, and {_named(row)} refuses such calls: set max_tokens, a price "
            "for the model, or what such calls count (unpriced)",
            status=400,
            code="price_unknown",
        )

    def charge(self, spent: Spent) -> Decimal:
        """Return what a call counts that has ended."""
        return charge(self.row, spent)

    def refusal(self, balance: Balance, amount: Decimal) -> ModelbayError | None:
        """Return the error for a call that may cost so much; None if it may be made."""
        row = self.row
        left = EXACT.subtract(row.amount, balance.taken)
        if row.action == Action.WARN or amount <= left:
            return None
        ends = end_of(Period(row.period), self._at)
        return LimitReachedError(
            f"{_named(row)} has {_plain(max(left, NOTHING))} of {_plain(row.amount)} {row.currency} left, "
            f"and this call may cost {_plain(amount)}: lower max_tokens, or have the budget raised",
            status=429,
            code="budget_exceeded",
            retry_after=None if ends is None else max(ends - self._at, 0.0),
        )

    def warning(self, balance: Balance) -> str:
        """Return a note for a call that is made although the budget is used up; "" if it is not."""
        if self.row.action != Action.WARN or balance.taken < self.row.amount:
            return ""
        return f"{_named(self.row)} is used up"

    def spent_before(self, database: Database) -> Decimal:
        """Return what the ledger has of the period, with its corrections."""
        # As it is now: what is kept in memory may be of before a change.
        row = queries.budget(database, self.row.workspace, self.row.id) or self.row
        total = NOTHING
        by_key = row.scope == Scope.KEY
        lineage = keys.lineages(database, row.workspace) if by_key else {}
        since, until = self.place.period, end_of(Period(row.period), self._at)
        for each in calls.spent_since(database, row.workspace, since, FAR if until is None else until):
            if concerns(
                row, each.member, lineage.get(each.key, (each.key,)), named(each.provider, each.model)
            ):
                same = each.currency == row.currency
                others = each.unpriced + (0 if same else each.priced)
                total = EXACT.add(total, Decimal(each.price or 0) if same else NOTHING)
                total = EXACT.add(total, EXACT.multiply(row.unpriced or NOTHING, others))
        return total


def put_changed(database: Database, before: BudgetRow, row: BudgetRow) -> None:
    """Store a changed budget; count it anew where calls count something else, which is done under FOLDING."""
    queries.update_budget(database, row)
    if (row.unpriced or NOTHING) != (before.unpriced or NOTHING):
        for place in spending.begun(database, row.workspace, row.id):
            spending.put(database, place, BudgetLimit(row, place.period).spent_before(database))


def _existing(database: Database, workspace: str, budget_id: str) -> BudgetRow:
    row = queries.budget(database, workspace, budget_id)
    if row is None:
        raise not_found("id", f"there is no budget {budget_id[:40]!r}; see modelbay budget list")
    return row


def _seen(database: Database, workspace: str, budget_id: str, version: int | None) -> BudgetRow:
    row = _existing(database, workspace, budget_id)
    if version not in (None, row.version):
        raise conflict("version", f"the budget has been changed since: it is {row.version}, not {version}")
    return row


def check_target(database: Database, row: BudgetRow) -> None:
    """Refuse a budget of what is not there, or cannot have one (InvokeBadRequestError)."""
    if workspaces.get(database, row.workspace) is None:
        raise not_found("workspace", f"there is no workspace {row.workspace[:40]!r}")
    target = row.target
    if row.scope == Scope.WORKSPACE:
        if target:
            raise invalid("target", "a budget of the workspace has none")
    elif not target or len(target) > _LONGEST or not target.isprintable():
        raise invalid("target", f"a budget of a {row.scope} needs the {row.scope} that it is about")
    elif row.scope == Scope.MEMBER and people.member(database, row.workspace, target) is None:
        raise not_found("target", f"there is no member {target[:40]!r}; see modelbay member list")
    elif row.scope == Scope.MODEL and "/" not in target and not target.startswith("*"):
        raise invalid("target", f"{target[:40]!r} names no model; write it as provider/model or provider/*")
    elif row.scope == Scope.KEY and keys.one(database, row.workspace, target) is None:
        raise not_found("target", f"there is no key {target[:40]!r}; see modelbay key list")


def _choice(kind: type[StrEnum], field: str, value: str) -> str:
    if value not in set(kind):
        raise invalid(field, f"{value[:40]!r} is none of {', '.join(kind)}")
    return value


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise invalid("currency", f"{value[:40]!r} is no currency; write three letters such as USD")
    return value


def _money(field: str, value: str | Decimal) -> Decimal:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise invalid(field, f"{str(value)[:40]!r} is no amount; write it as 12.50") from None
    if not amount.is_finite() or not 0 <= amount < _LARGEST or _places(amount) > 12:
        raise invalid(field, "an amount from 0 on, with at most 12 places behind the point")
    return amount


def _places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _named(row: BudgetRow) -> str:
    of = "the workspace" if row.scope == Scope.WORKSPACE else f"the {row.scope} {row.target}"
    per = "" if row.period == Period.TOTAL else f"'s {row.period}ly" if row.period != "day" else "'s daily"
    return f"{of}{per} budget"


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _facts(row: BudgetRow) -> dict[str, str | None]:
    return {
        "scope": row.scope,
        "target": row.target,
        "amount": _plain(row.amount),
        "currency": row.currency,
        "period": row.period,
        "action": row.action,
        "unpriced": None if row.unpriced is None else _plain(row.unpriced),
    }

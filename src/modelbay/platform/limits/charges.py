"""What a call counts of a budget or a quota: one rule, for calls that end and for those in the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from modelbay.platform.limits.periods import Period, start_of
from modelbay.store.calls import COLUMNS
from modelbay.store.exact import EXACT
from modelbay.store.limits import BudgetRow
from modelbay.store.spending import Place

if TYPE_CHECKING:
    from modelbay.runtime.accounts import CallRecord

NOTHING: Final = Decimal(0)
_FIELDS: Final = (
    "workspace",
    "id",
    "at",
    "key_id",
    "member",
    "provider",
    "model",
    "price",
    "currency",
    "hosted",
    "units",
)
_PLACES: Final = tuple(COLUMNS.index(name) for name in _FIELDS)
_STATUS, _QUANTITY = COLUMNS.index("status"), COLUMNS.index("quantity")
_TOKENS: Final = tuple(COLUMNS.index(f"{name}_tokens") for name in ("prompt", "completion"))

Lineage = Mapping[str, tuple[str, ...]]
"""Keys by the key that was made from them: each with itself and all that it was made from."""


class Spent(NamedTuple):
    """A call as its limits see it.

    `price` is None if it is not known; `used` says whether the call was of any use or cost anybody anything.
    """

    workspace: str
    call: str
    at: float
    key: str
    member: str
    provider: str
    model: str
    price: Decimal | None
    currency: str
    hosted: str
    units: Decimal | None
    used: bool


class Corrected(NamedTuple):
    """A correction as budgets see it, with the facts of its call; a text is "" where there is none.

    `unpriced` is -1 if it gives a price to a call that had none.
    """

    workspace: str
    at: float
    key: str
    member: str
    provider: str
    model: str
    amount: Decimal
    currency: str
    unpriced: int


def of_record(record: CallRecord) -> Spent:
    """Return a call that has ended."""
    used = record.status < 400 or record.prompt_tokens + record.completion_tokens > 0
    values = [getattr(record, name) for name in _FIELDS]
    return Spent._make([*values, used or record.quantity is not None])


def of_row(row: Sequence[Any]) -> Spent:
    """Return a call of the ledger, its values in the order of the ledger's columns."""
    used = row[_STATUS] < 400 or sum(row[place] for place in _TOKENS) > 0 or row[_QUANTITY] is not None
    spent = Spent._make([*(row[place] for place in _PLACES), used])
    return spent._replace(price=_exact(spent.price), units=_exact(spent.units))


def concerns(budget: BudgetRow, member: str, keys: Sequence[str], model: str) -> bool:
    """Whether a budget is about calls of a member with a key, given with all it was made from, of a model.

    Args:
        model: `provider/model`, as `named` has it; "" if there is none.
    """
    if budget.scope == "model":
        return bool(model) and fnmatchcase(model, budget.target)
    if budget.scope == "key":
        return budget.target in keys
    return budget.scope == "workspace" or (budget.scope == "member" and budget.target == member)


def named(provider: str, model: str) -> str:
    """Return a model's name; "" for what has to do with none."""
    return f"{provider}/{model}" if model else ""


def charge(budget: BudgetRow, spent: Spent) -> Decimal:
    """Return what a call counts of a budget that is about it.

    A price that is not known, or is in another currency, counts what the budget says of such calls.
    """
    if spent.price is not None and (spent.currency == budget.currency or not spent.price):
        return spent.price
    return (budget.unpriced or NOTHING) if spent.used else NOTHING


def charge_of(budget: BudgetRow, corrected: Corrected) -> Decimal:
    """Return what a correction counts, which may be below zero.

    Its amount, if that is in the budget's currency. Where a call gets its first price, what the budget has
    counted for not knowing it goes; a price in another currency is still not known to the budget.
    """
    if corrected.amount and corrected.currency != budget.currency:
        return NOTHING
    counted = EXACT.multiply(budget.unpriced or NOTHING, corrected.unpriced)
    return EXACT.add(corrected.amount, counted)


def budget_place(budget: BudgetRow, at: float) -> Place:
    """Return where a budget is counted at a time."""
    return Place(budget.workspace, budget.id, start_of(Period(budget.period), at))


def quota_place(workspace: str, provider: str, hosted: str, at: float) -> Place:
    """Return where a hosted quota is counted at a time.

    Args:
        hosted: As the ledger has it: the quota's kind, and its period behind a slash if it has one.
    """
    period = Period(hosted.partition("/")[2] or Period.TOTAL)
    return Place(workspace, f"quota:{provider}:{hosted}", start_of(period, at))


def charges(spent: Spent, budgets: Sequence[BudgetRow], lineage: Lineage) -> list[tuple[Place, Decimal]]:
    """Return what a call of the ledger counts, where."""
    found = [(budget_place(each, spent.at), charge(each, spent)) for each in _about(spent, budgets, lineage)]
    if spent.hosted and spent.units:
        found.append((quota_place(spent.workspace, spent.provider, spent.hosted, spent.at), spent.units))
    return found


def correction_charges(
    corrected: Corrected, budgets: Sequence[BudgetRow], lineage: Lineage
) -> list[tuple[Place, Decimal]]:
    """Return what a correction counts, where: it gives no calls back to quotas, which are not of money."""
    return [
        (budget_place(each, corrected.at), charge_of(each, corrected))
        for each in _about(corrected, budgets, lineage)
    ]


def _about(facts: Spent | Corrected, budgets: Sequence[BudgetRow], lineage: Lineage) -> Iterator[BudgetRow]:
    keys = lineage.get(facts.key, (facts.key,))
    model = named(facts.provider, facts.model)
    return (each for each in budgets if concerns(each, facts.member, keys, model))


def _exact(value: str | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)

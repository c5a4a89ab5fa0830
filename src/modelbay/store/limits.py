"""Queries about limits: budgets, grants of hosted quotas, and which credentials a workspace prefers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modelbay.store import spending
from modelbay.store.database import Database

_COLUMNS = "workspace, id, scope, target, amount, currency, period, action, unpriced, created, version"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """A budget: at most `amount` of a currency a period, for what `scope` and `target` say.

    `unpriced` is what a call counts whose price is not known; None refuses such calls.
    """

    workspace: str
    id: str
    scope: str
    target: str
    amount: Decimal
    currency: str
    period: str
    action: str
    unpriced: Decimal | None
    created: float
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What limits a workspace: its budgets, what it was granted of hosted quotas, what it prefers."""

    budgets: tuple[BudgetRow, ...] = ()
    grants: Mapping[tuple[str, str], Decimal]
    preferred: Mapping[str, str]


def terms_of(database: Database, workspace: str) -> Terms:
    """Return what limits a workspace."""
    found = {"workspace": workspace}
    granted = database.rows("SELECT provider, kind, amount FROM grants WHERE workspace = :workspace", found)
    preferred = database.rows(
        "SELECT provider, preferred FROM preferences WHERE workspace = :workspace", found
    )
    return Terms(
        budgets=tuple(budgets(database, workspace)),
        grants={(provider, kind): Decimal(amount) for provider, kind, amount in granted},
        preferred=dict(preferred),
    )


# budgets


def budgets(database: Database, workspace: str) -> Sequence[BudgetRow]:
    """Return the budgets of a workspace, the oldest first."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM budgets WHERE workspace = :workspace ORDER BY created, id",  # noqa: S608
        {"workspace": workspace},
    )
    return [_budget(row) for row in rows]


def budget(database: Database, workspace: str, budget_id: str) -> BudgetRow | None:
    """Return a budget by its id."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM budgets WHERE workspace = :workspace AND id = :id",  # noqa: S608
        {"workspace": workspace, "id": budget_id},
    )
    return _budget(rows[0]) if rows else None


def insert_budget(database: Database, row: BudgetRow) -> bool:
    """Keep a budget; False if there is one for the same already."""
    values = {name: _stored(getattr(row, name)) for name in BudgetRow.__slots__}
    names = ", ".join(f":{name}" for name in values)
    return bool(
        database.change(
            f"INSERT INTO budgets ({_COLUMNS}) VALUES ({names}) ON CONFLICT DO NOTHING",  # noqa: S608 - ours
            values,
        )
    )


def update_budget(database: Database, row: BudgetRow) -> int:
    """Keep what may change of a budget if it still has the version of `row`; return 0 if it has not."""
    return database.change(
        "UPDATE budgets SET amount = :amount, action = :action, unpriced = :unpriced, version = version + 1"
        " WHERE workspace = :workspace AND id = :id AND version = :version",
        {
            "amount": _stored(row.amount),
            "action": row.action,
            "unpriced": _stored(row.unpriced),
            "workspace": row.workspace,
            "id": row.id,
            "version": row.version,
        },
    )


def delete_budget(database: Database, workspace: str, budget_id: str) -> int:
    """Forget a budget with what was spent and held of it; return 0 if there is none."""
    spending.forget(database, workspace, budget_id)
    return database.change(
        "DELETE FROM budgets WHERE workspace = :workspace AND id = :id",
        {"workspace": workspace, "id": budget_id},
    )


# hosted quotas


def grant(database: Database, workspace: str, provider: str, kind: str, amount: Decimal | None) -> None:
    """Keep what a workspace is granted of a quota; None leaves it to the installation's terms."""
    found = {"workspace": workspace, "provider": provider, "kind": kind}
    if amount is None:
        database.change(
            "DELETE FROM grants WHERE workspace = :workspace AND provider = :provider AND kind = :kind", found
        )
        return
    database.change(
        "INSERT INTO grants (workspace, provider, kind, amount, version)"
        " VALUES (:workspace, :provider, :kind, :amount, 1) ON CONFLICT (workspace, provider, kind)"
        " DO UPDATE SET amount = excluded.amount, version = grants.version + 1",
        found | {"amount": _stored(amount)},
    )


def prefer(database: Database, workspace: str, provider: str, preferred: str | None) -> None:
    """Keep which credentials a workspace wants to use first; None leaves it to the rule."""
    found = {"workspace": workspace, "provider": provider}
    if preferred is None:
        database.change(
            "DELETE FROM preferences WHERE workspace = :workspace AND provider = :provider", found
        )
        return
    database.change(
        "INSERT INTO preferences (workspace, provider, preferred) VALUES (:workspace, :provider, :preferred)"
        " ON CONFLICT (workspace, provider) DO UPDATE SET preferred = excluded.preferred",
        found | {"preferred": preferred},
    )


def _budget(row: Sequence[Any]) -> BudgetRow:
    named = dict(zip(BudgetRow.__slots__, row, strict=True))
    unpriced = named["unpriced"]
    return BudgetRow(
        **named
        | {
            "amount": Decimal(named["amount"]),
            "unpriced": None if unpriced is None else Decimal(unpriced),
        }
    )


def _stored(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value

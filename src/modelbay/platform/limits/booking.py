"""The books: what calls and corrections that enter the ledger count of limits, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from modelbay.platform.limits.charges import (
    Corrected,
    Spent,
    charges,
    correction_charges,
    of_row,
)
from modelbay.store import Database, keys, limits, spending
from modelbay.store.calls import COLUMNS
from modelbay.store.exact import EXACT
from modelbay.store.limits import BudgetRow
from modelbay.store.spending import Place

_WORKSPACE = COLUMNS.index("workspace")


class Books:
    """Counts what enters the ledger in one transaction, which holds the lock `spending.FOLDING`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._budgets: dict[str, Sequence[BudgetRow]] = {}
        self._lineage: dict[str, dict[str, tuple[str, ...]]] = {}
        self._sums: dict[Place, Decimal] = defaultdict(Decimal)
        self._ended: dict[str, list[str]] = defaultdict(list)

    def enter(self, rows: Sequence[Sequence[Any]]) -> None:
        """Count calls that are about to be inserted, each once."""
        by_workspace: dict[str, list[Spent]] = defaultdict(list)
        for row in rows:
            if self._limits(row[_WORKSPACE]) or row[_HOSTED]:
                by_workspace[row[_WORKSPACE]].append(of_row(row))
        for workspace, calls in by_workspace.items():
            self._count(workspace, calls)

    def correct(self, corrected: Corrected) -> None:
        """Count a correction that is inserted, once."""
        workspace = corrected.workspace
        self._add(correction_charges(corrected, self._limits(workspace), self._lineages(workspace)))

    def close(self) -> None:
        """Let go of what the calls held, and write down what they came to."""
        for workspace, calls in sorted(self._ended.items()):
            spending.claim(self._database, workspace, calls)
            spending.drop_holds(self._database, workspace, calls)
        for place, amount in sorted(self._sums.items()):
            spending.add(self._database, place, amount)

    def _limits(self, workspace: str) -> Sequence[BudgetRow]:
        if workspace not in self._budgets:
            self._budgets[workspace] = limits.budgets(self._database, workspace)
        return self._budgets[workspace]

    def _count(self, workspace: str, calls: Sequence[Spent]) -> None:
        ids = list(dict.fromkeys(each.call for each in calls))
        known = spending.in_ledger(self._database, workspace, ids)
        for each in calls:
            if each.call in known:
                continue
            known.add(each.call)
            self._add(charges(each, self._limits(workspace), self._lineages(workspace)))
        self._ended[workspace] += ids

    def _add(self, amounts: Sequence[tuple[Place, Decimal]]) -> None:
        for place, amount in amounts:
            self._sums[place] = EXACT.add(self._sums[place], amount)

    def _lineages(self, workspace: str) -> dict[str, tuple[str, ...]]:
        if workspace not in self._lineage:
            by_key = any(each.scope == "key" for each in self._limits(workspace))
            self._lineage[workspace] = keys.lineages(self._database, workspace) if by_key else {}
        return self._lineage[workspace]


_HOSTED = COLUMNS.index("hosted")

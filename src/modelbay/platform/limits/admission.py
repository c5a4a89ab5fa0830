"""Admitting calls: which limits are about one, what it holds of them, and what it turns out to have spent."""

from __future__ import annotations

from collections.abc import Sequence

from modelbay.platform.limits.budgets import BudgetLimit
from modelbay.platform.limits.charges import concerns, of_record
from modelbay.platform.limits.holding import Ask
from modelbay.platform.limits.holds import Holds
from modelbay.platform.limits.hosted import Hosted
from modelbay.platform.limits.quotas import QuotaLimit
from modelbay.runtime.accounts import Caller, CallRecord
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using
from modelbay.runtime.worst_case import WorstCase
from modelbay.store.limits import Terms


class Admission:
    """What one call holds: nothing where nothing limits it, which costs no look at the database."""

    __slots__ = ("_budgets", "_case", "_held", "_holds", "_quota", "warnings")

    def __init__(self, holds: Holds) -> None:
        self.warnings: list[str] = []
        self._holds = holds
        self._budgets: Sequence[BudgetLimit] = ()
        self._quota: QuotaLimit | None = None
        self._case: WorstCase | None = None
        self._held = False

    def choose(
        self, terms: Terms, hosted: Hosted, caller: Caller, name: ModelName, using: Using, at: float
    ) -> bool:
        """Note which limits are about a call with some credentials; whether there are any."""
        self._quota = None
        if using.hosted:
            quota = hosted.terms(name.provider, using.hosted)
            assert quota is not None
            limit = hosted.limit(name.provider, quota.kind, terms)
            self._quota = QuotaLimit(caller.workspace, name.provider, name.model, quota, limit, at)
        self._budgets = [
            BudgetLimit(row, at)
            for row in terms.budgets
            if concerns(row, caller.member, caller.lineage, str(name))
        ]
        return bool(self._budgets or self._quota)

    def release(self, record: CallRecord) -> None:
        """Give back all that the call holds: it goes on without limits, or was not made."""
        if self._held:
            self._held = False
            self._holds.forget(record.workspace, record.id)

    async def hold(self, record: CallRecord, case: WorstCase) -> None:
        """Take from the limits what the call may spend at most; what it held before is given back.

        Raises:
            LimitReachedError: A limit has not so much left.
            InvokeBadRequestError: What it may spend is not known, and a limit refuses such calls.
            StoreError: The database cannot be used.
        """
        limits = self._limits()
        asks = [Ask(limit, limit.worst(case)) for limit in limits]
        record.hosted = self._quota.hosted if self._quota else ""
        self._case = case
        self._held = False  # refused or cancelled, it holds nothing, not what it held before either
        before = await self._holds.hold(record.workspace, record.id, asks)
        self._held = True
        noted = (limit.warning(balance) for limit, balance in zip(limits, before, strict=True))
        self.warnings = [text for text in noted if text]

    def fill_in(self, record: CallRecord) -> None:
        """Note in a call's record what its limits are charged; before it is written down."""
        self._price(record)
        if self._quota is None:
            record.hosted, record.units = "", None
            return
        tokens = record.prompt_tokens + record.completion_tokens
        record.units = self._quota.units(tokens, used=of_record(record).used)

    async def settle(self, record: CallRecord) -> None:
        """Give back what the call did not spend; once it is written down."""
        if not self._held:
            return
        self._held = False
        spent = of_record(record)
        ended = [(limit.place, limit.charge(spent)) for limit in self._limits()]
        await self._holds.settle(record.workspace, record.id, ended)

    def _price(self, record: CallRecord) -> None:
        """Take what was held for the price if that was known before and is not now: never for nothing.

        The upstream has counted something else than what the price is declared for.
        """
        case = self._case
        unknown = self._held and record.price is None and of_record(record).used
        if unknown and self._budgets and case and case.price is not None:
            record.price, record.currency, record.estimated = case.price, case.currency, True

    def _limits(self) -> Sequence[BudgetLimit | QuotaLimit]:
        return [*self._budgets, *([self._quota] if self._quota else ())]

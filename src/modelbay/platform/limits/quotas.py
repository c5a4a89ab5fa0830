"""Hosted quotas: how much of the installation's own credentials a workspace may use."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.platform.credentials.resolve import HOSTED
from modelbay.platform.limits.charges import NOTHING, Spent, quota_place
from modelbay.platform.limits.hosted import UNLIMITED, Hosted, Kind, QuotaTerms, Unit
from modelbay.platform.limits.periods import Period, end_of
from modelbay.platform.people.refusals import invalid, not_found
from modelbay.runtime.accounts import LimitReachedError
from modelbay.runtime.worst_case import WorstCase
from modelbay.store import Database, audit, calls, spending, workspaces
from modelbay.store import limits as queries
from modelbay.store.credentials import changing
from modelbay.store.exact import EXACT
from modelbay.store.selection import FAR
from modelbay.store.spending import Balance, Place

OWN: Final = "own"
_LARGEST: Final = Decimal(10) ** 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota of a workspace and where it stands.

    `limit` is -1 without limit; `granted` is whether it was set for this workspace.
    """

    provider: str
    kind: str
    unit: str
    limit: Decimal
    used: Decimal
    held: Decimal
    granted: bool
    preferred: str
    models: Sequence[str]
    ends: float | None

    @property
    def valid(self) -> bool:
        """Whether calls can be paid from it."""
        return self.limit == UNLIMITED or EXACT.add(self.used, self.held) < self.limit


def list_quotas(database: Database, hosted: Hosted, workspace: str) -> Sequence[Quota]:
    """Return what the installation lends a workspace: by provider, what is used first at the front."""
    _check_workspace(database, workspace)
    now, terms = time.time(), queries.terms_of(database, workspace)
    return [
        _standing(database, hosted, terms, workspace, each.name, kind, now)
        for each in hosted.providers()
        for kind in Kind
        if kind in each.quotas
    ]


def grant(
    database: Database,
    hosted: Hosted,
    workspace: str,
    provider: str,
    kind: str,
    amount: str | Decimal | None,
    *,
    actor: str,
) -> None:
    """Set what a workspace may use of a quota: -1 without limit, None as the installation's file says.

    What was used stays used.

    Raises:
        InvokeBadRequestError: There is no such workspace or quota, or the amount is none.
    """
    _check_workspace(database, workspace)
    known = hosted.terms(provider, kind) if kind in set(Kind) else None
    if known is None:
        raise not_found(
            "kind", f"no {kind[:40]!r} quota of {provider[:40]!r} is lent; see modelbay quota list"
        )
    limit = None if amount is None else amount_of(amount)
    with changing(database, workspace):
        queries.grant(database, workspace, provider, kind, limit)
        facts = {"kind": kind, "limit": None if limit is None else f"{limit:f}"}
        audit.record(database, workspace, actor, "quota.set", provider, facts)


def prefer(
    database: Database, hosted: Hosted, workspace: str, provider: str, preferred: str, *, actor: str
) -> None:
    """Set which credentials of a provider are used first: `hosted`, `own`, or `auto` for the rule.

    The rule: own ones where there are any, else those that are lent. Where hosted ones are preferred, own
    ones take over when the quota is used up; where own ones are preferred and there are none, hosted ones do.

    Raises:
        InvokeBadRequestError: There is no such workspace, or nothing of the provider is lent.
    """
    _check_workspace(database, workspace)
    check_preference(hosted, provider, preferred)
    with changing(database, workspace):
        queries.prefer(database, workspace, provider, None if preferred == "auto" else preferred)
        audit.record(database, workspace, actor, "quota.prefer", provider, {"preferred": preferred})


def check_preference(hosted: Hosted, provider: str, preferred: str) -> None:
    """Refuse a preference that is none, or of a provider of which nothing is lent (InvokeBadRequestError)."""
    if preferred not in (HOSTED, OWN, "auto"):
        raise invalid("preferred", f"{preferred[:40]!r} is none of {HOSTED}, {OWN}, auto")
    if not hosted.lends(provider):
        raise not_found("provider", f"nothing of {provider[:40]!r} is lent; see modelbay quota list")


class QuotaLimit:
    """A hosted quota of a workspace in the period of a call."""

    __slots__ = ("_at", "_limit", "_model", "_provider", "_terms", "hosted", "place")

    def __init__(
        self, workspace: str, provider: str, model: str, terms: QuotaTerms, limit: Decimal, at: float
    ) -> None:
        self._provider, self._model, self._terms, self._limit, self._at = provider, model, terms, limit, at
        self.hosted = hosted_name(terms)
        self.place: Place = quota_place(workspace, provider, self.hosted, at)

    def worst(self, case: WorstCase) -> Decimal:
        """Return what a call may count at most.

        Raises:
            InvokeBadRequestError: The quota counts tokens, and nothing bounds those of the call.
        """
        if self._terms.unit is Unit.TIMES:
            return Decimal(1)
        if self._terms.unit is Unit.CREDITS:
            return self._terms.credits_of(self._model)
        if case.tokens is None:
            raise InvokeBadRequestError(
                f"the {self._terms.kind} quota counts tokens, and nothing bounds those of this call: set "
                "max_tokens"
            )
        return Decimal(case.tokens)

    def charge(self, spent: Spent) -> Decimal:
        """Return what a call counts that has ended."""
        return spent.units or NOTHING

    def units(self, tokens: int, *, used: bool) -> Decimal:
        """Return what a call counts that has ended: nothing if it was of no use to anybody."""
        if not used:
            return NOTHING
        if self._terms.unit is Unit.TOKENS:
            return Decimal(tokens)
        return Decimal(1) if self._terms.unit is Unit.TIMES else self._terms.credits_of(self._model)

    def refusal(self, balance: Balance, amount: Decimal) -> ModelbayError | None:
        """Return the error for a call that may use so much; None if it may be made."""
        if self._limit == UNLIMITED or EXACT.add(balance.taken, amount) <= self._limit:
            return None
        left = max(EXACT.subtract(self._limit, balance.taken), NOTHING)
        return LimitReachedError(
            f"the {self._terms.kind} quota of {self._provider} is used up: {left:f} of {self._limit:f} "
            f"{self._terms.unit} are left, and this call may take {amount:f}; give the workspace credentials "
            "of its own",
            status=429,
            code="quota_exceeded",
            retry_after=_until(self._terms, self._at),
        )

    def warning(self, balance: Balance) -> str:
        """Return a note for a call that is made; a quota has none."""
        return ""

    def spent_before(self, database: Database) -> Decimal:
        """Return what the ledger has of the period."""
        place, ends = self.place, end_of(self._terms.period, self._at)
        until = FAR if ends is None else ends
        found = calls.units_since(database, place.workspace, self._provider, self.hosted, place.period, until)
        return Decimal(found or 0)


def hosted_name(terms: QuotaTerms) -> str:
    """Return how the ledger names a quota: its kind, and its period if it has one."""
    return terms.kind.value if terms.period is Period.TOTAL else f"{terms.kind}/{terms.period}"


def _standing(
    database: Database,
    hosted: Hosted,
    terms: queries.Terms,
    workspace: str,
    provider: str,
    kind: Kind,
    now: float,
) -> Quota:
    known = hosted.terms(provider, kind)
    assert known is not None
    limit = hosted.limit(provider, kind, terms)
    counted = QuotaLimit(workspace, provider, "", known, limit, now)
    found = spending.balance(database, counted.place) or Balance(counted.spent_before(database), NOTHING)
    return Quota(
        provider=provider,
        kind=kind.value,
        unit=known.unit.value,
        limit=limit,
        used=found.used,
        held=found.held,
        granted=(provider, kind.value) in terms.grants,
        preferred=terms.preferred.get(provider, "auto"),
        models=known.models,
        ends=end_of(known.period, now),
    )


def _until(terms: QuotaTerms, at: float) -> float | None:
    ends = end_of(terms.period, at)
    return None if ends is None else max(ends - at, 0.0)


def amount_of(value: str | Decimal) -> Decimal:
    """Return a limit as it was written, -1 for none; InvokeBadRequestError if it is none."""
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise invalid("limit", f"{str(value)[:40]!r} is no number; -1 is without limit") from None
    if not amount.is_finite() or (amount != UNLIMITED and not 0 <= amount < _LARGEST):
        raise invalid("limit", "a number from 0 on, or -1 for no limit")
    return amount


def _check_workspace(database: Database, workspace: str) -> None:
    if workspaces.get(database, workspace) is None:
        raise not_found("workspace", f"there is no workspace {workspace[:40]!r}")

"""The parts of a plan about money: budgets, and what is used of hosted quotas."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.apply.file import BudgetPart, QuotaPart, WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.limits import budgets as rules
from modelbay.platform.limits import quotas as quota_rules
from modelbay.platform.limits.hosted import Kind
from modelbay.platform.people.members import find_member
from modelbay.platform.people.refusals import invalid, not_found
from modelbay.store import limits as queries
from modelbay.store.limits import BudgetRow


def budgets(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield what has to change of a workspace's budgets."""
    rows = queries.budgets(sight.database, sight.id) if sight.id else []
    known = {(row.scope, row.target, row.period, row.currency): row for row in rows}
    for number, part in enumerate(wanted.budgets):
        try:
            scope, target = _target(sight, part)
            rules.new_row(sight.id, scope=scope, target=target, **_terms(part))
        except InvokeBadRequestError as error:
            sight.complain(f"budgets[{number}]", error)
            continue
        row = known.pop((scope, target, part.period, part.currency), None)
        facts = _facts(part, row)
        if facts:
            yield _set(sight, part, scope, target, facts, is_new=row is None)
    if sight.prune:
        yield from (_deleted(sight, row) for row in known.values())


def _target(sight: Sight, part: BudgetPart) -> tuple[str, str]:
    scopes = [(name, value) for name in ("member", "key", "model") if (value := getattr(part, name))]
    if len(scopes) > 1:
        raise invalid("scope", "a budget is about one of member, key and model")
    if part.member:
        return "member", find_member(sight.database, sight.id, part.member).user
    return scopes[0] if scopes else ("workspace", "")


def _facts(part: BudgetPart, row: BudgetRow | None) -> dict[str, tuple[str, str]]:
    now = {
        "amount": _plain(row.amount) if row else "",
        "action": row.action if row else "",
        "unpriced": _plain(row.unpriced) if row and row.unpriced is not None else "",
    }
    then = {
        "amount": _plain(part.amount),
        "action": part.action,
        "unpriced": "" if part.unpriced is None else _plain(part.unpriced),
    }
    return {name: (now[name], then[name]) for name in now if now[name] != then[name]}


def _set(
    sight: Sight,
    part: BudgetPart,
    scope: str,
    target: str,
    facts: dict[str, tuple[str, str]],
    *,
    is_new: bool,
) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.set_budget, workspace, scope=scope, target=target, actor=hands.actor, **_terms(part)
        )

    what = f"budget of {part.member or target or 'the workspace'} ({part.period}, {part.currency})"
    return Change(sight.name, "create" if is_new else "change", what, facts, make)


def _terms(part: BudgetPart) -> dict[str, Any]:
    return part.model_dump(exclude={"member", "key", "model"})


def _deleted(sight: Sight, row: BudgetRow) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.delete_budget, workspace, row.id, version=row.version, actor=hands.actor
        )

    what = f"budget of {row.target or 'the workspace'} ({row.period}, {row.currency})"
    return Change(sight.name, "delete", what, {}, make)


def quotas(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield what has to change of what a workspace is granted, and of what it uses first."""
    terms = queries.terms_of(sight.database, sight.id)
    for number, part in enumerate(wanted.quotas):
        try:
            _check_quota(sight, part)
        except InvokeBadRequestError as error:
            sight.complain(f"quotas[{number}]", error)
            continue
        now, then = terms.grants.get((part.provider, part.kind)), _plain(part.limit)
        if now is None or _plain(now) != then:
            yield _granted(sight, part.provider, part.kind, "" if now is None else _plain(now), then)
    for provider, which in wanted.prefer.items():
        try:
            quota_rules.check_preference(sight.hosted, provider, which)
        except InvokeBadRequestError as error:
            sight.complain(f"prefer.{provider}", error)
            continue
        before = terms.preferred.get(provider, "auto")
        if before != which:
            yield _preferred(sight, provider, before, which)


def _check_quota(sight: Sight, part: QuotaPart) -> None:
    if part.kind not in set(Kind) or sight.hosted.terms(part.provider, part.kind) is None:
        raise not_found("kind", f"no {part.kind!r} quota of {part.provider!r} is lent")
    quota_rules.amount_of(str(part.limit))


def _granted(sight: Sight, provider: str, kind: str, before: str, limit: str) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            quota_rules.grant, hands.hosted, workspace, provider, kind, limit, actor=hands.actor
        )

    facts = {"limit": (before, limit)}
    return Change(sight.name, "change" if before else "create", f"quota {provider} {kind}", facts, make)


def _preferred(sight: Sight, provider: str, before: str, which: str) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            quota_rules.prefer, hands.hosted, workspace, provider, which, actor=hands.actor
        )

    return Change(
        sight.name, "change", f"credentials of {provider} used first", {"first": (before, which)}, make
    )


def _plain(amount: object) -> str:
    """Return an amount as two that are equal look alike; what is none is left as it is."""
    try:
        return f"{Decimal(str(amount)).normalize():f}"
    except InvalidOperation:
        return str(amount)

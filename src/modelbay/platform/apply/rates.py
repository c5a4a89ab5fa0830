"""The part of a plan about rates: requests and tokens a minute, calls at once."""

from __future__ import annotations

from collections.abc import Iterator

from modelbay.errors import ModelbayError
from modelbay.platform.apply.file import RatePart, WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.limits import rates as rules
from modelbay.platform.limits.scopes import Limits, Scope
from modelbay.platform.people.members import find_member
from modelbay.platform.people.refusals import invalid
from modelbay.store import rates as queries
from modelbay.store.rates import RatePlace, RateRow


def rates(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield what has to change of a workspace's rates."""
    rows = [] if sight.is_new else queries.listed(sight.database, sight.id)
    known, seen = {row.place: row for row in rows}, set[RatePlace]()
    for number, part in enumerate(wanted.rates):
        limits = Limits(requests=part.requests, tokens=part.tokens, parallel=part.parallel)
        try:
            place = _place(sight, part)
            rules.check_limits(limits)
            rules.check_place(sight.database, place)
            if place in seen:
                raise invalid("scope", f"the rate of {rules.name_of(place)} is there twice")
        except ModelbayError as error:
            sight.complain(f"rates[{number}]", error)
            continue
        seen.add(place)
        row = known.pop(place, None)
        facts = _facts(limits, row)
        if facts:
            yield _set(sight, place, limits, row, facts)
    if sight.prune:
        yield from (_deleted(sight, row) for row in known.values())


def _place(sight: Sight, part: RatePart) -> RatePlace:
    named = [
        (scope, value)
        for scope in (Scope.MEMBER, Scope.KEY, Scope.MODEL)
        if (value := getattr(part, scope.value))
    ]
    if len(named) > 1:
        raise invalid("scope", "a rate is about one of member, key and model")
    scope, which = named[0] if named else (Scope.WORKSPACE, "")
    if scope is Scope.MEMBER and "@" in which:
        which = find_member(sight.database, sight.id, which).user
    return RatePlace(sight.id, scope.value, which)


def _facts(limits: Limits, row: RateRow | None) -> dict[str, tuple[str, str]]:
    now = rules.limits_of(row) if row else Limits()
    pairs = zip(Limits._fields, now, limits, strict=True)
    return {name: (_text(before), _text(after)) for name, before, after in pairs if before != after}


def _text(limit: int | None) -> str:
    return "" if limit is None else str(limit)


def _set(
    sight: Sight, place: RatePlace, limits: Limits, row: RateRow | None, facts: dict[str, tuple[str, str]]
) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.set_rate,
            workspace,
            Scope(place.scope),
            place.scope_id,
            limits,
            version=row.version if row else 0,
            actor=hands.actor,
        )

    return Change(sight.name, "change" if row else "create", _what(place), facts, make)


def _deleted(sight: Sight, row: RateRow) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.delete_rate,
            workspace,
            Scope(row.scope),
            row.scope_id,
            version=row.version,
            actor=hands.actor,
        )

    return Change(sight.name, "delete", _what(row.place), {}, make)


def _what(place: RatePlace) -> str:
    return f"rate of {rules.name_of(place) if place.scope_id else 'the workspace'}"

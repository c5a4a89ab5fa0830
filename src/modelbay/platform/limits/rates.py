"""Rates: requests and tokens a minute, calls at once, of a workspace, its members, keys and models."""

from __future__ import annotations

import time
from typing import Final

from modelbay.platform.limits.scopes import EACH, Limits, Rates, Scope
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.platform.people.workspaces import get_workspace
from modelbay.store import Database, audit, keys, people
from modelbay.store import rates as queries
from modelbay.store.rates import RatePlace, RateRow

MOST: Final = 10**12
_LONGEST: Final = 512  # characters of provider/model


def set_rate(
    database: Database,
    workspace: str,
    scope: Scope,
    scope_id: str,
    limits: Limits,
    *,
    version: int | None = None,
    actor: str,
) -> RateRow:
    """Set all limits of something; gateways keep to them within a second.

    Args:
        scope_id: A member's or key's id, `provider/model`, or `*` for each of them; "" for the workspace.
        version: The version that the caller has seen, 0 for none; None takes any.

    Raises:
        InvokeBadRequestError: A limit is none, there is no such member or key, or somebody has changed it.
    """
    check_limits(limits)
    place = RatePlace(workspace, scope.value, scope_id)
    with queries.changing(database, workspace):
        get_workspace(database, workspace)
        check_place(database, place)
        before = _compared(database, place, version)
        now = time.time()
        row = RateRow(**place._asdict(), **limits._asdict(), created=now, updated=now, version=1)
        queries.put(database, row)
        detail = {**limits._asdict(), "was": limits_of(before)._asdict() if before else None}
        audit.record(database, workspace, actor, "rate.set", name_of(place), detail)
        return _one(database, place)


def list_rates(database: Database, workspace: str) -> list[RateRow]:
    """Return the rates of a workspace: its own, then those of members, keys and models, each by id.

    Raises:
        InvokeBadRequestError: There is no such workspace.
    """
    get_workspace(database, workspace)
    order = list(Scope)
    return sorted(
        queries.listed(database, workspace), key=lambda row: (order.index(Scope(row.scope)), row.scope_id)
    )


def delete_rate(
    database: Database,
    workspace: str,
    scope: Scope,
    scope_id: str,
    *,
    version: int | None = None,
    actor: str,
) -> RateRow:
    """Limit something no more; return what there was.

    Raises:
        InvokeBadRequestError: It has no rate, or somebody has changed it since `version`.
    """
    place = RatePlace(workspace, scope.value, scope_id)
    with queries.changing(database, workspace):
        row = _one(database, place)
        _compared(database, place, version)
        queries.delete(database, place)
        audit.record(database, workspace, actor, "rate.delete", name_of(place), limits_of(row)._asdict())
    return row


def rates_of(database: Database, workspace: str) -> Rates:
    """Return the rates of a workspace as calls look them up."""
    rows = queries.listed(database, workspace)
    return Rates(workspace, {(row.scope, row.scope_id): limits_of(row) for row in rows})


def limits_of(row: RateRow) -> Limits:
    """Return the limits of a rate."""
    return Limits(requests=row.requests, tokens=row.tokens, parallel=row.parallel)


def name_of(place: RatePlace) -> str:
    """Return whose a rate is, for people."""
    return f"{place.scope} {place.scope_id}".strip()


def _one(database: Database, place: RatePlace) -> RateRow:
    row = queries.get(database, place)
    if row is None:
        raise not_found("rate", f"{name_of(place)[:80]!r} has none; see modelbay rate list")
    return row


def _compared(database: Database, place: RatePlace, version: int | None) -> RateRow | None:
    """Return what there is, if it is what the caller has seen."""
    row = queries.get(database, place)
    there = row.version if row else 0
    if version is not None and version != there:
        raise conflict("version", f"somebody has changed it since: it is {there}, not {version}")
    return row


def check_limits(limits: Limits) -> None:
    """Refuse limits that are none.

    Raises:
        InvokeBadRequestError: None is given, or one is no number.
    """
    given = {name: value for name, value in limits._asdict().items() if value is not None}
    if not given:
        raise invalid("limits", "give at least one of requests, tokens and parallel; or delete the rate")
    for name, value in given.items():
        if not 1 <= value <= MOST:
            raise invalid(name, f"a number from 1 to {MOST}")


def check_place(database: Database, place: RatePlace) -> None:
    """Refuse what can have no rate.

    Raises:
        InvokeBadRequestError: There is no such member or key, or it is no model.
    """
    workspace, scope, scope_id = place
    if scope == Scope.WORKSPACE:
        if scope_id:
            raise invalid("id", "a workspace's own rate has none")
    elif scope_id == EACH:
        return
    elif scope == Scope.MEMBER:
        if people.member(database, workspace, scope_id) is None:
            raise not_found("member", f"there is no member {scope_id[:40]!r}; see modelbay member list")
    elif scope == Scope.KEY:
        if all(row.id != scope_id for row in keys.listed(database, workspace)):
            raise not_found("key", f"there is no key {scope_id[:40]!r}; see modelbay key list")
    elif not _is_model(scope_id):
        raise invalid("model", "write provider/model, or * for each model")


def _is_model(name: str) -> bool:
    provider, _, model = name.partition("/")
    return bool(provider and model) and name.isprintable() and name == name.strip() and len(name) <= _LONGEST

"""Balances: which credentials share the calls of a provider or a model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from modelbay.errors import ModelbayError
from modelbay.gateway.api.forms.balances import (
    BalanceAnswer,
    BalancePage,
    BalanceQuery,
    ModelQuery,
    NewBalance,
    answer_of,
)
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.targets import declared_of, place_of, target_of
from modelbay.platform import balances as rules
from modelbay.platform.balances import Balance
from modelbay.platform.credentials.target import Target, without_plugin
from modelbay.platform.people.refusals import not_found
from modelbay.store import balances as queries
from modelbay.store.balances import BalanceEntryRow, BalanceRow


async def list_balances(request: Request[None, BalanceQuery]) -> Reply:
    """List balances."""
    provider = request.query.provider
    rows = await request.run(queries.of_workspace, request.workspace)
    shown = [row for row in rows if provider in (None, row.place.provider)]
    kept, following = cut_list(
        request, shown, lambda row: f"{row.place.provider}/{row.place.model_type}/{row.place.model}"
    )
    items = [answer_of(each) for each in await _seen(request, kept)]
    return Reply(BalancePage(items=items, next=following))


async def read(request: Request[None, ModelQuery]) -> Reply:
    """Return a balance."""
    query = request.query
    place = place_of(request, request.params["provider"], query.model, query.type)
    row = await request.run(queries.one, place)
    if row is None:
        raise not_found("provider", "these calls are not balanced")
    return await _told(request, row)


async def put(request: Request[NewBalance, None]) -> Reply:
    """Have credentials share calls."""
    body = request.body
    row = await request.run(
        rules.set_balance,
        await target_of(request, request.params["provider"], body.model, body.type),
        [BalanceEntryRow(each.credential, "", each.weight, each.enabled) for each in body.entries],
        strategy=body.strategy,
        version=request.version,
        actor=request.actor,
    )
    return await _told(request, row)


async def clear(request: Request[None, ModelQuery]) -> Reply:
    """Have calls use the active credentials alone again."""
    target = await _target(request)
    await request.run(rules.clear_balance, target, version=request.version, actor=request.actor)
    return Reply()


async def _target(request: Request[None, ModelQuery]) -> Target:
    """Return what is named; a balance goes also where its provider's plugin is no more."""
    provider, query = request.params["provider"], request.query
    try:
        return await target_of(request, provider, query.model, query.type)
    except ModelbayError:
        place = place_of(request, provider, query.model, query.type)
        if await request.run(queries.one, place) is None:
            raise
        return without_plugin(place)


async def _told(request: Request[Any, Any], row: BalanceRow) -> Reply:
    [found] = await _seen(request, [row])
    return Reply(answer_of(found), version=found.version)


async def _seen(request: Request[Any, Any], rows: Sequence[BalanceRow]) -> list[Balance]:
    """Return balances with what becomes of each of their entries now."""
    source = await request.services.credentials(request.workspace)
    names = {row.place.provider for row in rows}
    declared = {name: await _declared(request, name) for name in names}
    return await asyncio.to_thread(
        lambda: [
            rules.seen(source.snapshot, row, declared[row.place.provider], behind=source.behind)
            for row in rows
        ]
    )


async def _declared(request: Request[Any, Any], provider: str) -> Any:
    try:
        return await declared_of(request.services, provider)
    except ModelbayError:
        return None  # its plugin is no more; what is stored is shown all the same


_ONE: Final = "/api/workspaces/{workspace}/balances/{provider}"

OPERATIONS: Final = [
    Operation(
        id="listBalances",
        method="GET",
        path="/api/workspaces/{workspace}/balances",
        action="balance.read",
        summary="List what calls are shared, by whom, and what keeps some from it.",
        serve=list_balances,
        query=BalanceQuery,
        answer=BalancePage,
    ),
    Operation(
        id="getBalance",
        method="GET",
        path=_ONE,
        action="balance.read",
        summary="Return who shares the calls of a provider, or of one of its models.",
        serve=read,
        query=ModelQuery,
        answer=BalanceAnswer,
        versioned=True,
    ),
    Operation(
        id="setBalance",
        method="PUT",
        path=_ONE,
        action="balance.set",
        summary="Have credentials share the calls of a provider or a model: the whole list.",
        description="One that meets a rate limit, is refused or cannot be reached rests for a while.",
        serve=put,
        body=NewBalance,
        answer=BalanceAnswer,
        versioned=True,
    ),
    Operation(
        id="clearBalance",
        method="DELETE",
        path=_ONE,
        action="balance.clear",
        summary="Have calls use the active credentials alone again.",
        serve=clear,
        query=ModelQuery,
        status=204,
        versioned=True,
    ),
]

"""Prices: what calls cost, what they have cost at any time, and what they would have cost."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from modelbay.gateway.api.forms.prices import (
    EntryAnswer,
    History,
    HistoryQuery,
    NewPrice,
    NewRepricing,
    OwnPlace,
    PricePage,
    PriceQuery,
    RepriceQuery,
    RepricingAnswer,
    RepricingPage,
    config_of,
    difference_of,
    entry_of,
    in_force,
    sums_of,
)
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.fold import fold
from modelbay.platform.prices import entries
from modelbay.platform.prices.book import Place
from modelbay.platform.prices.declared import Declared, declared_prices
from modelbay.platform.prices.reprice import Repricing, reprice
from modelbay.store import Database
from modelbay.store.selection import FAR, Selection

_DAY: Final = 86_400


async def list_prices(request: Request[None, PriceQuery]) -> Reply:
    """List the prices in force."""
    query = request.query
    at = query.at.timestamp() if query.at else request.now
    book = await request.run(entries.price_book, request.workspace)
    own = {
        Place(row.provider, row.model, row.model_type)
        for row in await request.run(entries.own_prices, request.workspace, at)
    }
    places = own if query.own else own | await asyncio.to_thread(_declared_places, request)
    shown = sorted(place for place in places if query.provider in (None, place.provider))
    kept, following = cut_list(request, shown, lambda each: f"{each.provider}/{each.model_type}/{each.model}")

    def priced() -> PricePage:
        declared = declared_prices(request.services.catalog)
        items = [in_force(place, book.of(*place, declared(*place), at)) for place in kept]
        return PricePage(items=items, next=following)

    return Reply(await asyncio.to_thread(priced))


async def history(request: Request[None, HistoryQuery]) -> Reply:
    """List all prices that were ever entered."""
    rows = await request.run(entries.history, request.workspace, model=request.query.model or "")
    kept, following = cut_list(request, rows, lambda row: str(row.number))
    return Reply(History(items=[entry_of(row) for row in kept], next=following))


async def enter(request: Request[NewPrice, None]) -> Reply:
    """Enter what a model costs."""
    body = request.body
    row = await request.run(
        entries.set_price,
        _place(body),
        config_of(body),
        workspace=request.workspace,
        valid_from=_start(body.valid_from, request.now),
        actor=request.actor,
    )
    return Reply(entry_of(row))


async def withdraw(request: Request[OwnPlace, None]) -> Reply:
    """Let what the plugin declares hold again."""
    body = request.body
    row = await request.run(
        entries.delete_price,
        _place(body),
        workspace=request.workspace,
        valid_from=_start(body.valid_from, request.now),
        actor=request.actor,
    )
    return Reply(entry_of(row))


async def plan(request: Request[None, RepriceQuery]) -> Reply:
    """Return what calls would cost."""
    query = request.query
    result = await _reckoned(request, query.since, query.until, query.model, write=False)
    kept, following = cut_list(request, result.rows, lambda row: f"{row.currency} {row.model}")
    items = [difference_of(row) for row in kept]
    return Reply(RepricingPage(items=items, next=following, **sums_of(result)))


async def write(request: Request[NewRepricing, None]) -> Reply:
    """Add what calls would cost more or less."""
    body = request.body
    result = await _reckoned(request, body.since, body.until, body.model, write=True)
    return Reply(RepricingAnswer(**sums_of(result)))


async def _reckoned(
    request: Request[Any, Any], since: datetime, until: datetime | None, model: str | None, *, write: bool
) -> Repricing:
    chosen = Selection(
        workspace=request.workspace,
        since=since.timestamp(),
        until=until.timestamp() if until else FAR,
        model=model or "",
    )
    services = request.services
    declared = declared_prices(services.catalog)
    return await asyncio.to_thread(
        _reprice, services.data_dir, chosen, declared, actor=request.actor, write=write
    )


def _reprice(data_dir: Path, chosen: Selection, declared: Declared, *, actor: str, write: bool) -> Repricing:
    """Reckon with a connection of its own: it may take a minute, for which nobody should wait for others."""
    with Database.open(data_dir) as database:
        fold(database, data_dir)
        return reprice(database, chosen, declared, actor=actor, write=write)


def _declared_places(request: Request[Any, Any]) -> set[Place]:
    models = request.services.catalog.models()
    return {Place(row.provider, row.model, row.type) for row in models if row.price is not None}


def _place(body: OwnPlace) -> Place:
    return Place(body.provider, body.model.removeprefix(f"{body.provider}/"), body.type.value)


def _start(given: datetime | None, now: float) -> float:
    return now // _DAY * _DAY if given is None else given.timestamp()


_ALL: Final = "/api/workspaces/{workspace}/prices"
_REPRICING: Final = f"{_ALL}/repricing"

OPERATIONS: Final = [
    Operation(
        id="listPrices",
        method="GET",
        path=_ALL,
        action="price.read",
        summary="List what models cost: the workspace's own prices, else those that plugins declare.",
        serve=list_prices,
        query=PriceQuery,
        answer=PricePage,
    ),
    Operation(
        id="listPriceHistory",
        method="GET",
        path=f"{_ALL}/history",
        action="price.read",
        summary="List all prices that were ever entered in a workspace, the oldest first.",
        serve=history,
        query=HistoryQuery,
        answer=History,
    ),
    Operation(
        id="setPrice",
        method="POST",
        path=_ALL,
        action="price.set",
        summary="Enter what a model costs from a time on; running gateways use it within a second.",
        description="What was recorded stays; `planRepricing` shows the difference.",
        serve=enter,
        body=NewPrice,
        answer=EntryAnswer,
        status=201,
    ),
    Operation(
        id="withdrawPrice",
        method="POST",
        path=f"{_ALL}/withdraw",
        action="price.delete",
        summary="Let what the plugin declares hold again from a time on; this is an entry too.",
        serve=withdraw,
        body=OwnPlace,
        answer=EntryAnswer,
        status=201,
    ),
    Operation(
        id="planRepricing",
        method="GET",
        path=_REPRICING,
        action="usage.reprice",
        summary="Return what recorded calls would cost by the prices that now hold for their time.",
        description="Nothing is written.",
        serve=plan,
        query=RepriceQuery,
        answer=RepricingPage,
    ),
    Operation(
        id="reprice",
        method="POST",
        path=_REPRICING,
        action="usage.reprice",
        summary="Add the differences to what recorded calls cost, as corrections.",
        description="Doing so twice adds nothing the second time.",
        serve=write,
        body=NewRepricing,
        answer=RepricingAnswer,
    ),
]

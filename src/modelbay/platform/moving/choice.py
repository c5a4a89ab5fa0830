"""Routes and balances."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from modelbay.platform import balances as balance_rules
from modelbay.platform import routes as route_rules
from modelbay.platform.moving.models import model_key, model_name
from modelbay.platform.moving.part import Here, Part, check_place, check_type
from modelbay.platform.moving.things import Balance, BalanceEntry, Route, RouteEntry
from modelbay.platform.people.refusals import invalid
from modelbay.runtime.balancing import Strategy
from modelbay.runtime.routing import RouteStrategy
from modelbay.store import Database
from modelbay.store import balances as balance_queries
from modelbay.store import routes as route_queries
from modelbay.store.balances import BalanceEntryRow, BalanceRow
from modelbay.store.credentials import Place
from modelbay.store.routes import RouteEntryRow, RouteRow

_Kind = TypeVar("_Kind", RouteStrategy, Strategy)


class Routes(Part[Route]):
    """Names for models in an order."""

    what: ClassVar[str] = "route"

    def read(self, database: Database, workspace: str) -> Sequence[Route]:
        """Return them by name."""
        return [
            Route(
                name=row.name,
                model_type=row.model_type,
                strategy=row.strategy,
                entries=tuple(RouteEntry(**entry._asdict()) for entry in row.entries),
                created=row.created,
            )
            for row in route_queries.of_workspace(database, workspace)
        ]

    def key(self, thing: Route) -> tuple[str, ...]:
        """Return the name."""
        return (thing.name,)

    def check(self, here: Here, thing: Route) -> None:
        """Refuse a name or models that a route cannot have; whether they can be called a call says."""
        route_rules.check_name(thing.name)
        check_type(thing.model_type)
        _check_strategy(RouteStrategy, thing.strategy)
        route_rules.check_entries(_steps(thing))
        for entry in thing.entries:
            route_rules.check_turn(entry.weight, entry.timeout)
            for kind in entry.goes_on:
                route_rules.class_of(kind)

    def put(self, here: Here, thing: Route, there: Route | None) -> None:
        """Make it."""
        before = route_queries.one(here.database, here.workspace, thing.name)
        row = RouteRow(
            workspace=here.workspace,
            name=thing.name,
            model_type=thing.model_type,
            strategy=thing.strategy,
            entries=_steps(thing),
            created=thing.created,
            updated=time.time(),
            version=before.version if before else 1,
        )
        (route_queries.update if before else route_queries.insert)(here.database, row)


class Balances(Part[Balance]):
    """Credentials that share calls."""

    what: ClassVar[str] = "balance"

    def read(self, database: Database, workspace: str) -> Sequence[Balance]:
        """Return them by provider and model."""
        return [
            Balance(
                provider=row.place.provider,
                model=row.place.model,
                model_type=row.place.model_type,
                strategy=row.strategy,
                entries=tuple(BalanceEntry(**entry._asdict()) for entry in row.entries),
            )
            for row in balance_queries.of_workspace(database, workspace)
        ]

    def key(self, thing: Balance) -> tuple[str, ...]:
        """Return whose calls they share."""
        return model_key(thing)

    def name(self, thing: Balance) -> str:
        """Return whose calls they share, for people."""
        return model_name(thing)

    def fitted(self, here: Here, thing: Balance) -> Balance:
        """Return it with the ids of the credentials here."""
        entries = tuple(
            entry.model_copy(update={"credential": here.credential(entry.credential)})
            for entry in thing.entries
        )
        return thing.model_copy(update={"entries": entries})

    def check(self, here: Here, thing: Balance) -> None:
        """Refuse what is no balance. Credentials that are not here may be named: they take no part."""
        check_place(thing.model, thing.model_type)
        _check_strategy(Strategy, thing.strategy)
        balance_rules.check_ids([entry.credential for entry in thing.entries])
        for entry in thing.entries:
            balance_rules.check_weight(entry.weight)

    def put(self, here: Here, thing: Balance, there: Balance | None) -> None:
        """Have them share the calls."""
        balance_queries.put(
            here.database,
            BalanceRow(
                place=Place(here.workspace, thing.provider, thing.model, thing.model_type),
                strategy=thing.strategy,
                entries=tuple(BalanceEntryRow(**entry.model_dump()) for entry in thing.entries),
                updated=time.time(),
            ),
        )


def _steps(thing: Route) -> tuple[RouteEntryRow, ...]:
    return tuple(RouteEntryRow(**entry.model_dump()) for entry in thing.entries)


def _check_strategy(kinds: type[_Kind], strategy: str) -> None:
    if strategy not in set(kinds):
        raise invalid("strategy", f"{strategy[:40]!r} is none of {', '.join(kinds)}")

"""What limits a workspace and what calls cost: budgets, rates, own prices; how long calls are kept."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import ClassVar, Final

from pydantic import ValidationError

from modelbay.entities import PriceConfig
from modelbay.platform import retention as retention_rules
from modelbay.platform.limits import budgets as budget_rules
from modelbay.platform.limits import rates as rate_rules
from modelbay.platform.limits.scopes import Limits, Scope
from modelbay.platform.moving.models import model_name
from modelbay.platform.moving.moved import Moved
from modelbay.platform.moving.part import Here, Part
from modelbay.platform.moving.things import Budget, Price, Rate, Retention
from modelbay.platform.people.refusals import conflict, invalid
from modelbay.platform.prices import entries as price_rules
from modelbay.platform.prices.book import Place
from modelbay.store import Database, marks
from modelbay.store import limits as budget_queries
from modelbay.store import prices as price_queries
from modelbay.store import rates as rate_queries
from modelbay.store import retention as retention_queries
from modelbay.store.limits import BudgetRow
from modelbay.store.prices import PriceRow
from modelbay.store.rates import RatePlace, RateRow

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_ENTRIES: Final = 1_000_000
_ADDED_ONLY: Final = "the workspace has prices of its own already, and those are only added to"
_NO_PRICE: Final = PriceConfig(input=Decimal(0), unit=Decimal(1), currency="USD")


class Budgets(Part[Budget]):
    """Budgets. What is spent of them is the ledger's to say, which is not carried over."""

    what: ClassVar[str] = "budget"

    def read(self, database: Database, workspace: str) -> Sequence[Budget]:
        """Return them, the oldest first."""
        return [
            Budget(
                id=row.id,
                scope=row.scope,
                target=row.target,
                amount=_plain(row.amount),
                currency=row.currency,
                period=row.period,
                action=row.action,
                unpriced=None if row.unpriced is None else _plain(row.unpriced),
                created=row.created,
            )
            for row in budget_queries.budgets(database, workspace)
        ]

    def key(self, thing: Budget) -> tuple[str, ...]:
        """Return what it is about, its period and its currency."""
        return (thing.scope, thing.target, thing.period, thing.currency)

    def check(self, here: Here, thing: Budget) -> None:
        """Refuse what is no budget, or is about a member or a key that is not here."""
        row = _budget_row(here, thing)
        budget_rules.check_target(here.database, row)
        other = budget_queries.budget(here.database, here.workspace, row.id)
        if other is not None and (other.scope, other.target, other.period, other.currency) != self.key(thing):
            raise conflict("id", "there is another budget of this id")

    def put(self, here: Here, thing: Budget, there: Budget | None) -> None:
        """Make it, or change the one that is there."""
        row = _budget_row(here, thing)
        if there is None:
            budget_queries.insert_budget(here.database, row)
            return
        before = budget_queries.budget(here.database, here.workspace, there.id)
        assert before is not None
        marks.raise_marks(here.database, marks.CREDENTIALS, here.workspace)  # first, as everybody does
        budget_rules.put_changed(
            here.database, before, dataclasses.replace(row, id=there.id, version=before.version)
        )


class Rates(Part[Rate]):
    """Rates."""

    what: ClassVar[str] = "rate"

    def read(self, database: Database, workspace: str) -> Sequence[Rate]:
        """Return them, the oldest first."""
        return [
            Rate(
                scope=row.scope,
                scope_id=row.scope_id,
                requests=row.requests,
                tokens=row.tokens,
                parallel=row.parallel,
                created=row.created,
            )
            for row in rate_queries.listed(database, workspace)
        ]

    def key(self, thing: Rate) -> tuple[str, ...]:
        """Return whose it is."""
        return (thing.scope, thing.scope_id)

    def check(self, here: Here, thing: Rate) -> None:
        """Refuse what is no rate, or that of a member or a key that is not here."""
        if thing.scope not in set(Scope):
            raise invalid("scope", f"{thing.scope[:40]!r} is none of {', '.join(Scope)}")
        rate_rules.check_limits(Limits(thing.requests, thing.tokens, thing.parallel))
        rate_rules.check_place(here.database, RatePlace(here.workspace, thing.scope, thing.scope_id))

    def put(self, here: Here, thing: Rate, there: Rate | None) -> None:
        """Set it."""
        now = time.time()
        row = RateRow(workspace=here.workspace, **thing.model_dump(), updated=now, version=1)
        rate_queries.put(here.database, row)


class Prices(Part[Price]):
    """The workspace's own prices: all entries, or none where there are some, since none is ever removed."""

    what: ClassVar[str] = "price"

    def read(self, database: Database, workspace: str) -> Sequence[Price]:
        """Return all entries, in the order in which they were made."""
        rows = price_queries.of_workspace(database, workspace)
        return [Price(**{name: getattr(row, name) for name in Price.model_fields}) for row in rows]

    def key(self, thing: Price) -> tuple[str, ...]:
        """Return its number."""
        return (str(thing.number),)

    def name(self, thing: Price) -> str:
        """Return the model, and the number."""
        return f"{model_name(thing)} {thing.number}"

    def move(self, here: Here, things: Sequence[Price]) -> Iterator[Moved]:
        """Make all of them, in the order of their numbers; none if there are some already."""
        if not price_queries.last_number(here.database, here.workspace):
            yield from super().move(here, sorted(things, key=lambda thing: thing.number))
            return
        there = self.read(here.database, here.workspace)
        for thing in things:
            why = "" if thing in there else _ADDED_ONLY
            yield Moved(what=self.what, name=self.name(thing), state="there", why=why)

    def stays(self, here: Here, there: Price | None) -> str:
        """Return why an entry is not made: none ever takes the place of another."""
        return "" if there is None else _ADDED_ONLY

    def check(self, here: Here, thing: Price) -> None:
        """Refuse what is no price."""
        if not 1 <= thing.number <= _MOST_ENTRIES:
            raise invalid("number", f"entries are counted from 1, and {_MOST_ENTRIES} are the most")
        price_rules.check_price(Place(thing.provider, thing.model, thing.model_type), _config(thing))

    def put(self, here: Here, thing: Price, there: Price | None) -> None:
        """Enter it, with the number that recorded calls name."""
        price_queries.insert(here.database, PriceRow(workspace=here.workspace, **thing.model_dump()))


class Retentions(Part[Retention]):
    """How long single calls are kept."""

    what: ClassVar[str] = "retention"

    def read(self, database: Database, workspace: str) -> Sequence[Retention]:
        """Return it, if the workspace has said so."""
        keep = retention_queries.keep_of(database, workspace)
        return [] if keep is None else [Retention(keep=keep.seconds)]

    def key(self, thing: Retention) -> tuple[str, ...]:
        """There is one."""
        return ()

    def name(self, thing: Retention) -> str:
        """Return it in days."""
        return f"{thing.keep / retention_rules.DAY:g} days"

    def check(self, here: Here, thing: Retention) -> None:
        """Refuse what would remove calls here, unless that is wanted."""
        retention_rules.check_keep(thing.keep)
        before = time.time() - thing.keep
        if not here.replace and retention_queries.has_calls(here.database, here.workspace, before):
            raise conflict("keep", "it would remove calls of this workspace; modelbay usage retain sets it")

    def put(self, here: Here, thing: Retention, there: Retention | None) -> None:
        """Set it."""
        retention_queries.set_keep(here.database, here.workspace, thing.keep)


def _budget_row(here: Here, thing: Budget) -> BudgetRow:
    """Return a budget as it is stored; InvokeBadRequestError if it is none."""
    if not _ID.fullmatch(thing.id):
        raise invalid("id", "it is no id of a budget")
    terms = thing.model_dump(exclude={"id", "created"})
    return dataclasses.replace(
        budget_rules.new_row(here.workspace, **terms), id=thing.id, created=thing.created
    )


def _config(thing: Price) -> PriceConfig:
    """Return the price of an entry; one that takes a price back has none to be checked."""
    if not thing.content:
        return _NO_PRICE
    try:
        return PriceConfig.model_validate_json(thing.content)
    except ValidationError:
        raise invalid("content", "it is no price") from None


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"

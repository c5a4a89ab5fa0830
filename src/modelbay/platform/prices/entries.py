"""Entering a workspace's own prices: versions with dates, of which none is ever changed or removed."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from modelbay.entities import ModelType, PriceConfig
from modelbay.platform.people.refusals import conflict, invalid
from modelbay.platform.people.workspaces import get_workspace
from modelbay.platform.prices.book import Place, PriceBook, as_json
from modelbay.store import Database, audit, marks
from modelbay.store import prices as queries
from modelbay.store.exact import EXACT
from modelbay.store.failures import ConflictError
from modelbay.store.prices import PriceRow

_CURRENCY = re.compile(r"[A-Z]{3}")
_LARGEST: Final = Decimal(10) ** 12
_DIGITS: Final = 18  # after the point: what an export can hold


def price_book(database: Database, workspace: str) -> PriceBook:
    """Return a workspace's prices as they are now."""
    return PriceBook(queries.of_workspace(database, workspace))


def set_price(
    database: Database,
    place: Place,
    config: PriceConfig,
    *,
    workspace: str = "default",
    valid_from: float,
    actor: str,
) -> PriceRow:
    """Enter what a model costs from a time (seconds since 1970) on; gateways use it within a second.

    Calls that were recorded keep their price: `repricings` shows what that changes, and writes it.

    Raises:
        InvokeBadRequestError: A value is none, or there is no such workspace.
    """
    check_price(place, config)
    detail = {"price": as_json(config)}
    return _enter(database, place, as_json(config), workspace, valid_from, actor, "price.set", detail)


def delete_price(
    database: Database, place: Place, *, workspace: str = "default", valid_from: float, actor: str
) -> PriceRow:
    """Let what the plugin declares hold again from a time on.

    Raises:
        InvokeBadRequestError: The workspace has no price of its own for the model, or there is no workspace.
    """
    if not any(_place(row) == place for row in queries.of_workspace(database, workspace)):
        raise invalid(
            "model",
            f"the workspace has no price of its own for {place.provider}/{place.model} ({place.model_type})",
        )
    return _enter(database, place, "", workspace, valid_from, actor, "price.delete", {})


def history(database: Database, workspace: str, *, model: str = "") -> Sequence[PriceRow]:
    """Return all entries, the oldest first; those of one `provider/model` if it is named."""
    rows = queries.of_workspace(database, workspace)
    return [row for row in rows if not model or f"{row.provider}/{row.model}" == model]


def own_prices(database: Database, workspace: str, at: float) -> Sequence[PriceRow]:
    """Return the workspace's own prices that hold at a time, by model."""
    holding = entries_at(queries.of_workspace(database, workspace), at)
    return [holding[place] for place in sorted(holding) if holding[place].content]


def entries_at(rows: Iterable[PriceRow], at: float) -> dict[Place, PriceRow]:
    """Return which entry holds at a time, by model; its content is "" where what is declared holds."""
    ordered = sorted(rows, key=lambda row: (row.valid_from, row.number))
    return {_place(row): row for row in ordered if row.valid_from <= at}


def check_price(place: Place, config: PriceConfig) -> None:
    """Refuse what is no price, or of no model.

    Raises:
        InvokeBadRequestError: A value is none; the message names it.
    """
    _check_place(place)
    _check(config)


def _enter(
    database: Database,
    place: Place,
    content: str,
    workspace: str,
    valid_from: float,
    actor: str,
    action: str,
    detail: dict[str, str],
) -> PriceRow:
    _check_place(place)
    if not math.isfinite(valid_from) or valid_from < 0:
        raise invalid("valid_from", "the time from which it holds is seconds since 1970")
    with database.transaction():
        get_workspace(database, workspace)
        row = PriceRow(
            workspace=workspace,
            number=queries.last_number(database, workspace) + 1,
            provider=place.provider,
            model=place.model,
            model_type=place.model_type,
            valid_from=valid_from,
            content=content,
            created=time.time(),
            actor=actor,
        )
        try:
            queries.insert(database, row)
        except ConflictError:
            raise conflict("model", "somebody has entered a price at the same moment: try again") from None
        marks.raise_marks(database, marks.CREDENTIALS, workspace)
        target = f"{place.provider}/{place.model}"
        facts = {"number": row.number, "valid_from": valid_from, "type": place.model_type}
        audit.record(database, workspace, actor, action, target, facts | detail)
    return row


def _place(row: PriceRow) -> Place:
    return Place(row.provider, row.model, row.model_type)


def _check_place(place: Place) -> None:
    if not place.provider or not place.model:
        raise invalid("model", "name it as provider/model")
    if place.model_type not in list(ModelType):
        raise invalid("type", f"{place.model_type[:40]!r} is none of {', '.join(ModelType)}")


def _check(config: PriceConfig) -> None:
    """Refuse what would bill nonsense."""
    if not _CURRENCY.fullmatch(config.currency):
        raise invalid("currency", f"{config.currency[:40]!r} is none; write its three letters, such as USD")
    if not config.unit.is_finite() or config.unit <= 0:
        raise invalid("unit", "it must be above 0; prices per million have the unit 0.000001")
    for tier in config.tiers:
        if tier.above < 0:
            raise invalid("tiers", "a tier begins above 0 tokens or more")
    if len({tier.above for tier in config.tiers}) != len(config.tiers):
        raise invalid("tiers", "two begin at the same number of tokens")
    for source in (config, *config.tiers):
        for name in ("input", "output", "cached", "cache_write"):
            _check_amount(name, getattr(source, name), config.unit)


def _check_amount(name: str, amount: Decimal | None, unit: Decimal) -> None:
    if amount is None:
        return
    if not amount.is_finite() or not 0 <= amount <= _LARGEST:
        raise invalid(name, "an amount must be 0 or more")
    exponent = EXACT.normalize(EXACT.multiply(amount, unit)).as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _DIGITS:
        raise invalid(name, f"the price of one has more than {_DIGITS} digits after the point")

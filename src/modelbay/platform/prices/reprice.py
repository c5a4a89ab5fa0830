"""What recorded calls would cost by the prices that now hold for their time, and writing the difference."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from modelbay.entities import CallUsage, EmbeddingUsage, LLMUsage, Meter, ModelType, PriceConfig
from modelbay.platform.corrections import Correction, enter
from modelbay.platform.people.tokens import new_id
from modelbay.platform.prices.book import PROVIDER, Price, PriceBook
from modelbay.platform.prices.declared import Declared
from modelbay.platform.prices.entries import price_book
from modelbay.sdk.prices import exact_price
from modelbay.store import Database, audit, calls, spending
from modelbay.store import corrections as queries
from modelbay.store.exact import EXACT
from modelbay.store.selection import Selection

REASON: Final = "repriced"
_AT_ONCE: Final = 500
_WRITTEN_AT_ONCE: Final = 100  # calls for which those wait who move others into the ledger
_ZERO: Final = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Difference:
    """What the calls of one model and currency were recorded to cost, and what they would.

    Attributes:
        recorded: With what was repriced before.
        calls: How many calls would cost something else, or have a price for the first time.
        unknown: Calls that used something for which nobody knows a price now either.
    """

    model: str
    currency: str
    calls: int = 0
    recorded: Decimal = _ZERO
    repriced: Decimal = _ZERO
    unknown: int = 0

    @property
    def difference(self) -> Decimal:
        """What would be added."""
        return EXACT.normalize(EXACT.subtract(self.repriced, self.recorded))


@dataclass(slots=True, kw_only=True)
class Repricing:
    """All differences, by model and currency, and how many corrections they take."""

    rows: list[Difference] = field(default_factory=list)
    looked_at: int = 0
    corrections: int = 0

    def total(self) -> dict[str, Decimal]:
        """Return the differences by currency."""
        sums: dict[str, Decimal] = {}
        for row in self.rows:
            sums[row.currency] = EXACT.add(sums.get(row.currency, _ZERO), row.difference)
        return {currency: EXACT.normalize(amount) for currency, amount in sums.items()}


def reprice(
    database: Database, chosen: Selection, declared: Declared, *, actor: str, write: bool = False
) -> Repricing:
    """Return what chosen calls would cost by the prices that now hold for their time.

    What a person has corrected stays beside it; so does a price that the provider itself has told. A call
    whose price nobody knows now keeps what was recorded.

    Args:
        write: Add the differences as corrections. Doing so twice adds nothing the second time, nor does
            somebody else who does it at the same moment.
    """
    book = price_book(database, chosen.workspace)
    found: dict[tuple[str, str], Difference] = {}
    result = Repricing()
    for part in _parts(database, chosen, _WRITTEN_AT_ONCE if write else _AT_ONCE):
        result.looked_at += len(part)
        if write:
            with database.transaction(spending.FOLDING):
                entries = _entries(database, chosen.workspace, part, book, declared, actor, found)
                enter(database, chosen.workspace, entries, created=time.time())
        else:
            entries = _entries(database, chosen.workspace, part, book, declared, actor, found)
        result.corrections += len(entries)
    for each in found.values():
        each.recorded, each.repriced = EXACT.normalize(each.recorded), EXACT.normalize(each.repriced)
    result.rows = [found[place] for place in sorted(found)]
    if write and result.corrections:
        _note(database, chosen, actor, result)
    return result


def price_of(row: Mapping[str, Any], config: PriceConfig, *, own: bool = False) -> Decimal | None:
    """Return what a recorded call costs by some prices, to the last digit; None if they do not say."""
    price = exact_price(_used(row), config, own=own)
    return None if price is None else EXACT.normalize(price)


def _parts(database: Database, chosen: Selection, at_once: int) -> Iterator[list[dict[str, Any]]]:
    behind: tuple[float, str] | None = None
    while part := calls.page(database, chosen, behind, at_once):
        yield part
        behind = (part[-1]["at"], part[-1]["id"])


def _entries(
    database: Database,
    workspace: str,
    part: Sequence[Mapping[str, Any]],
    book: PriceBook,
    declared: Declared,
    actor: str,
    found: dict[tuple[str, str], Difference],
) -> list[tuple[Correction, Mapping[str, Any]]]:
    """Return the corrections that some calls need, and count them in."""
    earlier: dict[str, list[dict[str, Any]]] = {}
    for each in queries.of_calls(database, workspace, [row["id"] for row in part]):
        if each["price_version"]:  # what a person has corrected has nothing to do with prices
            earlier.setdefault(each["call"], []).append(each)
    entries: list[tuple[Correction, Mapping[str, Any]]] = []
    for row in part:
        if not _has_used(row) or row["price_version"] == PROVIDER:
            continue
        config = declared(row["provider"], row["model"], row["model_type"])
        price = book.of(row["provider"], row["model"], row["model_type"], config, row["at"])
        entries += [(entry, row) for entry in _of_call(row, earlier.get(row["id"], ()), price, actor, found)]
    return entries


def _of_call(
    row: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    price: Price,
    actor: str,
    found: dict[tuple[str, str], Difference],
) -> Iterator[Correction]:
    recorded = _recorded(row, earlier)
    after = None if price.config is None else price_of(row, price.config, own=price.is_own)
    name = f"{row['provider']}/{row['model']}"
    if price.config is None or after is None:
        currency = row["currency"]
        place = found.setdefault((name, currency), Difference(model=name, currency=currency))
        place.unknown += not recorded
        return
    target = {price.config.currency: after}
    is_first = not recorded
    changes = False
    for currency in sorted(recorded.keys() | target.keys()):
        before, now = recorded.get(currency, _ZERO), target.get(currency, _ZERO)
        place = found.setdefault((name, currency), Difference(model=name, currency=currency))
        place.recorded, place.repriced = EXACT.add(place.recorded, before), EXACT.add(place.repriced, now)
        gives_price = is_first and currency in target
        if before == now and not gives_price:
            continue
        place.calls += not changes
        changes = True
        yield Correction(
            id=new_id("cor"),
            call=row["id"],
            at=row["at"],
            amount=EXACT.normalize(EXACT.subtract(now, before)),
            currency=currency,
            reason=REASON,
            actor=actor,
            unpriced=-1 if gives_price else 0,
            unit_prices=price.text(row["prompt_tokens"]),
            price_version=price.version,
        )


def _recorded(row: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Return what a call costs by now, by currency; nothing if nobody has known a price yet."""
    sums = {} if row["price"] is None else {str(row["currency"]): Decimal(row["price"])}
    for each in earlier:
        sums[each["currency"]] = EXACT.add(sums.get(each["currency"], _ZERO), Decimal(each["price"]))
    return sums


def _has_used(row: Mapping[str, Any]) -> bool:
    used = row["prompt_tokens"] + row["completion_tokens"] > 0 or row["quantity"] is not None
    return bool(row["model"]) and used


def _used(row: Mapping[str, Any]) -> LLMUsage | EmbeddingUsage | CallUsage:
    """Return a recorded call as a usage without prices."""
    if row["quantity"] is not None:
        return CallUsage(quantity=Decimal(row["quantity"]), meter=Meter(row["meter"]))
    tokens = row["prompt_tokens"]
    nothing: dict[str, Any] = {"total_price": None, "currency": "USD", "latency": 0.0}
    if row["model_type"] == ModelType.TEXT_EMBEDDING.value:
        return EmbeddingUsage(
            tokens=tokens, total_tokens=tokens, unit_price=None, price_unit=_ZERO, **nothing
        )
    return LLMUsage(
        prompt_tokens=tokens,
        completion_tokens=row["completion_tokens"],
        cached_tokens=row["cached_tokens"],
        cache_write_tokens=row["cache_write_tokens"],
        total_tokens=tokens + row["completion_tokens"],
        prompt_unit_price=None,
        prompt_price_unit=_ZERO,
        prompt_price=None,
        completion_unit_price=None,
        completion_price_unit=_ZERO,
        completion_price=None,
        **nothing,
    )


def _note(database: Database, chosen: Selection, actor: str, result: Repricing) -> None:
    total = {currency: f"{amount:f}" for currency, amount in result.total().items()}
    detail = {"since": chosen.since, "until": chosen.until, "corrections": result.corrections, "total": total}
    with database.transaction():
        audit.record(
            database, chosen.workspace, actor, "usage.reprice", chosen.model or chosen.workspace, detail
        )

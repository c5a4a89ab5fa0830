"""The part of a plan about a workspace's own prices. Entries are only added, and only where another holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from datetime import time as time_of_day
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import orjson

from modelbay.entities import PriceConfig
from modelbay.errors import ModelbayError
from modelbay.platform.apply.file import PricePart, WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.people.refusals import invalid
from modelbay.platform.prices.book import Place, as_json
from modelbay.platform.prices.entries import check_price, entries_at, set_price
from modelbay.store import prices as queries
from modelbay.store.prices import PriceRow

_DAY: Final = 86_400
_AMOUNTS: Final = ("input", "output", "cached", "cache_write", "unit")


class _Wanted(NamedTuple):
    """A price that is to hold at a time; `is_dated` is False where that is now."""

    at: float
    place: Place
    config: PriceConfig
    is_dated: bool


def prices(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield which prices are to be entered, the earliest first. What was entered once is never taken away."""
    rows = [] if sight.is_new else list(queries.of_workspace(sight.database, sight.id))
    for each in sorted(_read(sight, wanted), key=lambda each: each.at):
        held = entries_at(rows, each.at).get(each.place)
        before, after = _said(held), _plain(as_json(each.config))
        if before != after:
            row = _entered(sight, each, held, len(rows) + 1)
            rows.append(row)  # those of later days are compared with what will then hold
            yield _set(sight, each, row.valid_from, before, after)


def _read(sight: Sight, wanted: WorkspacePart) -> list[_Wanted]:
    now, seen = time.time(), set[tuple[Place, object]]()
    found = []
    for number, part in enumerate(wanted.prices):
        try:
            place, config = _place(sight, part), _config(part)
            check_price(place, config)
            at = now if part.since is None else _start(part)
            if (place, part.since) in seen:
                raise invalid("model", f"{part.model} has two prices from the same day")
        except ModelbayError as error:
            sight.complain(f"prices[{number}]", error)
            continue
        seen.add((place, part.since))
        found.append(_Wanted(at, place, config, part.since is not None))
    return found


def _place(sight: Sight, part: PricePart) -> Place:
    provider, _, model = part.model.partition("/")
    if part.type is not None:
        sight.catalog.provider(provider)
        return Place(provider, model, part.type.value)
    kinds = sorted({row.type for row in sight.catalog.find_model(model) if row.provider == provider})
    if len(kinds) != 1:
        why = f"it is {' and '.join(kinds)}" if kinds else f"no plugin declares {part.model[:80]!r}"
        raise invalid("type", f"{why}: name the type, such as {kinds[0] if kinds else 'llm'}")
    return Place(provider, model, kinds[0])


def _config(part: PricePart) -> PriceConfig:
    tiers = [{"above": tier.above, **_exact(tier)} for tier in part.tiers]
    given: dict[str, Any] = {**_exact(part), "tiers": tiers, "meter": part.meter}
    return PriceConfig(**given, currency=part.currency)


def _exact(part: Any) -> dict[str, Decimal]:
    texts = {name: text for name in _AMOUNTS if (text := getattr(part, name, None)) is not None}
    found = {}
    for name, text in texts.items():
        try:
            found[name] = Decimal(text)
        except InvalidOperation:
            raise invalid(name, f"{text[:40]!r} is no amount") from None
    return found


def _start(part: PricePart) -> float:
    assert part.since is not None
    start = datetime.combine(part.since, time_of_day(), UTC).timestamp()
    if start < 0:
        raise invalid("from", "a day since 1970")
    return start


def _entered(sight: Sight, each: _Wanted, held: PriceRow | None, number: int) -> PriceRow:
    """Return an entry as it will be. One for now begins today, and not before what it takes the place of."""
    today = each.at // _DAY * _DAY
    start = each.at if each.is_dated else max(today, held.valid_from if held else 0)
    return PriceRow(
        workspace=sight.id,
        number=number,
        **each.place._asdict(),
        valid_from=start,
        content=as_json(each.config),
        created=each.at,
        actor="",
    )


def _said(row: PriceRow | None) -> dict[str, str]:
    if row is None or not row.content:
        return {}
    return _plain(as_json(PriceConfig.model_validate_json(row.content)))


def _plain(content: str) -> dict[str, str]:
    """Return what a price says, as text by field; where it was read is no difference."""
    fields: dict[str, Any] = orjson.loads(content)
    texts = {name: value for name, value in fields.items() if name not in ("source", "as_of")}
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in texts.items()
    }


def _set(sight: Sight, each: _Wanted, start: float, before: dict[str, str], after: dict[str, str]) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            set_price, each.place, each.config, workspace=workspace, valid_from=start, actor=hands.actor
        )

    day = datetime.fromtimestamp(start, UTC).date().isoformat()
    facts = {
        name: (before.get(name, ""), after.get(name, ""))
        for name in {**after, **before}
        if before.get(name) != after.get(name)
    }
    what = f"price of {each.place.provider}/{each.place.model} ({each.place.model_type}) from {day}"
    return Change(sight.name, "change" if before else "create", what, facts, make)

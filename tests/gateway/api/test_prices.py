"""Prices and corrections over the API: entered and never removed; what they change is shown, then written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import Person, Site

from modelbay.platform.people.permissions import Role

HOME = "/api/workspaces/default"
PRICES = f"{HOME}/prices"
MINI: dict[str, Any] = {"provider": "openai", "model": "gpt-4.1-mini", "type": "llm"}
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
async def site(tmp_path: Path, installation: str) -> AsyncIterator[Site]:
    """A gateway in front of one provider."""
    async with running(tmp_path, "openai") as started:
        yield started


async def ask(site: Site) -> str:
    """Make a call; return its id."""
    body = {"model": "openai/gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
    answer = await site.key().call("POST", "/v1/chat/completions", body)
    assert answer.status == 200, answer.body
    await site.entered()
    return answer.headers["x-request-id"]


async def spent(person: Person) -> Decimal:
    """Return what all calls came to."""
    [row] = (await person.get(f"{HOME}/usage")).json["items"]
    return Decimal(row["prices"]["USD"])


async def mini(person: Person) -> Any:
    """Return the price that holds for the model."""
    items = (await person.get(f"{PRICES}?provider=openai&limit=200")).json["items"]
    [found] = [each for each in items if (each["model"], each["type"]) == ("gpt-4.1-mini", "llm")]
    return found


async def test_an_own_price_holds_until_it_is_withdrawn_and_nothing_is_removed(site: Site) -> None:
    """Whoever looks at a bill of last year has to find its prices."""
    owner = site.person(Role.OWNER)
    declared = await mini(owner)
    tier = {"above": 1000, "input": "5"}
    made = await owner.post(PRICES, {**MINI, "input": "3", "tiers": [tier], "valid_from": LONG_AGO})
    own = await mini(owner)
    only = await owner.get(f"{PRICES}?own=true")
    before = await owner.get(f"{PRICES}?own=true&at=2019-01-01T00:00:00Z")
    gone = await owner.post(f"{PRICES}/withdraw", MINI)
    again = await mini(owner)
    told = await owner.get(f"{PRICES}/history?model=openai%2Fgpt-4.1-mini")

    assert (declared["own"], declared["version"].partition(":")[0]) == (False, "declared")
    assert (made.status, made.json["version"], made.json["valid_from"]) == (201, "workspace:1", LONG_AGO)
    assert (own["own"], own["price"]["input"], own["price"]["tiers"][0]["input"]) == (True, "3", "5")
    assert (only.json["items"], before.json["items"]) == ([own], [])
    assert (gone.status, gone.json["price"], again) == (201, None, declared)
    assert told.json["items"] == [made.json, gone.json]
    written = [(row.actor, row.action) for row in site.audited() if row.action.startswith("price.")]
    assert written == [(owner.id, "price.set"), (owner.id, "price.delete")]


async def test_what_prices_change_is_shown_before_it_is_written_once(site: Site) -> None:
    """Nobody should learn from a bill what a mistyped price did to it."""
    owner = site.person(Role.OWNER)
    await ask(site)
    recorded = await spent(owner)
    await owner.post(PRICES, {**MINI, "input": "300", "output": "300", "valid_from": LONG_AGO})
    shown = await owner.get(f"{PRICES}/repricing?since={LONG_AGO}")
    same = await spent(owner)
    which = {"since": LONG_AGO, "model": "openai/gpt-4.1-mini"}
    written = await owner.post(f"{PRICES}/repricing", which)
    second = await owner.post(f"{PRICES}/repricing", which)

    [row] = shown.json["items"]
    assert (row["model"], row["calls"], Decimal(row["recorded"])) == ("openai/gpt-4.1-mini", 1, recorded)
    assert (same, shown.json["corrections"]) == (recorded, 1)
    assert written.json["total"] == shown.json["total"] == {"USD": row["difference"]}
    assert (second.json["corrections"], second.json["looked_at"]) == (0, 1)
    assert await spent(owner) == Decimal(row["repriced"]) > recorded


async def test_an_amount_is_added_to_a_call_and_counts_in_every_total(site: Site) -> None:
    """A refund belongs to the call and the day that it is for."""
    owner, call = site.person(Role.OWNER), await ask(site)
    recorded = await spent(owner)
    place = f"{HOME}/corrections"
    made = await owner.post(place, {"call": call, "amount": "1.25", "reason": "counted twice"})
    free = await owner.post(place, {"amount": "-0.5", "currency": "EUR", "reason": "a voucher"})
    first = await owner.get(f"{place}?limit=1")
    second = await owner.get(f"{place}?limit=1&cursor={first.json['next']}")

    assert (made.status, made.json["call"], made.json["amount"]) == (201, call, "1.25")
    assert (made.json["currency"], free.json["call"], free.json["currency"]) == ("USD", None, "EUR")
    assert [*first.json["items"], *second.json["items"]] == [made.json, free.json]
    assert second.json["next"] is None
    totals = (await owner.get(f"{HOME}/usage")).json["items"]
    assert sum(Decimal(each["prices"].get("USD", "0")) for each in totals) == recorded + Decimal("1.25")
    written = [row.actor for row in site.audited() if row.action == "usage.correct"]
    assert written == [owner.id, owner.id]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("prices", {**MINI, "input": "-1"}, "input"),
        ("prices", {**MINI, "input": "1", "unit": "0"}, "unit"),
        ("prices", {**MINI, "input": "1", "valid_from": "1960-01-01T00:00:00Z"}, "valid_from"),
        ("prices", {**MINI, "input": "1", "tiers": [{"above": 5, "input": "1"}] * 2}, "tiers"),
        ("prices/withdraw", MINI, "model"),
        ("prices/repricing", {}, "since"),
        ("corrections", {"amount": "0", "reason": "nothing"}, "amount"),
        ("corrections", {"amount": "1", "reason": " "}, "reason"),
        ("corrections", {"call": "none", "amount": "1", "reason": "x"}, "call"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_entered(
    site: Site, path: str, body: object, field: str
) -> None:
    """What is entered about money stays for good."""
    owner = site.person(Role.OWNER)
    told = await owner.post(f"{HOME}/{path}", body)

    assert told.status in (404, 422)
    assert [each["field"] for each in told.json["errors"]] == [field]
    for place in ("prices/history", "corrections"):
        assert (await owner.get(f"{HOME}/{place}")).json["items"] == []

"""What calls cost: by declared prices or a workspace's own, with the version in the record."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.gateway.behind import STREAMED
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.installation import Installation
from tests.gateway.speakers import CHAT, EVERY
from tests.gateway.test_records import OTHERS
from tests.platform.prices.priced import DAY, price

from modelbay.entities import PriceConfig
from modelbay.platform.prices.book import Place
from modelbay.platform.prices.declared import declared_prices
from modelbay.platform.prices.entries import set_price
from modelbay.platform.prices.reprice import reprice
from modelbay.store.selection import Selection

pytestmark = EVERYWHERE
MINI = Place("openai", "gpt-4.1-mini", "llm")
LANES = pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])


async def enter(served: Installation, place: Place, config: PriceConfig, *, valid_from: float = DAY) -> None:
    """Enter a price of the workspace's, and have the gateway look."""
    with served.database() as database:
        set_price(database, place, config, valid_from=valid_from, actor="cli")
    await served.look()


async def ask(served: Installation, *, stream: bool = False, client: str = "") -> dict[str, Any]:
    """Make a call; return its record."""
    served.upstreams["openai"].will_stream("4", "2", usage={"in": 1000, "out": 100, "cached": 600})
    known = {record["id"] for record in await served.records()}
    speaker = EVERY[client] if client else CHAT
    answer = await served.post(speaker.path, speaker.ask("gpt-4.1-mini", "6 × 7?", stream=stream))
    assert answer.status == 200
    [record] = [each for each in await served.records() if each["id"] not in known]
    return record


@STREAMED
@pytest.mark.parametrize("client", EVERY)
@LANES
async def test_a_workspaces_own_price_holds_whichever_way_a_call_goes(
    serve: Serve, lanes: bool, client: str, stream: bool
) -> None:
    """From the next look on, without a word to the provider; the version says which it was."""
    served = await serve("openai", lanes=lanes)
    before = await ask(served, stream=stream, client=client)
    await enter(served, MINI, price(input="2", output="8", cached="1", currency="CNY"))
    after = await ask(served, stream=stream, client=client)

    assert before["price_version"].startswith("declared:")
    assert json.loads(before["unit_prices"]) == {
        "input": "0.4", "output": "1.6", "cached": "0.1", "cache_write": "0.4",
        "unit": "0.000001", "currency": "USD", "meter": "token",
    }  # fmt: skip
    assert (after["price_version"], after["currency"]) == ("workspace:1", "CNY")
    assert Decimal(after["price"]) == Decimal(400 * 2 + 600 + 100 * 8) / 1_000_000
    assert json.loads(after["unit_prices"])["cached"] == "1"


@LANES
async def test_a_price_holds_from_its_day_on(serve: Serve, lanes: bool) -> None:
    """Next month's price is entered today."""
    served = await serve("openai", lanes=lanes)
    await enter(served, MINI, price(input="2"), valid_from=1e11)

    assert (await ask(served))["price_version"].startswith("declared:")


@pytest.mark.parametrize("what", OTHERS)
async def test_what_was_recorded_is_what_the_prices_say(serve: Serve, what: str) -> None:
    """Reckoning a record again gives what the gateway has told, for every kind of model."""
    provider, path, body, _ = OTHERS[what]
    served = await serve(provider)
    assert (await served.post(path, body)).status == 200
    [record] = await served.records()

    with served.database() as database:
        declared = declared_prices(served.catalog)
        result = reprice(database, Selection(workspace="default"), declared, actor="cli")

    assert result.corrections == 0
    assert bool(record["price_version"]) == bool(record["unit_prices"]) == (record["price"] is not None)


async def test_a_price_per_search_can_be_ones_own(serve: Serve) -> None:
    """Not every price is per token; one by another meter leaves the price unknown, which is said."""
    provider, path, body, _ = OTHERS["rerank"]
    served = await serve(provider)
    place = Place("cohere", "rerank-v3.5", "rerank")
    for config in (price(input="7", unit="0.001", meter="search"), price(input="1")):
        await enter(served, place, config)
        assert (await served.post(path, body)).status == 200

    first, second = sorted(await served.records(), key=lambda record: record["at"])
    assert (Decimal(first["price"]), first["price_version"]) == (Decimal("0.007"), "workspace:1")
    assert (second["price"], second["price_version"], second["unit_prices"]) == (None, "", "")

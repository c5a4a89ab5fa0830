"""Reckoning recorded calls anew: shown first, written as corrections, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.calls import a_call
from tests.platform.prices.priced import ALL, DAY, LARGE, amounts, never_declared, price, spent, written

from modelbay.platform.corrections import correct
from modelbay.platform.prices.book import PROVIDER
from modelbay.platform.prices.entries import delete_price, set_price
from modelbay.platform.prices.reprice import reprice
from modelbay.platform.usage import totals_of
from modelbay.sdk.prices import rates_for
from modelbay.store import Database, audit
from modelbay.store.selection import Selection

pytestmark = pytest.mark.usefixtures("backend")
TOKENS = {"prompt_tokens": 1000, "completion_tokens": 100}


def test_the_difference_is_shown_before_it_is_written(tmp_path: Path) -> None:
    """Then written once, however often it is asked for, and what was recorded stays."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("one", price=Decimal("0.004"), at=DAY, **TOKENS))
        set_price(database, LARGE, price(), valid_from=0, actor="cli")

        shown = reprice(database, ALL, never_declared, actor="cli")
        assert [(row.model, row.calls, row.recorded, row.repriced, row.difference) for row in shown.rows] == [
            ("acme/large", 1, Decimal("0.004"), Decimal("0.0045"), Decimal("0.0005"))
        ]
        assert shown.total() == {"USD": Decimal("0.0005")}
        assert amounts(database) == []

        assert reprice(database, ALL, never_declared, actor="cli", write=True).corrections == 1
        assert reprice(database, ALL, never_declared, actor="cli", write=True).corrections == 0
        assert amounts(database) == [("0.0005", "USD")]
        assert database.rows("SELECT price FROM calls") == [("0.004",)]
        assert database.rows("SELECT price_version, reason, actor FROM corrections") == [
            ("workspace:1", "repriced", "cli")
        ]
        assert spent(database) == {"USD": Decimal("0.0045")}
        assert [row.action for row in audit.listed(database, "default")].count("usage.reprice") == 1


def test_a_price_that_is_withdrawn_is_taken_back(tmp_path: Path) -> None:
    """From one price to another and back again leaves three entries, and the amount that holds."""
    declared = price(input="1", output="5")
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("one", price=Decimal("0.0015"), at=DAY, **TOKENS))
        set_price(database, LARGE, price(), valid_from=0, actor="cli")
        reprice(database, ALL, lambda *_: declared, actor="cli", write=True)
        delete_price(database, LARGE, valid_from=0, actor="cli")
        reprice(database, ALL, lambda *_: declared, actor="cli", write=True)
        assert spent(database) == {"USD": Decimal("0.0015")}
        set_price(database, LARGE, price(), valid_from=0, actor="cli")
        reprice(database, ALL, lambda *_: declared, actor="cli", write=True)

        assert amounts(database) == [("0.003", "USD"), ("-0.003", "USD"), ("0.003", "USD")]
        assert spent(database) == {"USD": Decimal("0.0045")}


def test_a_call_gets_its_first_price(tmp_path: Path) -> None:
    """It is no longer one whose price nobody knows, also if it was free."""
    with Database.open(tmp_path) as database:
        written(
            database,
            tmp_path,
            a_call("one", price=None, **TOKENS),
            a_call("two", price=None, model="free", **TOKENS),
            a_call("three", price=None, model="strange", **TOKENS),
            a_call("four", price=None, status=400, model="large"),
        )
        free = price(input="0", output="0")
        prices = {"large": price(), "free": free}
        result = reprice(database, ALL, lambda _, model, __: prices.get(model), actor="cli", write=True)

        assert result.corrections == 2
        rows = totals_of(database, ALL, ("model",))
        assert {name: (row.unpriced, row.prices) for (name,), row in rows.items()} == {
            "acme/large": (0, {"USD": Decimal("0.0045")}),
            "acme/free": (0, {"USD": Decimal(0)}),
            "acme/strange": (1, {}),
        }
        assert [(row.model, row.unknown) for row in result.rows if row.unknown] == [("acme/strange", 1)]
        again = reprice(database, ALL, lambda _, model, __: prices.get(model), actor="cli", write=True)
        assert again.corrections == 0


def test_another_currency_takes_the_first_one_back(tmp_path: Path) -> None:
    """Currencies are never mixed: two entries, one in each."""
    with Database.open(tmp_path) as database:
        written(database, tmp_path, a_call("one", price=Decimal("0.004"), **TOKENS))
        set_price(database, LARGE, price(currency="CNY"), valid_from=0, actor="cli")
        result = reprice(database, ALL, never_declared, actor="cli", write=True)

        assert result.total() == {"CNY": Decimal("0.0045"), "USD": Decimal("-0.004")}
        assert {currency: amount for currency, amount in spent(database).items() if amount} == {
            "CNY": Decimal("0.0045")
        }


def test_what_a_person_or_the_provider_has_said_stays(tmp_path: Path) -> None:
    """A refund is no part of the price, and a provider knows best what it has charged."""
    with Database.open(tmp_path) as database:
        told = {"price": Decimal("0.7"), "price_version": PROVIDER}
        written(
            database,
            tmp_path,
            a_call("one", price=Decimal("0.0045"), **TOKENS),
            a_call("two", **told, **TOKENS),
        )
        correct(database, "one", Decimal("-0.001"), reason="slow", actor="cli")
        set_price(database, LARGE, price(), valid_from=0, actor="cli")

        assert reprice(database, ALL, never_declared, actor="cli", write=True).corrections == 0
        assert spent(database) == {"USD": Decimal("0.7035")}


def test_each_call_is_reckoned_by_the_price_of_its_day(tmp_path: Path) -> None:
    """Only in the time, and of the model, that was asked for."""
    with Database.open(tmp_path) as database:
        calls = [a_call(f"day {day}", at=day * DAY, price=Decimal(0), **TOKENS) for day in range(4)]
        small = a_call("small", model="small", price=Decimal(0), **TOKENS)
        written(database, tmp_path, *calls, small)
        set_price(database, LARGE, price(), valid_from=DAY, actor="cli")
        set_price(database, LARGE, price(input="6", output="30"), valid_from=2 * DAY, actor="cli")
        chosen = Selection(workspace="default", until=3 * DAY, model="acme/large")
        reprice(database, chosen, lambda *_: price(input="0", output="0"), actor="cli", write=True)

        days = {day: row.prices["USD"] for (day,), row in totals_of(database, chosen, ("day",)).items()}
        assert days == {
            "1970-01-01": Decimal(0),
            "1970-01-02": Decimal("0.0045"),
            "1970-01-03": Decimal("0.009"),
        }


def test_those_who_reprice_at_the_same_moment_add_it_once(tmp_path: Path) -> None:
    """Two administrators, or one who presses twice."""
    with Database.open(tmp_path) as database:
        calls = [a_call(f"{number:04}", price=Decimal(0), **TOKENS) for number in range(1200)]
        written(database, tmp_path, *calls)
        set_price(database, LARGE, price(), valid_from=0, actor="cli")

        def all_of_it(_: int) -> int:
            with Database.open(tmp_path) as own:
                return reprice(own, ALL, never_declared, actor="cli", write=True).corrections

        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(all_of_it, range(3)))

        assert sum(done) == 1200
        assert spent(database) == {"USD": Decimal("5.4")}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3000),
            st.integers(0, 50),
            st.integers(0, 500),
            st.decimals(0, 9, places=9) | st.none(),
        ),
        max_size=8,
    )
)
def test_after_repricing_everything_costs_what_the_prices_say(
    tmp_path: Path, calls: list[tuple[int, int, int, Decimal | None]]
) -> None:
    """Whatever was recorded before, to the last digit, tiers and cached tokens included."""
    config = price(cached="0.3", tiers=[{"above": 1000, "input": "6", "output": "30", "cached": "0.6"}])
    with Database.open(tmp_path) as database:
        database.change("DELETE FROM calls")
        database.change("DELETE FROM corrections")
        records = [
            a_call(
                str(number),
                price=recorded,
                prompt_tokens=prompt + cached,
                cached_tokens=cached,
                completion_tokens=completion,
            )
            for number, (prompt, cached, completion, recorded) in enumerate(calls)
            if prompt + cached + completion
        ]
        written(database, tmp_path, *records)
        reprice(database, ALL, lambda *_: config, actor="cli", write=True)

        expected = Decimal(0)
        for record in records:
            rates = rates_for(config, record.prompt_tokens)
            assert rates.input is not None
            assert rates.cached is not None
            assert rates.output is not None
            plain = (record.prompt_tokens - record.cached_tokens) * rates.input
            expected += plain + record.cached_tokens * rates.cached + record.completion_tokens * rates.output
        assert spent(database).get("USD", Decimal(0)) == expected / 1_000_000

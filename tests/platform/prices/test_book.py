"""Which price holds when: a pure function of what is declared and what was entered."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.prices.priced import DAY, LARGE, price

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials.resolve import CredentialSources
from modelbay.platform.people.workspaces import create_workspace
from modelbay.platform.prices.book import PriceBook, as_json, declared_price
from modelbay.platform.prices.entries import delete_price, history, own_prices, price_book, set_price
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.store import Database, audit
from modelbay.store.prices import PriceRow


def entry(number: int, valid_from: float, amount: str) -> PriceRow:
    """Return an entry; the amount "" lets the declared price hold again."""
    content = as_json(price(input=amount)) if amount else ""
    return PriceRow(
        workspace="default",
        number=number,
        valid_from=valid_from,
        content=content,
        created=0.0,
        actor="cli",
        **LARGE._asdict(),
    )


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["", "1", "2", "3"])), max_size=8),
    st.integers(-1, 7),
)
def test_the_last_entry_before_a_moment_holds(made: list[tuple[int, str]], at: int) -> None:
    """Of entries for the same moment the one that was made last: so a mistake can be entered anew."""
    book = PriceBook([entry(number, start, amount) for number, (start, amount) in enumerate(made, start=1)])
    declared = price(input="9")
    holding = max(
        ((start, number) for number, (start, _) in enumerate(made, start=1) if start <= at), default=None
    )
    amount = made[holding[1] - 1][1] if holding else ""

    found = book.of(*LARGE, declared, at)

    assert found.config is not None
    assert found.config.input == Decimal(amount or "9")
    assert found.version == (
        f"workspace:{holding[1]}" if holding and amount else declared_price(declared).version
    )


def test_a_version_depends_on_what_a_price_says_alone() -> None:
    """Not on where it was read, nor on noughts behind the point: else each release made new versions."""
    one = declared_price(price())
    same = declared_price(price(input="3.00", source="https://acme.example/pricing", as_of="2026-01-01"))
    others = [
        price(input="3.01"),
        price(currency="CNY"),
        price(cached="1"),
        price(tiers=[{"above": 1, "input": "4"}]),
    ]

    assert one.version == same.version
    assert one.version.startswith("declared:")
    assert len({declared_price(other).version for other in others} | {one.version}) == 5


def test_the_prices_that_were_applied_are_those_of_the_prompts_tier() -> None:
    """The record says by what it was reckoned, not all that might have been."""
    tiers = [{"above": 500, "input": "8", "output": "40"}, {"above": 100, "input": "6", "output": "30"}]
    found = declared_price(price(cached="0.3", tiers=tiers))

    assert [json.loads(found.text(tokens))["input"] for tokens in (0, 100, 101, 500, 501)] == [
        "3",
        "3",
        "6",
        "6",
        "8",
    ]
    assert json.loads(found.text(7)) == {
        "input": "3", "output": "15", "cached": "0.3", "cache_write": "3",
        "unit": "0.000001", "currency": "USD", "meter": "token",
    }  # fmt: skip


def test_nobody_knows_a_price_that_is_neither_declared_nor_entered() -> None:
    """Unknown is not free."""
    assert PriceBook().of(*LARGE, None, 5.0) == (None, "", (), False)
    assert PriceBook().of(*LARGE, None, 5.0).text(9) == ""


@pytest.mark.usefixtures("backend")
def test_entries_are_added_and_never_changed(tmp_path: Path) -> None:
    """What was billed last month can be explained next year."""
    with Database.open(tmp_path) as database:
        set_price(database, LARGE, price(input="1"), valid_from=2 * DAY, actor="cli")
        set_price(database, LARGE, price(input="2"), valid_from=2 * DAY, actor="ann")
        delete_price(database, LARGE, valid_from=4 * DAY, actor="ann")

        rows = history(database, "default")
        assert [(row.number, row.valid_from, bool(row.content), row.actor) for row in rows] == [
            (1, 2 * DAY, True, "cli"),
            (2, 2 * DAY, True, "ann"),
            (3, 4 * DAY, False, "ann"),
        ]
        assert [row.number for row in own_prices(database, "default", 3 * DAY)] == [2]
        assert own_prices(database, "default", 5 * DAY) == []
        assert history(database, "default", model="acme/small") == []
        book = price_book(database, "default")
        versions = [book.of(*LARGE, None, day * DAY).version for day in (1, 2, 3, 4)]
        assert versions == ["", "workspace:2", "workspace:2", ""]
        told = [(row.action, row.target, row.detail["number"]) for row in audit.listed(database, "default")]
        assert sorted(told) == [
            ("price.delete", "acme/large", 3),
            ("price.set", "acme/large", 1),
            ("price.set", "acme/large", 2),
        ]


@pytest.mark.usefixtures("backend")
def test_prices_are_a_workspaces_own(tmp_path: Path) -> None:
    """One team's discount is no other's."""
    with Database.open(tmp_path) as database:
        other = create_workspace(database, "Other", actor="cli").id
        set_price(database, LARGE, price(), valid_from=0, actor="cli", workspace=other)

        assert history(database, "default") == []
        assert price_book(database, "default").of(*LARGE, None, 1.0).config is None
        with pytest.raises(InvokeBadRequestError, match=r"^model: the workspace has no price of its own"):
            delete_price(database, LARGE, valid_from=0, actor="cli")
        with pytest.raises(InvokeBadRequestError, match="there is no workspace 'ws_none'"):
            set_price(database, LARGE, price(), valid_from=0, actor="cli", workspace="ws_none")


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"input": "-1"}, "input"),
        ({"output": "-0.01"}, "output"),
        ({"cached": "1e13"}, "cached"),
        ({"unit": "0"}, "unit"),
        ({"input": "0.0000000000001"}, "input"),
        ({"currency": "dollars"}, "currency"),
        ({"tiers": [{"above": 5, "input": "1"}, {"above": 5, "input": "2"}]}, "tiers"),
        ({"tiers": [{"above": 5, "input": "-2"}]}, "input"),
    ],
)
def test_a_price_that_would_bill_nonsense_is_refused(
    tmp_path: Path, facts: dict[str, object], field: str
) -> None:
    """And nothing is entered."""
    with Database.open(tmp_path) as database:
        with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
            set_price(database, LARGE, price(**facts), valid_from=0, actor="cli")
        assert history(database, "default") == []
        assert audit.listed(database, "default") == []


@pytest.mark.usefixtures("backend")
async def test_a_gateway_sees_a_new_price_with_its_next_look(tmp_path: Path) -> None:
    """Whoever entered it; and between two looks nobody is asked."""
    database = BackgroundDatabase(tmp_path)
    sources = CredentialSources(database, Vault(MasterKeys(tmp_path)), interval=3600.0)
    source = await sources.of("default")
    assert source.snapshot.prices.of(*LARGE, None, DAY).config is None
    with Database.open(tmp_path) as other:
        set_price(other, LARGE, price(), valid_from=0, actor="cli")

    await sources.look()

    assert source.snapshot.prices.of(*LARGE, None, DAY).version == "workspace:1"
    await sources.close()
    await database.close()

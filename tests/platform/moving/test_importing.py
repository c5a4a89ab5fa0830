"""What an import does where something is there already, or cannot be made here."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.platform.calls import a_call
from tests.platform.moving.full import PASSPHRASE, everything, exported, fill, imported, keep, workspace_named
from tests.platform.prices.priced import written

from modelbay.errors import InvokeBadRequestError
from modelbay.platform import (
    Limits,
    Scope,
    change_budget,
    create_budget,
    create_key,
    delete_price,
    list_budgets,
    list_price_entries,
    list_rates,
    set_rate,
    set_retention,
)
from modelbay.platform.limits.budgets import BudgetLimit
from modelbay.platform.limits.holding import Ask, Hold, begin_counting
from modelbay.platform.moving.moved import Imported
from modelbay.platform.prices.book import Place
from modelbay.platform.vault import Vault
from modelbay.platform.vault.passphrase import encrypt
from modelbay.store import Database, balances, credentials, marks
from modelbay.store.balances import BalanceEntryRow, BalanceRow

MODEL = {"provider": "acme", "model": "a", "model_type": "llm"}
BUDGET = {
    "id": "budget_1",
    "scope": "workspace",
    "target": "",
    "amount": "5",
    "currency": "USD",
    "period": "month",
    "action": "refuse",
    "unpriced": None,
    "created": 1.0,
}
RATE = {"scope": "workspace", "scope_id": "", "requests": 5, "tokens": None, "parallel": None, "created": 1.0}
ROUTE = {"name": "fast", "model_type": "llm", "strategy": "ordered", "created": 1.0}
STEP = {"provider": "acme", "model": "a", "weight": 1, "timeout": None, "goes_on": ()}
PRICE = {**MODEL, "number": 1, "valid_from": 1.0, "content": "", "created": 1.0, "actor": "cli"}
SHARE = {"name": "x", "weight": 1, "enabled": True}
CREDENTIALS = {"provider": "acme", "model": "", "model_type": "", "name": "main", "plain": {}}


def file_of(*, version: int = 2, **content: Any) -> bytes:
    """Return a file as somebody may make one who knows the passphrase."""
    return encrypt({"workspace": "w", "made": 1.0, "records": [], **content}, PASSPHRASE, version=version)


def said(done: Imported) -> list[tuple[str, str, str]]:
    """Return what became of each thing that was not simply made."""
    return [(each.what, each.name, each.why) for each in done.things if each.why]


def test_what_is_there_stays_and_is_named(database: Database, vault: Vault) -> None:
    """An import must not undo what people have set here since."""
    fill(database, vault, "default")
    file = exported(database, vault, "default")
    [monthly, *_] = list_budgets(database, "default")
    change_budget(database, "default", monthly.row.id, amount="99", actor="cli")
    set_rate(database, "default", Scope.WORKSPACE, "", Limits(requests=1), actor="cli")
    before = everything(database, vault, "default")
    done = imported(database, vault, "default", file)

    assert {each.state for each in done.things} == {"there"}
    assert ("budget", "workspace month USD", "there is one already") in said(done)
    assert ("rate", "workspace", "there is one already") in said(done)
    assert not [each for each in said(done) if each[0] in ("route", "balance", "price")]
    assert everything(database, vault, "default") == before


def test_what_is_there_is_replaced_if_that_is_wanted(database: Database, vault: Vault) -> None:
    """The workspace is as it was exported; versions rise, so that nobody's open form overwrites it."""
    fill(database, vault, "default")
    before, file = everything(database, vault, "default"), exported(database, vault, "default")
    [monthly, *_] = list_budgets(database, "default")
    change_budget(database, "default", monthly.row.id, amount="99", actor="cli")
    set_rate(database, "default", Scope.WORKSPACE, "", Limits(requests=1), actor="cli")
    set_retention(database, 86_400.0, workspace="default", actor="cli")
    imported(database, vault, "default", file, replace=True)
    rows = credentials.of_workspace(database, "default")

    assert everything(database, vault, "default") == before
    assert {row.version for row in rows} == {2}
    assert list_budgets(database, "default")[0].row.version == 3
    assert list_rates(database, "default")[0].version == 3


def test_a_budget_that_is_replaced_counts_anew(tmp_path: Path, database: Database, vault: Vault) -> None:
    """Calls without a price count what it says now; else a price would take away what never counted."""
    create_budget(database, "default", amount="9", period="total", actor="cli")
    written(database, tmp_path, *(a_call(name, price=None) for name in "ab"))
    begun = list_budgets(database, "default")[0].row
    begin_counting(database, [Hold("default", "x", [Ask(BudgetLimit(begun, 1.0), Decimal(1))])])
    before = list_budgets(database, "default")[0].used
    file = file_of(budgets=[{**BUDGET, "period": "total", "unpriced": "0.5"}])
    imported(database, vault, "default", file, replace=True)

    assert (before, list_budgets(database, "default")[0].used) == (Decimal(0), Decimal(1))


def test_running_gateways_are_told(database: Database, vault: Vault) -> None:
    """They look at these numbers every second: of credentials and all that hangs on them, and of rates."""
    file = file_of(rates=[RATE])
    before = [marks.mark(database, kind, "default") for kind in (marks.CREDENTIALS, marks.RATES)]
    imported(database, vault, "default", file)
    after = [marks.mark(database, kind, "default") for kind in (marks.CREDENTIALS, marks.RATES)]

    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1]


def test_limits_of_people_and_keys_that_are_not_here_are_left_out(database: Database, vault: Vault) -> None:
    """A hash of a key opens nothing elsewhere, and people are the installation's."""
    key = create_key(database, name="k", actor="cli")
    for scope, target in (("key", key.row.id), ("workspace", "")):
        create_budget(database, "default", amount="1", scope=scope, target=target, actor="cli")
    set_rate(database, "default", Scope.KEY, key.row.id, Limits(requests=1), actor="cli")
    file = exported(database, vault, "default")
    name, there = key.row.id, workspace_named(database, "there")
    done = imported(database, vault, there, file)
    here = imported(database, vault, "default", file)

    assert said(done) == [
        ("budget", f"key {name} month USD", f"target: there is no key {name!r}; see modelbay key list"),
        ("rate", f"key {name}", f"key: there is no key {name!r}; see modelbay key list"),
    ]
    assert done.count("cannot") == 2
    assert [each.row.scope for each in list_budgets(database, there)] == ["workspace"]
    assert {each.state for each in here.things} == {"there"}


def test_a_budget_of_a_key_is_carried_over_where_that_key_is(database: Database, vault: Vault) -> None:
    """As where a backup is brought back."""
    key = create_key(database, name="k", actor="cli").row.id
    done = imported(database, vault, "default", file_of(budgets=[BUDGET | {"scope": "key", "target": key}]))

    assert [each.state for each in done.things] == ["made"]
    assert [each.row.id for each in list_budgets(database, "default")] == ["budget_1"]


def test_prices_are_added_only_where_there_are_none(database: Database, vault: Vault) -> None:
    """They are entries in an order, by which recorded calls were priced: two histories make no third one."""
    fill(database, vault, "default")
    file, before = exported(database, vault, "default"), list_price_entries(database, "default")
    place = Place("openai", "gpt-4.1", "llm")
    delete_price(database, place, workspace="default", valid_from=5.0, actor="cli")
    there = workspace_named(database, "there")
    imported(database, vault, there, file_of(prices=[PRICE]))
    done = imported(database, vault, there, file, replace=True)
    same = imported(database, vault, "default", file, replace=True)

    why = "the workspace has prices of its own already, and those are only added to"
    assert [each for each in said(done) if each[0] == "price"] == [
        ("price", "openai/gpt-4.1 (llm) 1", why),
        ("price", "openai/gpt-4.1 (llm) 2", why),
    ]
    assert [each.number for each in list_price_entries(database, there)] == [1]
    assert [each for each in said(same) if each[0] == "price"] == []
    assert len(list_price_entries(database, "default")) == len(before) + 1


def test_an_import_removes_no_calls(database: Database, vault: Vault, tmp_path: Path) -> None:
    """A short retention of elsewhere would: it is left out, unless replacing is wanted."""
    written(database, tmp_path, a_call("c1", at=time.time() - 86_400 * 9))
    file = file_of(retention=[{"keep": 86_400.0}])
    done = imported(database, vault, "default", file)
    second = imported(database, vault, "default", file, replace=True)

    assert [each[:2] for each in said(done)] == [("retention", "1 days")]
    assert "it would remove calls of this workspace" in done.things[0].why
    assert [each.state for each in second.things] == ["made"]


def test_credentials_of_a_name_that_is_taken_are_those_that_are_here(
    database: Database, vault: Vault
) -> None:
    """What the file says of them, in balances and of who is active, is about the ones here."""
    main, second = (keep(database, vault, "default", name, "sk-here") for name in ("main", "second"))
    records = [
        {"owner": "credentials", "record": f"cred_their_{name}", "secrets": {"api_key": "sk-there"}}
        | {"described": CREDENTIALS | {"provider": "openai", "name": name, "created": 1.0}}
        for name in ("main", "third")
    ]
    place = {"provider": "openai", "model": "", "model_type": ""}
    entries = [SHARE | {"credential": f"cred_their_{name}"} for name in ("main", "third")]
    done = imported(
        database,
        vault,
        "default",
        file_of(
            records=records,
            balances=[place | {"strategy": "weighted", "entries": entries}],
            active_credentials=[place | {"credential": "cred_their_main"}],
        ),
    )
    [balance] = balances.of_workspace(database, "default")

    assert [each.state for each in done.things] == ["there", "made", "made", "made"]
    assert said(done) == [("credentials", "openai main", "openai has credentials 'main' already")]
    assert [entry.credential for entry in balance.entries] == [main.id, "cred_their_third"]
    assert credentials.active(database, "default") == {main.place: main.id}
    assert credentials.one(database, "default", second.id) == second


def test_balances_here_name_the_credentials_that_came_instead(database: Database, vault: Vault) -> None:
    """Replaced credentials have the id of the file; who shares calls stays."""
    main, second = (keep(database, vault, "default", name, "sk-here") for name in ("main", "second"))
    entries = (BalanceEntryRow(main.id, "main"), BalanceEntryRow(second.id, "second"))
    with credentials.changing(database, "default"):
        balances.put(database, BalanceRow(place=main.place, strategy="weighted", entries=entries))
    record = {"owner": "credentials", "record": "cred_theirs", "secrets": {}}
    described = CREDENTIALS | {"provider": "openai", "name": "main"}
    imported(database, vault, "default", file_of(records=[record | {"described": described}]), replace=True)
    [balance] = balances.of_workspace(database, "default")

    assert [entry.credential for entry in balance.entries] == ["cred_theirs", second.id]


def test_a_file_of_the_first_version_is_still_imported(database: Database, vault: Vault) -> None:
    """It has records with secrets only, and says there which were active and which models were added."""
    described = CREDENTIALS | {"model": "mine", "model_type": "llm", "active": True, "custom": True}
    record = {"owner": "credentials", "record": "cred_1", "described": described, "secrets": {"key": "sk"}}
    network = {
        "owner": "network",
        "record": "network:acme",
        "described": {"plain": {"rpm": 5}},
        "secrets": {},
    }
    imported(database, vault, "default", file_of(version=1, records=[record, network]))
    found = everything(database, vault, "default")

    assert found["secrets"] == {("cred_1", "key"): "sk"}
    assert found["active"] == {("acme", "mine", "llm"): "cred_1"}
    assert [place for place, _ in found["added"]] == [("acme", "mine", "llm")]
    assert found["networks"] == {"acme": {"rpm": 5}}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"routes": [ROUTE | {"entries": []}]}, "a route has 1 to 20 models"),
        ({"routes": [ROUTE | {"entries": [STEP | {"weight": 0}]}]}, "weight: 1 to 1000"),
        ({"routes": [ROUTE | {"entries": [STEP], "model_type": "x"}]}, "'x' is none of llm"),
        ({"routes": [ROUTE | {"entries": [STEP], "strategy": "x"}]}, "'x' is none of ordered"),
        ({"routes": [ROUTE | {"entries": [STEP | {"goes_on": ["x"]}]}]}, "no class of errors 'x'"),
        ({"routes": [ROUTE | {"entries": [STEP], "name": "a/b"}]}, "name: 1 to 64 letters"),
        ({"added_models": [MODEL | {"model_type": "x", "created": 1.0}]}, "'x' is none of llm"),
        ({"active_credentials": [MODEL | {"credential": "cred_9"}]}, "has no credentials 'cred_9'"),
        ({"balances": [MODEL | {"strategy": "weighted", "entries": []}]}, "2 to 100 credentials"),
        ({"budgets": [BUDGET | {"amount": "-1"}]}, "amount: an amount from 0 on"),
        ({"budgets": [BUDGET | {"period": "x"}]}, "period: 'x' is none of"),
        ({"budgets": [BUDGET | {"id": "a b"}]}, "id: it is no id of a budget"),
        ({"budgets": [BUDGET | {"scope": "member", "target": "usr_9"}]}, "there is no member 'usr_9'"),
        ({"rates": [RATE | {"scope": "x"}]}, "scope: 'x' is none of"),
        ({"rates": [RATE | {"requests": 0}]}, "requests: a number from 1"),
        ({"prices": [PRICE | {"content": "{}"}]}, "content: it is no price"),
        ({"prices": [PRICE | {"number": 0}]}, "number: entries are counted from 1"),
        ({"retention": [{"keep": 1.0}]}, "kept for a day at least"),
    ],
)
def test_what_cannot_be_is_left_out_and_named(
    database: Database, vault: Vault, content: dict[str, Any], why: str
) -> None:
    """Whoever knows a passphrase can make a file: what no command would take makes no workspace unusable."""
    before = everything(database, vault, "default")
    done = imported(database, vault, "default", file_of(**content))

    assert [each.state for each in done.things] == ["cannot"]
    assert why in done.things[0].why
    assert everything(database, vault, "default") == before


@pytest.mark.parametrize(
    ("record", "described", "secrets", "why"),
    [
        ("network:acme", {"plain": {"private_host": []}}, {}, "private_host: is no network setting"),
        ("network:acme", {"plain": {"rpm": "many"}}, {}, "rpm: has to be a whole number"),
        ("network:acme", {"plain": {"base_url": "file:///etc"}}, {}, "base_url: has to begin with http"),
        ("network:acme", {"plain": {}}, {"header:host": "x"}, "host is set by the connection itself"),
        ("network:acme", {"plain": {}}, {"header:x": "sk\r\nhost: y"}, "has a value that no header"),
        ("network:acme", {"plain": {}}, {"password": "sk"}, "'password' is no secret"),
        ("network:a b", {"plain": {}}, {}, "a newer Modelbay has made it"),
        ("network:acme", {}, {}, "a newer Modelbay has made it"),
        ("cred_1", {}, {}, "a newer Modelbay has made it"),
        ("active", CREDENTIALS, {}, "a newer Modelbay has made it"),
        ("cred_1", CREDENTIALS | {"model_type": "x"}, {}, "a newer Modelbay has made it"),
        ("cred_1", CREDENTIALS | {"model": "m"}, {}, "a newer Modelbay has made it"),
    ],
)
def test_records_that_no_command_would_store_are_left_out(
    database: Database,
    vault: Vault,
    record: str,
    described: dict[str, Any],
    secrets: dict[str, str],
    why: str,
) -> None:
    """And what is said of them quotes no secret."""
    owner = "network" if record.startswith("network:") else "credentials"
    line = {"owner": owner, "record": record, "described": described, "secrets": secrets}
    done = imported(database, vault, "default", file_of(records=[line]))

    assert [each.state for each in done.things] == ["cannot"]
    assert why in done.things[0].why
    assert "sk" not in done.things[0].why


@pytest.mark.parametrize(
    "content",
    [
        {"robots": []},
        {"rates": [RATE | {"images": 5}]},
        {"routes": [ROUTE | {"name": "a\0b", "entries": [STEP]}]},
        {"budgets": [{"id": "budget_1"}]},
    ],
)
def test_what_a_newer_release_has_written_is_refused_whole(
    database: Database, vault: Vault, content: dict[str, Any]
) -> None:
    """To take a part of what it means would be to guess."""
    with pytest.raises(InvokeBadRequestError, match=r"^file: a newer Modelbay has made it: update this one$"):
        imported(database, vault, "default", file_of(**content))


def test_a_wrong_passphrase_and_a_cut_file_change_nothing(database: Database, vault: Vault) -> None:
    """One line, in which it cannot be told which of the two it was."""
    file = file_of(rates=[RATE])
    for damaged in (file[:-9], file[: len(file) // 2], file.replace(b"\n", b"\nAAAA", 1)):
        with pytest.raises(InvokeBadRequestError, match="the passphrase is another, or the file is damaged"):
            imported(database, vault, "default", damaged)

    assert list_rates(database, "default") == []

"""Each section of the file: what it makes, what a second run finds, what pruning takes, what is refused."""

from __future__ import annotations

import pytest
from tests.platform.apply.applying import Desk
from tests.platform.people.persons import add_member

from modelbay.platform.balances import set_balance
from modelbay.platform.credentials import named
from modelbay.platform.credentials.models import delete_model, enable_model
from modelbay.platform.limits.rates import list_rates
from modelbay.platform.network.stored import networks_of
from modelbay.platform.people.permissions import Role
from modelbay.platform.prices.book import Place
from modelbay.platform.prices.entries import delete_price, history
from modelbay.platform.retention import retained
from modelbay.platform.routes import edit_route, get_route, list_routes, text_of
from modelbay.runtime.routing import RouteStrategy
from modelbay.store import balances, limits, models
from modelbay.store.balances import ACTIVE, BalanceEntryRow

EVERYTHING = """
network:
  acme: {total_timeout: 30, headers: {X-Team: {env: FIRST_KEY}}}
models: [{provider: acme, model: mine}]
routes:
  fast:
    strategy: weighted
    entries: [acme/chat, {model: acme/mine, weight: 3, timeout: 2.5, on: [rate-limit]}]
balances:
  - {provider: acme, strategy: round-robin, entries: [first, {name: second, weight: 2, enabled: false}]}
  - {provider: acme, model: mine, entries: [active, second]}
rates:
  - {requests: 60, parallel: 4}
  - {key: "*", tokens: 9000}
prices:
  - {model: acme/mine, type: llm, from: 2026-01-05, input: "2.50", tiers: [{above: 1000, input: 5}]}
retention: 400d
"""
MADE = [
    "create network of acme",
    "create model acme/mine (llm)",
    "create route fast",
    "create balance of acme",
    "create balance of acme/mine (llm)",
    "create rate of the workspace",
    "create rate of key *",
    "create price of acme/mine (llm) from 2026-01-05",
    "change retention of single calls",
]


async def test_a_second_run_finds_nothing_to_do(desk: Desk) -> None:
    """Every section is made as it says, in an order in which each finds what it needs."""
    assert await desk.apply(EVERYTHING) == MADE
    assert desk.plan(EVERYTHING) == []
    assert desk.plan(EVERYTHING, prune=True) == []

    now = desk.bay.now
    route = get_route(now, "default", "fast")
    assert (route.strategy, [text_of(each) for each in route.entries]) == (
        "weighted",
        ["acme/chat", "acme/mine,weight=3,timeout=2.5,on=rate-limit"],
    )
    own, of_model = balances.of_workspace(now, "default")
    assert [(each.name, each.weight, each.enabled) for each in own.entries] == [
        ("first", 1, True),
        ("second", 2, False),
    ]
    assert [each.name for each in of_model.entries] == [ACTIVE, "second"]
    assert [(row.scope, row.requests, row.tokens, row.parallel) for row in list_rates(now, "default")] == [
        ("workspace", 60, None, 4),
        ("key", None, 9000, None),
    ]
    assert networks_of(now, desk.bay.vault, "default")["acme"].headers == {"x-team": "good-first-1234"}
    assert retained(now, "default") == 400 * 86_400


async def test_a_workspace_that_is_new_has_all_of_it_at_once(desk: Desk) -> None:
    """Names of credentials are found although none of them has an id when the plan is made."""
    done = await desk.apply(EVERYTHING, workspace="Search team")

    assert [each for each in done if "workspace" not in each and "credentials" not in each] == [
        each for each in MADE if "the workspace" not in each
    ]
    assert desk.plan(EVERYTHING, workspace="Search team") == []


async def test_what_is_not_named_stays_unless_it_is_pruned(desk: Desk) -> None:
    """Prices and how long calls are kept stay in any case: the past is not taken away."""
    await desk.apply(EVERYTHING)

    assert desk.plan("{}") == []
    assert await desk.apply("{}", prune=True) == [
        "delete network of acme",
        "delete model acme/mine (llm)",
        "delete route fast",
        "delete balance of acme",
        "delete balance of acme/mine (llm)",
        "delete rate of the workspace",
        "delete rate of key *",
    ]
    assert desk.plan("{}", prune=True) == []
    assert len(history(desk.bay.now, "default")) == 1


async def test_only_what_differs_of_a_section_changes(desk: Desk) -> None:
    """The plan says before and after; a secret only that there is another."""
    await desk.apply(EVERYTHING)
    text = EVERYTHING.replace("weight: 3", "weight: 4").replace("total_timeout: 30", "total_timeout: 20")
    text = text.replace("FIRST_KEY", "SECOND_KEY").replace("parallel: 4", "parallel: 5")

    assert [(each.how, each.what, each.facts) for each in desk.plan(text)] == [
        (
            "change",
            "network of acme",
            {"headers": ("x-team: (secret)", "x-team: (secret)"), "total_timeout": ("30.0", "20.0")},
        ),
        (
            "change",
            "route fast",
            {
                "entries": (
                    "acme/chat acme/mine,weight=3,timeout=2.5,on=rate-limit",
                    "acme/chat acme/mine,weight=4,timeout=2.5,on=rate-limit",
                )
            },
        ),
        ("change", "rate of the workspace", {"parallel": ("4", "5")}),
    ]
    await desk.apply(text)
    assert desk.plan(text) == []


async def test_a_model_with_credentials_of_its_own_is_added_by_them(desk: Desk) -> None:
    """It can be in a route of the same file, and comes back with its credentials if somebody took it away."""
    text = """
credentials: [{provider: other, model: own, name: mine, values: {token: {env: FIRST_KEY}}}]
routes: {fast: {entries: [other/own, {model: other/own2}]}}
"""
    desk.trust()
    assert await desk.apply(text) == [
        "create credentials other/own 'mine'",
        "create route fast",
    ]
    assert desk.plan(text, prune=True)[0].what == "credentials acme 'first'"

    target = desk.bay.target("other", "own")
    delete_model(desk.bay.now, target, actor="cli")
    assert await desk.apply(text) == ["create model other/own (llm)"]
    assert models.is_custom(desk.bay.now, target.model_place)
    assert desk.bay.active(target) == "mine"


async def test_a_model_that_is_off_can_be_pruned_with_its_switch(desk: Desk) -> None:
    """Switching on what is no more would be refused in the middle of the plan."""
    text = "models: [{provider: acme, model: mine}]\ndisabled: [acme/mine]"
    await desk.apply(text)

    assert await desk.apply("{}", prune=True) == ["delete model acme/mine (llm)"]
    assert desk.plan("{}", prune=True) == []


async def test_a_budget_names_its_member_by_e_mail(desk: Desk) -> None:
    """As a rate does: nobody knows ids by heart, and none is the same on two installations."""
    ann = add_member(desk.bay.now, "ann@acme.example", Role.MEMBER)
    text = "budgets: [{member: Ann@acme.example, amount: 5}]"

    assert await desk.apply(text) == ["create budget of Ann@acme.example (month, USD)"]
    assert desk.plan(text, prune=True) == []
    assert desk.plan(f"budgets: [{{member: {ann}, amount: 5}}]") == []
    [budget] = limits.budgets(desk.bay.now, "default")
    assert (budget.scope, budget.target) == ("member", ann)


async def test_what_somebody_changed_since_the_plan_is_not_overwritten(desk: Desk) -> None:
    """What was agreed to is what was shown."""
    before = "routes: {fast: {entries: [acme/chat]}}"
    await desk.apply(before)
    [change] = desk.plan("routes: {fast: {entries: [open/free]}}")
    edit_route(desk.bay.now, desk.bay.catalog, "default", "fast", strategy=RouteStrategy.FASTEST, actor="cli")

    with pytest.raises(Exception, match="the route has been changed since"):
        await change.make(desk.hands(), "default")
    assert list_routes(desk.bay.now, "default")[0].strategy == "fastest"


async def test_credentials_of_a_balance_that_are_gone_are_seen(desk: Desk) -> None:
    """New ones of the same name do not take their place by themselves."""
    text = "balances: [{provider: acme, entries: [first, second]}]"
    await desk.apply(text)
    second = next(each for each in desk.bay.listed() if each.name == "second")
    named.delete(desk.bay.now, desk.bay.target(), second.id, actor="cli")

    assert [(each.what, each.facts) for each in desk.plan(text)][1:] == [
        ("balance of acme", {"entries": ("first; second (deleted)", "first; second")})
    ]
    await desk.apply(text)
    assert desk.plan(text) == []


async def test_a_price_is_entered_only_where_another_holds(desk: Desk) -> None:
    """Entries are never removed, so one too many would stay for good."""
    text = """
prices:
  - {model: acme/chat, type: llm, input: 3, output: 9}
  - {model: acme/chat, type: llm, from: 2026-03-01, input: 2, output: 9}
  - {model: acme/chat, type: llm, from: 2026-01-01, input: 2, output: 9}
"""
    done = await desk.apply(text)
    assert [each.partition(" from ")[0] for each in done] == [
        "create price of acme/chat (llm)",
        "change price of acme/chat (llm)",
    ]
    assert desk.plan(text) == []
    assert len(history(desk.bay.now, "default")) == 2

    cheaper = text.replace("input: 3", "input: 2.5")
    [change] = desk.plan(cheaper)
    assert change.facts == {"input": ("3", "2.5")}
    await desk.apply(cheaper)
    assert desk.plan(cheaper) == []


async def test_a_price_that_was_deleted_today_is_entered_again(desk: Desk) -> None:
    """An entry for the morning would be hidden by the deletion at noon, and every run would add one."""
    text = "prices: [{model: acme/chat, type: llm, input: 3}]"
    await desk.apply(text)
    [row] = history(desk.bay.now, "default")
    place = desk.bay.target("acme", "chat").model_place
    delete_price(desk.bay.now, Place(*place[1:]), valid_from=row.valid_from + 1e-3, actor="cli")
    await desk.apply(text)

    assert desk.plan(text) == []


async def test_a_proxy_written_without_its_password_keeps_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the command line, where what is shown of it keeps it; a second run finds nothing."""
    monkeypatch.setenv("PROXY", "http://team:hunter2@proxy.example:3128")
    await desk.apply("network: {acme: {proxy: {env: PROXY}, rpm: 9}}")
    text = "network: {acme: {proxy: 'http://team@proxy.example:3128'}}"

    assert desk.plan(text) == []
    assert [each.facts for each in desk.plan(text, prune=True) if each.how == "change"] == [
        {"rpm": ("9", "")}
    ]
    monkeypatch.setenv("PROXY", "http://team:another@proxy.example:3128")
    [change] = desk.plan("network: {acme: {proxy: {env: PROXY}}}")
    assert change.facts == {"proxy_password": ("(secret)", "(secret)")}


async def test_a_balance_set_by_hand_is_changed_to_what_the_file_says(desk: Desk) -> None:
    """The file names the whole list."""
    target = desk.bay.target()
    ids = [each.id for each in desk.bay.listed()]
    set_balance(desk.bay.now, target, [BalanceEntryRow(each, "") for each in (*ids, ACTIVE)], actor="cli")
    enable_model(desk.bay.now, desk.bay.target("acme", "chat"), True, actor="cli")

    text = "balances: [{provider: acme, entries: [second, first]}]"
    assert await desk.apply(text) == ["change balance of acme"]
    assert desk.plan(text) == []

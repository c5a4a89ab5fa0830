"""What is wrong in a file: found before anything is changed, all at once, each by its place."""

from __future__ import annotations

import pytest
from tests.platform.apply.applying import Desk

from modelbay.platform.apply.file import ApplyError


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        (
            "routes: {fast: {entries: [acme/chat, acme/cha, {model: open/free, weight: 0}, fast]}}",
            [
                "routes.fast.entries[1]: models: this workspace has no model acme/cha of type llm",
                "routes.fast.entries[2]: weight: 1 to 1000",
                "routes.fast.entries[3]: models: 'fast' is a route: name its models",
            ],
        ),
        ("routes: {default: {entries: [open/free]}}", ["routes.default: name: 1 to 64 letters"]),
        ("routes: {a: {entries: []}}", ["routes.a: models: a route has 1 to 20 models"]),
        (
            "routes: {a: {entries: [{model: open/free, on: [rain]}]}}",
            ["routes.a.entries[0]: on: there is no class of errors 'rain'"],
        ),
        (
            "balances: [{provider: acme, entries: [first, third]}, {provider: acme, entries: [first]}]",
            [
                "balances[0].entries[1]: name: acme has no credentials named 'third'",
                "balances[1]: provider: the calls of acme are balanced twice",
            ],
        ),
        (
            "balances: [{provider: acme, model: cha, entries: [first, second]}]",
            ["balances[0]: models: this workspace has no model acme/cha of type llm"],
        ),
        (
            "rates: [{key: key_none, requests: 1}, {requests: 0}, {key: '*', model: '*', tokens: 1}]",
            [
                "rates[0]: key: there is no key 'key_none'",
                "rates[1]: requests: a number from 1 to",
                "rates[2]: scope: a rate is about one of member, key and model",
            ],
        ),
        (
            "prices: [{model: acme/mine, input: 1}, {model: acme/chat, input: lots}, "
            "{model: acme/chat, input: -1}]",
            [
                "prices[0]: type: no plugin declares 'acme/mine'",
                "prices[1]: input: 'lots' is no amount",
                "prices[2]: input: an amount must be 0 or more",
            ],
        ),
        (
            "network: {acme: {headers: {X-Team: hunter2}}, open: {proxy: 'http://u:hunter2@proxy:1'}}",
            [
                "network.acme: headers: X-Team: a secret is not written here; refer to it as",
                "network.open: proxy: a password is not written here; refer to it as",
            ],
        ),
        (
            "network: {acme: {speed: 1}, acm: {total_timeout: 1}, open: {ca_bundle: {file: none.pem}}}",
            [
                "network.acme: speed: is no network setting",
                "network.acm: There is no provider 'acm'",
                "network.open: none.pem: No such file or directory",
            ],
        ),
        (
            "models: [{provider: acme, model: chat}, {provider: open, model: own}, "
            "{provider: other, model: own}]",
            [
                "models[0]: model: acme/chat comes with its plugin",
                "models[1]: model: models cannot be added to open",
                "models[2]: credentials: other has none of its own: give the model some",
            ],
        ),
        (
            "budgets: [{member: x@acme.example, amount: 1}, {member: a, key: b, amount: 1}]",
            [
                "budgets[0]: member: 'x@acme.example' is not a member of this workspace",
                "budgets[1]: scope: a budget is about one of member, key and model",
            ],
        ),
        ("retention: 3h", ["retention: keep: single calls are kept for a day at least"]),
    ],
)
def test_what_is_wrong_is_named_by_its_place(desk: Desk, text: str, complaints: list[str]) -> None:
    """All of it at once, and no secret is said again."""
    with pytest.raises(ApplyError) as caught:
        desk.plan(text)

    said = str(caught.value)
    for complaint in complaints:
        assert f"workspaces.default.{complaint}" in said
    assert "hunter2" not in said
    assert said.count("workspaces.default.") == len(complaints)


async def test_a_route_keeps_its_type(desk: Desk) -> None:
    """Calls of the name would get answers of another kind."""
    await desk.apply("routes: {fast: {entries: [acme/chat]}}")

    with pytest.raises(ApplyError, match=r"routes.fast: type: there is such a route of type llm"):
        desk.plan("routes: {fast: {type: text-embedding, entries: [other/any]}}")


async def test_a_name_that_means_two_credentials_is_refused(desk: Desk) -> None:
    """Nobody could tell which ones share the calls."""
    text = """
credentials:
  - {provider: acme, name: first, values: {api_key: {env: FIRST_KEY}}}
  - {provider: acme, model: mine, name: first, values: {api_key: {env: FIRST_KEY}, context_size: "9"}}
balances: [{provider: acme, model: mine, entries: [first, active]}]
"""
    with pytest.raises(
        ApplyError, match=r"balances\[0\].entries\[0\]: name: both acme/mine and its provider"
    ):
        desk.plan(text)

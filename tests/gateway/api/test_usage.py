"""What calls came to, for people and for keys; and what a key may ask."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import Holder, Site

from modelbay.platform.people.permissions import Role

CHAT = "/v1/chat/completions"


@pytest.fixture
async def site(tmp_path: Path, installation: str) -> AsyncIterator[Site]:
    """A gateway in front of one provider."""
    async with running(tmp_path, "openai") as started:
        yield started


async def ask(key: Holder, model: str = "openai/gpt-4.1-mini") -> None:
    """Make a call."""
    body: Any = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    answer = await key.call("POST", CHAT, body)
    assert answer.status == 200, answer.body


async def test_totals_are_exact_and_by_what_was_asked(site: Site) -> None:
    """Every call that was acknowledged is in them."""
    member, first, second = site.person(Role.MEMBER), site.key(name="one"), site.key(name="two")
    await ask(first)
    await ask(first)
    await ask(second)
    await site.entered()

    by_model = (await member.get("/api/workspaces/default/usage")).json["items"]
    by_key = (await member.get("/api/workspaces/default/usage?by=key")).json["items"]
    later = await member.get("/api/workspaces/default/usage?since=2100-01-01T00:00:00Z")

    assert [(each["label"], each["calls"]) for each in by_model] == [("openai/gpt-4.1-mini", 3)]
    assert isinstance(by_model[0]["prices"]["USD"], str)
    assert {(each["name"], each["calls"]) for each in by_key} == {("one", 2), ("two", 1)}
    assert later.json["items"] == []


async def test_a_call_that_has_just_been_answered_is_counted(site: Site) -> None:
    """By the server that has answered it at once, by others when that one has moved it into the database."""
    member, key = site.person(Role.MEMBER), site.key()
    await ask(key)

    async with asyncio.timeout(30):
        for _ in range(2):  # servers
            while not (await member.get("/api/workspaces/default/usage")).json["items"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_a_key_reads_its_own_usage_and_nobody_elses(site: Site) -> None:
    """A program may watch what it costs, not what its neighbours do."""
    first, second = site.key(name="one"), site.key(name="two")
    await ask(first)
    await ask(second)
    await site.entered()
    path = "/api/workspaces/default"

    own = (await first.call("GET", f"{path}/usage")).json["items"]
    calls = (await first.call("GET", f"{path}/calls")).json["items"]
    others = await first.call("GET", f"{path}/usage?by=model")

    assert [(each["label"], each["calls"]) for each in own] == [(first.id, 1)]
    assert {each["key"] for each in calls} == {first.id}
    assert (others.status, others.json["errors"][0]["field"]) == (403, "by")


async def test_a_key_sees_the_models_that_it_opens(site: Site) -> None:
    """As calls of it would be answered."""
    narrow, wide = site.key(models=["openai/gpt-4.1*"]), site.key()
    path = "/api/workspaces/default/models?limit=200&provider=openai"

    few = (await narrow.call("GET", path)).json["items"]
    many = (await wide.call("GET", path)).json["items"]

    assert few
    assert all(each["model"].startswith("gpt-4.1") for each in few)
    assert len(many) > len(few)


async def test_a_key_that_is_none_opens_nothing(site: Site) -> None:
    """And a key is looked at before a cookie: a program with both is a program."""
    owner, key = site.person(Role.OWNER), site.key()
    wrong = Holder(site, "key_x", "mb-wrong")
    path = "/api/workspaces/default/models"

    assert (await wrong.call("GET", path)).status == 401
    both = {**owner.headers, "authorization": f"Bearer {key.secret}"}
    answer = await site.call("POST", "/api/workspaces/default/budgets", {}, both)
    assert (answer.status, answer.json["code"]) == (403, "session_required")


async def test_totals_are_by_any_dimensions_of_any_time(site: Site) -> None:
    """One number, or every key's days by model: whoever asks says which."""
    member, key = site.person(Role.MEMBER), site.key(name="one")
    await ask(key)
    await ask(key, "openai/gpt-4.1")
    await site.entered()
    path = "/api/workspaces/default/usage"

    [both] = (await member.get(f"{path}?by=")).json["items"]
    several = (await member.get(f"{path}?by=key,model")).json["items"]
    earlier = await member.get(f"{path}?until=2020-01-01T00:00:00Z")
    wrong = await member.get(f"{path}?by=model,colour")

    assert (both["calls"], both["labels"]) == (2, {})
    assert [each["labels"] for each in several] == [
        {"key": key.id, "model": "openai/gpt-4.1"},
        {"key": key.id, "model": "openai/gpt-4.1-mini"},
    ]
    assert earlier.json["items"] == []
    assert (wrong.status, wrong.json["errors"][0]["field"]) == (422, "by")


async def test_calls_are_chosen_by_what_they_were_page_by_page(site: Site) -> None:
    """Whoever looks for one call knows something of it; pages keep to what was asked."""
    member, first, second = site.person(Role.MEMBER), site.key(), site.key()
    for key in (first, second, first, first):
        await ask(key)
    await site.entered()
    path = "/api/workspaces/default/calls"
    wanted = f"{path}?key={first.id}&provider=openai&type=llm&status=2xx&limit=2"

    one = (await member.get(wanted)).json
    two = (await member.get(f"{wanted}&cursor={one['next']}")).json
    none = [
        (await member.get(f"{path}?{each}")).json["items"]
        for each in ("status=429", "route=fast", "model=gpt-4.1", "until=2020-01-01T00:00:00Z")
    ]
    others = (await second.call("GET", f"{path}?key={first.id}")).json["items"]

    ids = [each["id"] for each in (*one["items"], *two["items"])]
    assert (len(ids), len(set(ids)), two["next"]) == (3, 3, None)
    assert none == [[]] * 4
    assert {each["key"] for each in others} == {second.id}


async def test_the_ledger_is_a_file_for_who_may_have_it(site: Site) -> None:
    """What a spreadsheet opens is what usage says; members see calls, and take none away."""
    admin, member, key = site.person(Role.ADMIN), site.person(Role.MEMBER), site.key()
    await ask(key)
    await site.entered()
    path = "/api/workspaces/default/usage/export"

    told = await admin.get(f"{path}?key={key.id}")

    [row] = csv.DictReader(told.body.decode().splitlines())
    assert (row["kind"], row["key_id"], row["model"]) == ("call", key.id, "gpt-4.1-mini")
    assert told.headers["content-type"] == "text/csv"
    assert "attachment" in told.headers["content-disposition"]
    assert (await member.get(path)).status == 403


async def test_how_long_calls_are_kept_is_the_owners_to_say(site: Site) -> None:
    """What has been removed does not come back."""
    owner, admin = site.person(Role.OWNER), site.person(Role.ADMIN)
    path = "/api/workspaces/default/usage/retention"

    before = await admin.get(path)
    refused = await admin.call("PUT", path, {"seconds": 864000})
    short = await owner.call("PUT", path, {"seconds": 3600})
    kept = await owner.call("PUT", path, {"seconds": 864000})
    after = await admin.get(path)

    assert (before.json, refused.status, short.status) == ({"seconds": None}, 403, 422)
    assert kept.json == after.json == {"seconds": 864000.0}
    assert (await owner.call("PUT", path, {"seconds": None})).json == {"seconds": None}
    assert [row.actor for row in site.audited() if row.action == "usage.retain"] == [owner.id] * 2

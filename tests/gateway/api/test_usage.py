"""What calls came to, for people and for keys; and what a key may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import Holder, Site

from modelbay.platform.people.permissions import Role

CHAT = "/v1/chat/completions"


@pytest.fixture
async def site(tmp_path: Path, backend: str) -> AsyncIterator[Site]:
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

    by_model = (await member.get("/api/workspaces/default/usage")).json["items"]
    by_key = (await member.get("/api/workspaces/default/usage?by=key")).json["items"]
    later = await member.get("/api/workspaces/default/usage?since=2100-01-01T00:00:00Z")

    assert [(each["label"], each["calls"]) for each in by_model] == [("openai/gpt-4.1-mini", 3)]
    assert isinstance(by_model[0]["prices"]["USD"], str)
    assert {(each["name"], each["calls"]) for each in by_key} == {("one", 2), ("two", 1)}
    assert later.json["items"] == []


async def test_a_key_reads_its_own_usage_and_nobody_elses(site: Site) -> None:
    """A program may watch what it costs, not what its neighbours do."""
    first, second = site.key(name="one"), site.key(name="two")
    await ask(first)
    await ask(second)
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

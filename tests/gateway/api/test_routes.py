"""Routes over the API: made, followed, changed by who has seen them; and why a call took a model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import Site

from modelbay.platform.people.permissions import Role

ROUTES = "/api/workspaces/default/routes"
MINI = {"model": "openai/gpt-4.1-mini"}


@pytest.fixture
async def site(tmp_path: Path, installation: str) -> AsyncIterator[Site]:
    """A gateway in front of one provider."""
    async with running(tmp_path, "openai") as started:
        yield started


async def test_a_route_is_made_changed_by_who_has_seen_it_and_deleted(site: Site) -> None:
    """Two people who edit at once must not undo each other unseen."""
    ann = site.person(Role.ADMIN)
    made = await ann.post(ROUTES, {"name": "team:fast", "models": [MINI]})
    place = f"{ROUTES}/team:fast"
    models: list[dict[str, object]] = [
        {**MINI, "weight": 2, "timeout": 5, "on": ["rate-limit"]},
        {"model": "openai/gpt-4.1"},
    ]
    changed = await ann.call("PATCH", place, {"models": models}, if_match=made.headers["etag"])
    late = await ann.call("PATCH", place, {"strategy": "weighted"}, if_match=made.headers["etag"])
    listed = await ann.get(ROUTES)
    gone = await ann.call("DELETE", place, if_match=changed.headers["etag"])

    assert (made.status, made.json["type"], made.json["strategy"]) == (201, "llm", "ordered")
    assert "bad-request" not in made.json["models"][0]["on"]
    assert (changed.status, changed.json["version"]) == (200, 2)
    assert changed.json["models"][0] == models[0] | {"timeout": 5.0}
    assert (late.status, late.json["code"]) == (412, "changed_since")
    assert listed.json["items"] == [changed.json]
    assert (gone.status, (await ann.get(place)).status) == (204, 404)
    written = [(row.actor, row.action) for row in site.audited() if row.target == "team:fast"]
    assert written == [(ann.id, f"route.{what}") for what in ("create", "edit", "delete")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "default", "models": [MINI]}, "name"),
        ({"name": "a", "models": []}, "models"),
        ({"name": "a", "models": [MINI, MINI]}, "models"),
        ({"name": "a", "models": [{"model": "openai/no-such"}]}, "models"),
        ({"name": "a", "models": [MINI | {"weight": 0}]}, "models.0.weight"),
        ({"name": "a", "models": [MINI | {"on": ["rain"]}]}, "models.0.on.0"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_made(site: Site, body: object, field: str) -> None:
    """Whoever fills in a form has to find the field."""
    ann = site.person(Role.ADMIN)
    told = await ann.post(ROUTES, body)

    assert (told.status, [each["field"] for each in told.json["errors"]]) == (422, [field])
    assert (await ann.get(ROUTES)).json["items"] == []


async def test_a_call_over_a_route_is_explained_to_its_workspace_only(site: Site) -> None:
    """Who asks why has the id from the answer; another workspace has no such call."""
    ann, team, key = site.person(Role.ADMIN), site.workspace(), site.key()
    await ann.post(ROUTES, {"name": "fast", "models": [MINI]})
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
    answer = await key.call("POST", "/v1/chat/completions", body)
    call = answer.headers["x-request-id"]
    await site.entered()
    why = await ann.get(f"/api/workspaces/default/calls/{call}/explain")
    elsewhere = await site.person(Role.OWNER, team).get(f"/api/workspaces/{team}/calls/{call}/explain")

    assert (answer.status, why.status, elsewhere.status) == (200, 200, 404)
    assert (why.json["call"], why.json["route"], why.json["model"]) == (call, "fast", "gpt-4.1-mini")
    assert any("'fast' is a route" in line for line in why.json["told"])


async def test_the_next_call_follows_what_has_just_been_changed(site: Site, installation: str) -> None:
    """Whoever reads that a change is made tries it at once; only another server takes a moment."""
    ann, key = site.person(Role.ADMIN), site.key()
    await ann.post(ROUTES, {"name": "fast", "models": [MINI]})
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
    for model in ("gpt-4.1", "gpt-4.1-mini", "gpt-4.1"):
        await key.call("POST", "/v1/chat/completions", body)
        changed = {"models": [{"model": f"openai/{model}"}]}
        assert (await ann.call("PATCH", f"{ROUTES}/fast", changed)).status == 200
        if installation == "two-servers":
            await site.served.look()
        answer = await key.call("POST", "/v1/chat/completions", body)
        await site.entered()
        why = await ann.get(f"/api/workspaces/default/calls/{answer.headers['x-request-id']}/explain")

        assert why.json["model"] == model

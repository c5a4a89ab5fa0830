"""Budgets and quotas over the API: made, changed by who has seen them, granted by the installation only."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import Site

from modelbay.platform.people.permissions import Role

BUDGETS = "/api/workspaces/default/budgets"
LENT = """
openai:
  credentials: {openai_api_key: {env: LENT_KEY}}
  quotas: [{kind: trial, unit: times, limit: 200}, {kind: paid, unit: tokens, limit: 0, period: month}]
"""


async def test_a_budget_is_made_changed_by_who_has_seen_it_and_deleted(site: Site) -> None:
    """Two people who edit at once must not undo each other unseen."""
    ann = site.person(Role.ADMIN)
    made = await ann.post(BUDGETS, {"amount": "12.50", "scope": "model", "target": "openai/*"})
    place = f"{BUDGETS}/{made.json['id']}"
    changed = await ann.call("PATCH", place, {"amount": "20"}, if_match=made.headers["etag"])
    late = await ann.call("PATCH", place, {"amount": "30"}, if_match=made.headers["etag"])
    listed = await ann.get(BUDGETS)
    unseen = await ann.call("DELETE", place, if_match=made.headers["etag"])
    gone = await ann.call("DELETE", place, if_match=changed.headers["etag"])

    assert made.status == 201
    assert (made.json["amount"], made.json["period"], made.json["left"]) == ("12.50", "month", "12.50")
    assert (changed.status, changed.json["amount"], changed.json["version"]) == (200, "20", 2)
    assert (late.status, late.json["code"]) == (412, "changed_since")
    assert (unseen.status, unseen.json["code"]) == (412, "changed_since")
    assert [each["amount"] for each in listed.json["items"]] == ["20"]
    assert (gone.status, (await ann.get(place)).status) == (204, 404)
    written = [row for row in site.audited() if row.target == made.json["id"]]
    assert {row.actor for row in written} == {ann.id}
    assert [row.action for row in written] == ["budget.set", "budget.set", "budget.delete"]


async def test_whether_unpriced_calls_are_refused_can_be_changed_both_ways(site: Site) -> None:
    """Null means to refuse them; what is left out stays."""
    ann = site.person(Role.ADMIN)
    made = await ann.post(BUDGETS, {"amount": "5", "unpriced": "0.01"})
    place = f"{BUDGETS}/{made.json['id']}"
    same = await ann.call("PATCH", place, {"action": "warn"})
    refused = await ann.call("PATCH", place, {"unpriced": None})

    assert [each.json["unpriced"] for each in (made, same, refused)] == ["0.01", "0.01", None]
    assert same.json["action"] == refused.json["action"] == "warn"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "5", "period": "year"}, "period"),
        ({"amount": "5", "currency": "usd"}, "currency"),
        ({"amount": "5", "scope": "key", "target": "key_none"}, "target"),
        ({"amount": "5", "target": "openai/*"}, "target"),
        ({"amount": "5", "colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_made(site: Site, body: object, field: str) -> None:
    """Whoever fills in a form has to find the field."""
    ann = site.person(Role.ADMIN)
    told = await ann.post(BUDGETS, body)

    assert told.status in (404, 422)
    assert [each["field"] for each in told.json["errors"]] == [field]
    assert (await ann.get(BUDGETS)).json["items"] == []


async def test_a_second_budget_for_the_same_is_a_conflict(site: Site) -> None:
    """Two would be counted both, and shown as one."""
    ann = site.person(Role.ADMIN)
    await ann.post(BUDGETS, {"amount": "5"})

    assert (await ann.post(BUDGETS, {"amount": "6"})).status == 409


async def test_only_the_installation_grants_and_a_workspace_chooses_what_is_first(
    tmp_path: Path, installation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace that could lend itself more would have no quota."""
    monkeypatch.setenv("LENT_KEY", "sk-lent-key-12345678")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hosted.yaml").write_text(LENT)
    async with running(tmp_path) as site:
        team = site.workspace()
        owner, theirs = site.person(Role.OWNER), site.person(Role.OWNER, team)
        place = f"/api/workspaces/{team}/quotas"
        refused = await theirs.call("PUT", f"{place}/openai/paid", {"limit": "5000"})
        granted = await owner.call("PUT", f"{place}/openai/paid", {"limit": "5000"})
        first = f"/api/workspaces/{team}/providers/openai/preferred"
        chosen = await theirs.call("PUT", first, {"preferred": "hosted"})
        listed = await theirs.get(place)
        unknown = await owner.call("PUT", f"{place}/openai/free", {"limit": "1"})

    assert (refused.status, granted.status, chosen.status, unknown.status) == (403, 200, 200, 404)
    assert [
        (each["kind"], each["limit"], each["granted"], each["preferred"]) for each in listed.json["items"]
    ] == [("paid", "5000", True, "hosted"), ("trial", "200", False, "hosted")]
    assert b"sk-lent" not in listed.body

"""Rates over the API: set as a whole by who has seen the last ones, listed in order, deleted."""

from __future__ import annotations

import pytest
from tests.gateway.api.site import Site

from modelbay.platform.people.permissions import Role

RATES = "/api/workspaces/default/rates"


async def test_limits_are_set_as_a_whole_by_who_has_seen_the_last_ones(site: Site) -> None:
    """Two people who edit at once must not undo each other unseen."""
    ann, key = site.person(Role.ADMIN), site.key()
    model = await ann.call("PUT", RATES, {"scope": "model", "target": "openai/gpt-4.1", "tokens": 9})
    made = await ann.call("PUT", RATES, {"scope": "key", "target": key.id, "requests": 60, "tokens": 5000})
    again = {"scope": "key", "target": key.id, "parallel": 2}
    changed = await ann.call("PUT", RATES, again, if_match=made.headers["etag"])
    late = await ann.call("PUT", RATES, again, if_match=made.headers["etag"])
    second = await ann.call("PUT", RATES, again | {"version": 0})
    listed = await ann.get(RATES)
    gone = await ann.call("DELETE", f"{RATES}?scope=model&target=openai%2Fgpt-4.1")

    assert (made.status, made.json["requests"], made.json["parallel"]) == (200, 60, None)
    assert (changed.json["requests"], changed.json["parallel"], changed.json["version"]) == (None, 2, 2)
    assert (late.status, late.json["code"], second.status) == (412, "changed_since", 409)
    assert listed.json["items"] == [changed.json, model.json]
    assert (gone.status, len((await ann.get(RATES)).json["items"])) == (204, 1)
    written = [(row.actor, row.action) for row in site.audited() if row.action.startswith("rate.")]
    assert written == [(ann.id, f"rate.{what}") for what in ("set", "set", "set", "delete")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope": "workspace"}, "limits"),
        ({"scope": "workspace", "target": "x", "requests": 1}, "id"),
        ({"scope": "key", "target": "key_none", "requests": 1}, "key"),
        ({"scope": "model", "target": "gpt", "requests": 1}, "model"),
        ({"scope": "workspace", "requests": 0}, "requests"),
        ({"scope": "planet", "requests": 1}, "scope"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_limited(site: Site, body: object, field: str) -> None:
    """Whoever fills in a form has to find the field."""
    ann = site.person(Role.ADMIN)
    told = await ann.call("PUT", RATES, body)

    assert told.status in (404, 422)
    assert [each["field"] for each in told.json["errors"]] == [field]
    assert (await ann.get(RATES)).json["items"] == []

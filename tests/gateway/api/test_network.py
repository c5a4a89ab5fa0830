"""Network settings over the API: changed field by field, masked when read, private hosts by owners only."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.api.site import Site

from modelbay.platform.people.permissions import Role
from modelbay.store import people

HOME = "/api/workspaces/default/network"
OPENAI = f"{HOME}/openai"
PROXY = "http://ann:proxy-password-7321@proxy.example:8080"
HEADER = "header-value-5678-secret"


async def test_settings_are_changed_field_by_field_by_who_has_seen_them(site: Site) -> None:
    """Two people who edit at once must not undo each other unseen."""
    ann = site.person(Role.ADMIN)
    nothing = await ann.get(OPENAI)
    made = await ann.call("PATCH", OPENAI, {"values": {"rpm": 60, "total_timeout": 30}, "version": 0})
    changed = await ann.call("PATCH", OPENAI, {"values": {"rpm": None}}, if_match=made.headers["etag"])
    late = await ann.call("PATCH", OPENAI, {"values": {"rpm": 1}}, if_match=made.headers["etag"])
    listed = await ann.get(HOME)
    gone = await ann.call("DELETE", OPENAI, if_match=changed.headers["etag"])

    assert (nothing.status, nothing.json["version"], set(nothing.json["values"].values())) == (200, 0, {None})
    assert (made.status, made.json["values"]["rpm"], made.json["version"]) == (200, 60, 1)
    assert (changed.json["values"]["rpm"], changed.json["values"]["total_timeout"]) == (None, 30.0)
    assert (late.status, late.json["code"]) == (412, "changed_since")
    assert listed.json["items"] == [changed.json]
    assert (gone.status, (await ann.get(OPENAI)).json) == (204, nothing.json)
    written = [(row.actor, row.action) for row in site.audited() if row.action.startswith("network.")]
    assert written == [(ann.id, f"network.{what}") for what in ("set", "set", "clear")]


async def test_secrets_go_in_and_only_masks_come_out(site: Site, request: pytest.FixtureRequest) -> None:
    """What is shown can be sent back and keeps what is there."""
    ann = site.person(Role.ADMIN)
    given = {"proxy": PROXY, "headers": {"X-Team": HEADER}}
    made = await ann.call("PATCH", OPENAI, {"values": given})
    shown = made.json["values"]
    again = await ann.call(
        "PATCH", OPENAI, {"values": {"proxy": shown["proxy"], "headers": shown["headers"]}}
    )
    wrong = await ann.call("PATCH", OPENAI, {"values": {"headers": {"Bad Name": HEADER}}})

    assert (made.status, again.status, again.json["values"]) == (200, 200, shown)
    assert set(shown["headers"]) == {"x-team"}
    assert (wrong.status, [each["field"] for each in wrong.json["errors"]]) == (422, ["values.headers"])
    told = b"".join(answer.body for answer in (made, again, wrong, await ann.get(HOME)))
    kept = site.stored(request)
    for secret in ("proxy-password-7321", HEADER):
        assert secret.encode() not in told
        assert secret.encode() not in kept
        assert secret not in str(site.audited())


async def test_only_an_owner_of_the_installation_allows_private_hosts(site: Site) -> None:
    """A private address is the installation's neighbour: no workspace lets itself in."""
    team = site.workspace()
    place = f"/api/workspaces/{team}/network/openai"
    theirs = site.person(Role.OWNER, team)
    both = site.person(Role.OWNER)
    people.insert_member(site.now, team, both.id, Role.ADMIN, 0.0)
    body: dict[str, Any] = {"values": {"private_hosts": ["10.1.0.0/16"]}}
    refused = await theirs.call("PATCH", place, body)
    allowed = await both.call("PATCH", place, body)
    same = await theirs.call("PATCH", place, {"values": {**body["values"], "rpm": 5}})
    taken = await theirs.call("PATCH", place, {"values": {"private_hosts": None}})

    assert (refused.status, refused.json["errors"][0]["field"]) == (403, "private_hosts")
    assert (allowed.status, allowed.json["values"]["private_hosts"]) == (200, ["10.1.0.0/16"])
    assert (same.status, taken.status) == (200, 403)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"rpm": 0}, "values.rpm"),
        ({"colour": "red"}, "values.colour"),
        ({"proxy": "ftp://proxy.example"}, "values.proxy"),
        ({"base_url": "https://user@there.example"}, "values.base_url"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_changed(site: Site, values: object, field: str) -> None:
    """Whoever fills in a form has to find the field."""
    ann = site.person(Role.ADMIN)
    told = await ann.call("PATCH", OPENAI, {"values": values})

    assert (told.status, [each["field"] for each in told.json["errors"]]) == (422, [field])
    assert (await ann.get(HOME)).json["items"] == []

"""Keys over the API: narrowed, changed by who has seen them, and made by keys below themselves only."""

from __future__ import annotations

import pytest
from tests.gateway.api.site import Site

from modelbay.platform.people.permissions import Role

KEYS = "/api/workspaces/default/keys"


async def test_a_person_makes_narrows_and_changes_a_key(site: Site) -> None:
    """What has been changed since is not undone unseen."""
    ann = site.person(Role.ADMIN)
    made = await ann.post(KEYS, {"name": "app", "models": ["openai/*"], "networks": ["192.0.2.0/24"]})
    place = f"{KEYS}/{made.json['id']}"
    changed = await ann.call("PATCH", place, {"types": ["llm"]}, if_match=made.headers["etag"])
    late = await ann.call("PATCH", place, {"types": []}, if_match=made.headers["etag"])
    read = await ann.get(place)

    assert (made.status, made.json["surfaces"], made.json["networks"]) == (201, [], ["192.0.2.0/24"])
    assert (changed.json["types"], changed.json["models"]) == (["llm"], ["openai/*"])
    assert late.status == 412
    assert "key" not in read.json
    assert read.json["version"] == changed.json["version"]


async def test_a_key_makes_keys_below_itself_and_never_wider_ones(site: Site) -> None:
    """It says nothing of what is above it: what it leaves out is as its own."""
    holder = site.key(models=("openai/*",))
    made = await holder.call("POST", KEYS, {"models": ["openai/gpt-4*"], "name": "narrow"})
    wider = await holder.call("POST", KEYS, {"models": ["*"]})
    same = await holder.call("POST", KEYS, {})

    assert (made.status, made.json["parent"], made.json["models"]) == (201, holder.id, ["openai/gpt-4*"])
    assert (same.status, same.json["models"]) == (201, ["openai/*"])
    assert wider.status == 422
    assert wider.json["errors"][0]["field"].startswith("models")
    listed = await holder.call("GET", KEYS)
    assert [each["id"] for each in listed.json["items"]] == [made.json["id"], same.json["id"]]


async def test_a_key_sees_and_closes_nothing_beside_itself(site: Site) -> None:
    """Another's key might as well not be there."""
    holder, other = site.key(), site.key()
    below = (await holder.call("POST", KEYS, {})).json["id"]
    place = f"{KEYS}/{other.id}"

    assert (await holder.call("GET", place)).status == 404
    assert (await holder.call("PATCH", place, {"name": "mine"})).status == 403
    assert (await holder.call("DELETE", place)).status == 403
    assert (await holder.call("POST", KEYS, {"parent": other.id})).status == 403
    assert (await holder.call("DELETE", f"{KEYS}/{below}")).status == 204


@pytest.mark.parametrize("surfaces", [("openai.chat",), ("anthropic.*",)])
async def test_a_key_that_does_not_open_management_makes_none(site: Site, surfaces: tuple[str, ...]) -> None:
    """A key in an application that leaks must not multiply."""
    holder = site.key(surfaces=surfaces)

    assert (await holder.call("POST", KEYS, {})).status == 403

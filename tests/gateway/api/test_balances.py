"""Balances over the API: set as a whole list by who has seen the last one, shown with what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import Person, Site
from tests.platform.credentials.acme import write_providers

from modelbay.platform.people.permissions import Role

HOME = "/api/workspaces/default"
ACME = f"{HOME}/balances/acme"


@pytest.fixture
async def site(tmp_path: Path, installation: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """A gateway with a provider that takes keys that begin with `good-`."""
    for name in ("ACME_KEY", "ACME_OLD_KEY", "ACME_REGION"):
        monkeypatch.delenv(name, raising=False)
    plugins = [str(path) for path in write_providers(tmp_path / "plugins")]
    async with running(tmp_path, plugins=plugins) as started:
        yield started


async def save(person: Person, name: str) -> str:
    """Save credentials; return their id."""
    body: Any = {"provider": "acme", "name": name, "values": {"api_key": f"good-{name}-0123456789"}}
    answer = await person.post(f"{HOME}/credentials", body)
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


async def test_calls_are_shared_by_whom_the_list_says_until_it_is_cleared(site: Site) -> None:
    """Two people who edit at once must not undo each other unseen."""
    ann = site.person(Role.ADMIN)
    one, two = await save(ann, "one"), await save(ann, "two")
    first = {"entries": [{"credential": one, "weight": 3}, {"credential": two}]}
    made = await ann.call("PUT", ACME, first)
    off: Any = {"entries": [{"credential": one}, {"credential": two, "enabled": False}], "version": 1}
    changed = await ann.call("PUT", ACME, off)
    late = await ann.call("PUT", ACME, first, if_match=made.headers["etag"])
    read = await ann.get(ACME)
    listed = await ann.get(f"{HOME}/balances?provider=acme")
    gone = await ann.call("DELETE", ACME, if_match=read.headers["etag"])

    assert (made.status, made.json["status"], made.json["strategy"]) == (200, "balanced", "weighted")
    assert [(each["name"], each["weight"], each["uses"]) for each in made.json["entries"]] == [
        ("one", 3, one),
        ("two", 1, two),
    ]
    assert (changed.json["status"], changed.json["version"]) == ("plain", 2)
    assert [each["status"] for each in changed.json["entries"]] == ["ready", "off"]
    assert (late.status, late.json["code"]) == (412, "changed_since")
    assert listed.json["items"] == [read.json] == [changed.json]
    assert (gone.status, (await ann.get(ACME)).status) == (204, 404)
    written = [(row.actor, row.action) for row in site.audited() if row.action.startswith("balance.")]
    assert written == [(ann.id, f"balance.{what}") for what in ("set", "set", "clear")]


async def test_a_model_is_named_beside_the_path(site: Site) -> None:
    """Names of models have slashes; a model's balance is not its provider's."""
    ann = site.person(Role.ADMIN)
    entries = [{"credential": await save(ann, name)} for name in ("one", "two")]
    place = {"model": "some/model", "type": "llm"}
    made = await ann.call("PUT", ACME, place | {"entries": entries})
    query = "?model=some%2Fmodel&type=llm"

    assert (made.status, made.json["model"], made.json["type"]) == (200, "some/model", "llm")
    assert (await ann.get(ACME)).status == 404
    assert (await ann.get(ACME + query)).json == made.json
    assert (await ann.call("DELETE", ACME + query)).status == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"entries": [{"credential": "active"}]}, "entries"),
        ({"entries": [{"credential": "active"}] * 2}, "entries"),
        ({"entries": [{"credential": "active"}, {"credential": "cred_none"}]}, "entries"),
        ({"entries": [{"credential": "active", "weight": 0}] * 2}, "entries.0.weight"),
        ({"entries": [{"credential": "active"}] * 2, "model": "m"}, "type"),
        ({"entries": [{"credential": "active"}] * 2, "model": "acme/", "type": "llm"}, "model"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_set(site: Site, body: object, field: str) -> None:
    """Whoever fills in a form has to find the field."""
    ann = site.person(Role.ADMIN)
    told = await ann.call("PUT", ACME, body)

    assert told.status in (404, 422)
    assert field in [each["field"] for each in told.json["errors"]]
    assert (await ann.get(f"{HOME}/balances")).json["items"] == []

"""Credentials, models and defaults over the API: proved before they are saved, masked when read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import Person, Site
from tests.platform.credentials.acme import write_providers

from modelbay.platform.people.permissions import Role

KEY = "good-key-0123456789"
MODEL = {"provider": "acme", "model": "mine", "type": "llm"}


@pytest.fixture
async def site(tmp_path: Path, installation: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """A gateway with three more providers: `acme` takes keys that begin with `good-`."""
    async with acme(tmp_path, monkeypatch) as started:
        yield started


def acme(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **variables: str
) -> AbstractAsyncContextManager[Site]:
    """Run a gateway with these providers, and with these variables of theirs."""
    for name in ("ACME_KEY", "ACME_OLD_KEY", "ACME_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return running(folder, plugins=[str(path) for path in write_providers(folder / "plugins")])


class Team:
    """An admin of a workspace, and its credentials."""

    def __init__(self, site: Site) -> None:
        self.id = site.workspace()
        self.admin: Person = site.person(Role.ADMIN, self.id)
        self.path = f"/api/workspaces/{self.id}"

    async def get(self, path: str) -> Any:
        """Read something of the workspace."""
        answer = await self.admin.get(f"{self.path}/{path}")
        assert answer.status == 200, answer.body
        return answer.json

    async def save(self, key: str = KEY, **more: Any) -> Any:
        """Save credentials."""
        body = {"provider": "acme", "values": {"api_key": key, **more.pop("values", {})}, **more}
        answer = await self.admin.post(f"{self.path}/credentials", body)
        assert answer.status == 201, answer.body
        return answer.json


async def test_credentials_are_proved_sealed_and_shown_masked(
    site: Site, request: pytest.FixtureRequest
) -> None:
    """From the request to the disk, nobody sees the secret again."""
    team = Team(site)

    made = await team.save(values={"region": "eu"}, name="production")
    read = await team.admin.get(f"{team.path}/credentials/{made['id']}")
    listed = await team.get("credentials?provider=acme")

    assert made["values"] == {"api_key": "good-k************89", "region": "eu", "mode": "chat"}
    assert (made["active"], made["status"], made["version"]) == (True, "ready", 1)
    assert read.json == made == listed["items"][0]
    assert read.headers["etag"] == '"v1"'
    assert KEY.encode() not in site.stored(request)
    assert KEY not in str(site.audited(team.id))


async def test_what_the_provider_does_not_accept_is_not_saved(site: Site) -> None:
    """Its words are told, the key in them is not."""
    team = Team(site)
    body = {"provider": "acme", "values": {"api_key": "bad-key-0123456789"}}

    answer = await team.admin.post(f"{team.path}/credentials", body)

    assert (answer.status, answer.json["code"]) == (422, "credentials_refused")
    assert "is unknown" in answer.json["detail"]
    assert "bad-key-0123456789" not in answer.body.decode()
    assert (await team.get("credentials"))["items"] == []


async def test_a_form_names_every_field_that_is_wrong(site: Site) -> None:
    """All at once, each beside its field."""
    team = Team(site)
    body = {"provider": "acme", "values": {"mode": "raw", "regoin": "eu", "api_key": "good-" + "x" * 99}}

    answer = await team.admin.post(f"{team.path}/credentials", body)

    told = {each["field"]: each["message"] for each in answer.json["errors"]}
    assert answer.status == 422
    assert set(told) == {"values.api_key", "values.account", "values.regoin"}
    assert "did you mean region" in told["values.regoin"]


async def test_a_secret_that_is_sent_back_hidden_stays_as_it_is(site: Site) -> None:
    """A page that shows a form has not got the secret, and must not overwrite it with stars."""
    team = Team(site)
    made = await team.save(values={"region": "eu"})
    path = f"{team.path}/credentials/{made['id']}"

    kept = await team.admin.call(
        "PATCH", path, {"values": {"api_key": "[__HIDDEN__]", "region": "us"}}, if_match='"v1"'
    )
    stale = await team.admin.call("PATCH", path, {"name": "Other"}, if_match='"v1"')
    wrong = await team.admin.call("PATCH", path, {"values": {"api_key": "bad-key"}})

    assert kept.json["values"] == {**made["values"], "region": "us"}
    assert kept.headers["etag"] == '"v2"'
    assert (stale.status, wrong.status) == (412, 422)
    assert (await team.admin.post(f"{path}/validate")).json == {"valid": True, "detail": ""}


async def test_credentials_are_tried_without_being_saved(site: Site) -> None:
    """A button beside the form; whoever tries keys in turn has to wait."""
    team = Team(site)
    path = f"{team.path}/credentials/validate"
    body = {"provider": "acme", "values": {"api_key": "bad-key-0123456789"}}

    bad = await team.admin.post(path, body)
    good = await team.admin.post(path, {"provider": "acme", "values": {"api_key": KEY}})
    later = [await team.admin.post(path, body) for _ in range(9)]

    assert bad.status == 200
    assert bad.json["valid"] is False
    assert "bad-key-0123456789" not in bad.body.decode()
    assert good.json == {"valid": True, "detail": ""}
    assert [answer.status for answer in later] == [200] * 8 + [429]
    assert int(later[-1].headers["retry-after"]) > 0
    assert (await team.get("credentials"))["items"] == []


async def test_the_active_ones_are_chosen_and_none_take_the_place_of_deleted_ones(site: Site) -> None:
    """Which key pays is a person's choice."""
    team = Team(site)
    first, second = await team.save(name="one"), await team.save(name="two")
    switch = {"provider": "acme", "credential": second["id"]}

    assert (await team.admin.post(f"{team.path}/credentials/switch", switch)).status == 204
    active = {each["name"]: each["active"] for each in (await team.get("credentials"))["items"]}
    deleted = await team.admin.call("DELETE", f"{team.path}/credentials/{second['id']}")
    left = (await team.get("credentials"))["items"]

    assert active == {"one": False, "two": True}
    assert deleted.status == 204
    assert [(each["id"], each["active"]) for each in left] == [(first["id"], False)]


async def test_what_the_environment_holds_is_shown_to_the_first_workspace_only(
    tmp_path: Path, installation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masked, with the variable to change; it cannot be edited here."""
    async with acme(tmp_path, monkeypatch, ACME_KEY=KEY) as site:
        owner, team = site.person(Role.OWNER), Team(site)

        own = await owner.get("/api/workspaces/default/environment-credentials?limit=200")
        of_team = await team.get("environment-credentials")

    acme_key = next(each for each in own.json["items"] if each["provider"] == "acme")
    assert acme_key["values"] == {"api_key": "good-k************89"}
    assert (acme_key["variables"], acme_key["active"]) == ({"api_key": "ACME_KEY"}, True)
    assert of_team["items"] == []


async def test_models_are_added_listed_with_their_status_and_deleted(site: Site) -> None:
    """Why one cannot be called is beside it."""
    team = Team(site)

    before = await team.admin.post(f"{team.path}/models", MODEL)
    without = [each for each in (await team.get("models?provider=acme"))["items"] if each["custom"]]
    await team.save()
    active = (await team.get("models?provider=acme&status=active"))["items"]
    again = await team.admin.post(f"{team.path}/models", MODEL)
    off = await team.admin.post(f"{team.path}/models/disable", MODEL)
    disabled = (await team.get("models?provider=acme"))["items"]
    query = "models?provider=acme&model=mine&type=llm"
    deleted = [(await team.admin.call("DELETE", f"{team.path}/{query}")).status for _ in range(2)]

    assert (before.status, before.json["status"]) == (201, "no-configure")
    assert [each["model"] for each in without] == ["mine"]
    assert "no credentials are known for acme" in without[0]["text"]
    assert ("mine", "API key 1") in [(each["model"], each["credential"]["name"]) for each in active]
    assert (again.status, off.status) == (409, 204)
    assert {each["model"]: each["status"] for each in disabled}["mine"] == "disabled"
    assert deleted == [204, 404]


async def test_a_model_has_credentials_of_its_own_and_can_be_added_again_with_them(site: Site) -> None:
    """They stay when it is deleted, so that nobody has to look for them."""
    team = Team(site)
    made = await team.save(**MODEL, values={"context_size": "8192"})
    query = "models?provider=acme&model=mine&type=llm"

    described = await team.get(f"{query.replace('?', '/declaration?')}")
    await team.admin.call("DELETE", f"{team.path}/{query}")
    removed = (await team.get("models/removed"))["items"]
    again = await team.admin.post(f"{team.path}/models", {**MODEL, "credential": made["id"]})

    assert described["declaration"]["label"]["en_US"] == "My mine"
    assert removed == [MODEL]
    assert (again.status, again.json["credential"]["id"]) == (201, made["id"])


async def test_defaults_are_set_all_or_none_and_never_by_reading(site: Site) -> None:
    """One that cannot be called is told, with one that can."""
    team = Team(site)
    await team.save(**MODEL, values={"context_size": "8192"})
    body = {"models": {"llm": "acme/mine", "tts": "acme/mine"}}

    refused = await team.admin.call("PUT", f"{team.path}/defaults", body)
    none = {each["type"]: each["model"] for each in (await team.get("defaults"))["items"]}
    chosen = await team.admin.call("PUT", f"{team.path}/defaults", {"models": {"llm": "acme/mine"}})
    stale = {"models": {"llm": None}, "versions": {"llm": 0}}
    conflict = await team.admin.call("PUT", f"{team.path}/defaults", stale)
    await team.admin.post(f"{team.path}/models/disable", MODEL)
    broken = next(each for each in (await team.get("defaults"))["items"] if each["type"] == "llm")

    assert (refused.status, [each["field"] for each in refused.json["errors"]]) == (422, ["models.tts"])
    assert set(none.values()) == {None}
    assert next(each["model"] for each in chosen.json["items"] if each["type"] == "llm") == "acme/mine"
    assert conflict.status == 409
    assert (broken["model"], broken["status"]) == ("acme/mine", "disabled")
    assert broken["suggested"]


async def test_a_provider_shows_its_form_and_its_icon_to_whoever_has_signed_in(site: Site) -> None:
    """An icon is a document of whoever made the plugin: it runs nothing."""
    person = site.person()

    acme = (await person.get("/api/providers/acme")).json
    icon = await person.get("/api/providers/openai/icon?theme=dark&language=zh_Hans")
    fields = {each["variable"]: each for each in acme["provider_form"]}

    assert fields["api_key"]["type"] == "secret-input"
    assert fields["account"]["show_on"] == [{"variable": "mode", "value": "raw"}]
    assert acme["environment"]["api_key"] == ["ACME_KEY", "ACME_OLD_KEY"]
    assert icon.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in icon.headers["content-security-policy"]
    assert icon.body.lstrip().startswith(b"<")
    assert (await person.get("/api/providers/open/icon")).status == 404
    assert (await site.call("GET", "/api/providers/openai/icon")).status == 401


async def test_a_vault_rotates_while_secrets_go_on_opening(site: Site) -> None:
    """And says how many secrets each key pair holds."""
    team = Team(site)
    made = await team.save()
    owner = site.person(Role.OWNER, team.id)

    rotated = await owner.post(f"{team.path}/vault/rotate", {})
    status = await team.get("vault")

    assert rotated.json == {"number": 2, "sealed": 1, "unchanged": 0, "unreadable": 0}
    assert [(each["number"], each["secrets"]) for each in status["pairs"]] == [(1, 0), (2, 1)]
    assert (status["ok"], status["unreadable"]) == (True, {})
    assert (await team.admin.post(f"{team.path}/credentials/{made['id']}/validate")).json["valid"]

"""What a client may call a model, and what it is told when that means nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.gateway.conftest import Serve
from tests.gateway.serving import Served
from tests.gateway.speakers import CHAT, MESSAGES, SPEAKERS
from tests.upstreams.published import as_published

from modelbay.platform.keys import create_key
from modelbay.sdk.testing import faults
from modelbay.store import Database

ROUTE = ["openai/gpt-4.1-mini", "anthropic/claude-sonnet-4-5"]


TWIN = {
    "manifest.yaml": """
version: 1.0.0
type: plugin
author: twin
name: twin
label: {en_US: Twin}
description: {en_US: A second provider of the same models.}
icon: icon.svg
created_at: 2026-01-01T00:00:00Z
plugins: {models: [provider/twin.yaml]}
""",
    "provider/twin.yaml": """
provider: twin
label: {en_US: Twin}
supported_model_types: [llm]
configurate_methods: [predefined-model]
environment: {api_key: TWIN_KEY}
provider_credential_schema:
  credential_form_schemas:
    - {variable: api_key, label: {en_US: Key}, type: secret-input, required: true}
wire:
  family: openai
  address: {default: "https://twin.example/v1"}
  auth: {scheme: bearer, credential: api_key}
models:
  llm: {predefined: ["models/llm/*.yaml"]}
""",
    "models/llm/models.yaml": "models: [{model: gpt-4.1-mini, model_type: llm}]\n",
    "_assets/icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
}


def twin_of_openai(folder: Path) -> str:
    """Write a plugin that has a model of OpenAI's under the same name; return its folder."""
    for name, text in TWIN.items():
        path = folder / "twin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def key_for(served: Served, *models: str) -> str:
    """Make a key that opens only these."""
    with Database.open(Path(served.gateway.settings.data_dir)) as database:
        return create_key(database, name="narrow", models=models).secret


async def ask(served: Served, model: str, speaker: Any = CHAT, key: str = "", **wishes: Any) -> Any:
    """Ask for a few words."""
    return await served.call("POST", speaker.path, speaker.ask(model, "Hi you two", **wishes), key=key)


@pytest.mark.parametrize("client", SPEAKERS)
@pytest.mark.parametrize("name", ["openai/gpt-4.1-mini", "gpt-4.1-mini", "fast", "default"])
async def test_the_names_of_a_model(serve: Serve, name: str, client: str) -> None:
    """Its provider's and its own, its own alone, a route's, or none in particular."""
    served = await serve(
        "openai", routes={"fast": ["openai/gpt-4.1-mini"]}, defaults={"llm": "openai/gpt-4.1-mini"}
    )

    answer = await ask(served, name, SPEAKERS[client])

    assert (answer.status, answer.headers["modelbay-model"]) == (200, "openai/gpt-4.1-mini")
    [record] = await served.records()
    assert (record["asked_model"], record["provider"], record["model"]) == (name, "openai", "gpt-4.1-mini")


@pytest.mark.parametrize("name", ["gpt-17", "openai", "nobody/gpt-4.1", "default", "", "/", "openai/"])
@pytest.mark.parametrize("client", SPEAKERS)
async def test_a_name_that_means_nothing(serve: Serve, client: str, name: str) -> None:
    """Not found, as each dialect says it; a made-up name never reaches an upstream."""
    served = await serve("openai")

    answer = await ask(served, name, SPEAKERS[client])

    assert answer.status == (404 if name else 400)
    error = answer.json["error"]
    if client == "messages":
        assert error["type"] == ("not_found_error" if name else "invalid_request_error")
    elif name:
        assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert not served.upstreams["openai"].requests


@pytest.mark.parametrize("client", SPEAKERS)
async def test_a_name_that_means_several(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    """The error lists the choices; with credentials for only one of them there is no question."""
    plugin = twin_of_openai(tmp_path / "plugins")
    clear = await serve("openai", plugins=[plugin])
    several = await serve("openai", plugins=[plugin])

    one = await ask(clear, "gpt-4.1-mini", SPEAKERS[client])
    monkeypatch.setenv("TWIN_KEY", "k-12345678")
    none = await ask(several, "gpt-4.1-mini", SPEAKERS[client])

    assert (one.status, one.headers["modelbay-model"]) == (200, "openai/gpt-4.1-mini")
    assert none.status == 404
    message = none.json["error"]["message"]
    assert "openai/gpt-4.1-mini" in message
    assert "twin/gpt-4.1-mini" in message
    assert not several.upstreams["openai"].requests


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client", SPEAKERS)
async def test_a_route_goes_on_where_a_model_fails(serve: Serve, client: str, stream: bool) -> None:
    """The next one answers, in streams too as long as nothing was said; the record tells of both."""
    served = await serve("openai", "anthropic", routes={"best": ROUTE})
    served.upstreams["openai"].will_fail(faults.status(500), times=None)

    answer = await ask(served, "best", SPEAKERS[client], stream=stream)

    assert (answer.status, answer.headers["modelbay-model"]) == (200, ROUTE[1])
    assert b"Hi" in answer.body
    [record] = await served.records()
    assert (record["asked_model"], record["provider"], record["attempts"]) == ("best", "anthropic", 2)
    assert (record["status"], record["error"]) == (200, "")


async def test_a_route_does_not_repeat_a_mistake_of_the_client(serve: Serve) -> None:
    """What is wrong for one is wrong for all."""
    served = await serve("openai", "anthropic", routes={"best": ROUTE})
    served.upstreams["openai"].will_fail(faults.status(400, "too long"))

    answer = await ask(served, "best")

    assert answer.status == 400
    assert not served.upstreams["anthropic"].requests


async def test_a_route_that_fails_altogether(serve: Serve) -> None:
    """The last error is told, and the record counts the attempts."""
    served = await serve("openai", "anthropic", routes={"best": ROUTE})
    for family in ("openai", "anthropic"):
        served.upstreams[family].will_fail(faults.status(500, f"{family} is down"), times=None)

    answer = await ask(served, "best")

    assert answer.status == 500
    assert "anthropic is down" in answer.json["error"]["message"]
    [record] = await served.records()
    assert (record["attempts"], record["status"]) == (2, 500)


async def test_no_second_model_once_something_was_said(serve: Serve) -> None:
    """Two halves of two answers are none."""
    served = await serve("openai", "anthropic", routes={"best": ROUTE})
    served.upstreams["openai"].will_fail(faults.error_event(3))

    answer = await ask(served, "best", stream=True)

    assert "error" in answer.events[-1]
    assert not served.upstreams["anthropic"].requests


async def test_a_key_opens_what_it_names(serve: Serve) -> None:
    """For anything else there is nothing there: neither in calls nor in the list."""
    served = await serve("openai", "anthropic", routes={"best": ROUTE, "other": ROUTE})
    key = key_for(served, "openai/gpt-4.1*", "best")

    opened = await ask(served, "openai/gpt-4.1-mini", key=key)
    closed = await ask(served, "openai/gpt-4o", key=key)
    route = await ask(served, "best", key=key)
    listed = await served.call("GET", "/v1/models", key=key)
    one = await served.call("GET", "/v1/models/anthropic/claude-sonnet-4-5", key=key)

    assert (opened.status, route.status) == (200, 200)
    assert (closed.status, closed.json["error"]["code"]) == (404, "model_not_found")
    names = [model["id"] for model in listed.json["data"]]
    assert names[0] == "best"
    assert "other" not in names
    assert all(name.startswith("openai/gpt-4.1") for name in names[1:])
    assert one.status == 404


async def test_a_route_is_cut_to_what_a_key_opens(serve: Serve) -> None:
    """A key for one provider that asks for a route it does not name gets that provider's part of it."""
    served = await serve("openai", "anthropic", routes={"best": ROUTE})

    answer = await ask(served, "best", key=key_for(served, "anthropic/*"))

    assert (answer.status, answer.headers["modelbay-model"]) == (200, ROUTE[1])
    assert not served.upstreams["openai"].requests


async def test_the_list_of_models(serve: Serve) -> None:
    """As OpenAI lists them, with what we know of each beside; only of providers that have credentials."""
    served = await serve("openai", routes={"best": ["openai/gpt-4.1-mini"]})

    listed = await served.call("GET", "/v1/models")
    one = await served.call("GET", "/v1/models/openai/gpt-4.1-mini")
    bare = await served.call("GET", "/v1/models/gpt-4.1-mini")
    escaped = await served.call("GET", "/v1/models/openai%2Fgpt-4.1-mini")

    as_published("openai.openapi.json")(listed.json, "ListModelsResponse")
    as_published("openai.openapi.json")(one.json, "Model")
    assert one.json in listed.json["data"]
    assert one.json == bare.json == escaped.json
    assert {"type": "llm", "context_size": 1047576, "provider": "openai"}.items() <= one.json.items()
    assert "vision" in one.json["features"]
    assert (one.json["price"]["input"], one.json["price"]["currency"]) == ("0.4", "USD")
    assert {model["provider"] for model in listed.json["data"]} == {"openai", "sandbox", "modelbay"}
    assert {model["type"] for model in listed.json["data"]} >= {"llm", "text-embedding", "tts", "moderation"}
    assert await served.records() == []


async def test_the_list_as_anthropic_has_it(serve: Serve) -> None:
    """The version header tells its clients from others."""
    served = await serve("anthropic")
    version = {"anthropic-version": "2023-06-01"}

    listed = await served.call("GET", "/v1/models", headers=version)
    one = await served.call("GET", "/v1/models/anthropic/claude-sonnet-4-5", headers=version)

    assert {"data", "has_more", "first_id", "last_id"} <= listed.json.keys()
    as_published("anthropic.schemas.json")(one.json, "ModelInfo")
    assert (one.json["type"], one.json["id"]) == ("model", "anthropic/claude-sonnet-4-5")


async def test_the_same_name_in_another_dialect_is_the_same_model(serve: Serve) -> None:
    """Names are looked up once and kept; what is kept must not depend on who asked."""
    served = await serve("openai")
    narrow = key_for(served, "anthropic/*")

    first = await ask(served, "gpt-4.1-mini", MESSAGES)
    second = await ask(served, "gpt-4.1-mini", key=narrow)

    assert (first.status, second.status) == (200, 404)

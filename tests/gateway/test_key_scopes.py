"""A key opens what it is for, at every route and for every type of model; not more than the keys above it."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from tests.gateway.client import Answer
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.installation import Installation
from tests.gateway.speakers import CHAT, SPEAKERS

from modelbay.gateway.routes import Route
from modelbay.gateway.surfaces.routes import ALL
from modelbay.platform.key_scopes import API, SURFACES, Scopes
from modelbay.platform.keys import NewKey, create_key, edit_key, narrower_key, revoke_key

pytestmark = EVERYWHERE
MESSAGES = [{"role": "user", "content": "Hi"}]
EACH = pytest.mark.parametrize("route", ALL, ids=lambda route: f"{route.method} {route.path}")
BODIES: dict[str, dict[str, Any]] = {
    "openai.chat": {"model": "openai/gpt-4.1-mini", "messages": MESSAGES},
    "anthropic.messages": {"model": "anthropic/claude-sonnet-4-5", "messages": MESSAGES, "max_tokens": 9},
    "openai.embeddings": {"model": "openai/text-embedding-3-small", "input": ["a"]},
    "openai.moderations": {"model": "openai/omni-moderation-latest", "input": "Hi"},
    "openai.speech": {"model": "openai/tts-1", "input": "Hi", "voice": "alloy"},
    "openai.models": {},
}
"""What is asked of some surfaces, each with a type of model."""


def made(served: Installation, **scopes: Any) -> NewKey:
    """Make a key with some scopes."""
    with served.database() as database:
        return create_key(database, **scopes)


def below(served: Installation, parent: NewKey, wish: Scopes) -> NewKey:
    """Make a narrower key."""
    with served.database() as database:
        return narrower_key(database, parent.row.id, wish, actor="cli")


async def call(served: Installation, route: Route, key: str, headers: dict[str, str] | None = None) -> Answer:
    """Call a route with what its clients send."""
    path, body = route.path + ("x" if route.prefix else ""), BODIES.get(route.surface, {"model": "x"})
    return await served.call(route.method, path, body if route.method == "POST" else None, headers, key=key)


def test_the_surfaces_of_keys_are_those_of_the_gateway() -> None:
    """A route that is added has a name that keys can be restricted to."""
    assert set(SURFACES) == {route.surface for route in ALL} | {API, "metrics"}
    assert len(set(SURFACES)) == len(SURFACES)


@pytest.mark.one_process("each surface is refused, or not, by the process that is asked")
@EACH
async def test_a_key_opens_no_surface_but_its_own(serve: Serve, route: Route) -> None:
    """Refused in the dialect of its clients before the body is read, and without a line in the ledger."""
    served = await serve("openai")
    others = [name for name in SURFACES if name != route.surface]
    answer = await call(served, route, made(served, surfaces=others).secret)

    assert answer.status == 403
    assert "www-authenticate" not in answer.headers
    error = answer.json.get("error", answer.json)
    assert error["message"].startswith(f"this key does not open {route.surface}: it opens openai.")
    if route.surface.startswith("anthropic"):
        assert (error["type"], answer.headers["request-id"]) == (
            "permission_error",
            answer.json["request_id"],
        )
    elif route.surface.startswith("openai"):
        assert (error["type"], error["code"]) == ("permission_error", "missing_scope")
    assert await served.records() == []
    assert not served.upstreams["openai"].requests


@pytest.mark.one_process("each surface is refused, or not, by the process that is asked")
@EACH
async def test_a_key_opens_its_own_surface(serve: Serve, route: Route) -> None:
    """Whatever is answered then, it is not that the key opens nothing."""
    served = await serve("openai", "anthropic")

    assert (await call(served, route, made(served, surfaces=[route.surface]).secret)).status not in {401, 403}


@pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])
@pytest.mark.parametrize("client", SPEAKERS)
async def test_a_key_opens_no_type_but_its_own(serve: Serve, client: str, lanes: bool) -> None:
    """Named as a permission that it lacks; the ledger tells what was asked and with which key."""
    served = await serve("openai", lanes=lanes)
    key, speaker = made(served, types=["tts", "rerank"]), SPEAKERS[client]
    answer = await served.call("POST", speaker.path, speaker.ask("openai/gpt-4.1-mini", "Hi"), key=key.secret)

    assert answer.status == 403
    assert answer.json["error"]["type"] == "permission_error"
    message = "this key does not open models of the type llm: it opens tts, rerank"
    assert answer.json["error"]["message"] == message
    [record] = await served.records()
    assert (record["key_id"], record["status"], record["error"]) == (key.row.id, 403, "KeyScopeError")
    assert (record["asked_model"], record["model_type"]) == ("openai/gpt-4.1-mini", "llm")
    assert not served.upstreams["openai"].requests


async def models(served: Installation, key: NewKey) -> set[tuple[str, str]]:
    """Return what `/v1/models` lists: type and name."""
    answer = await served.call("GET", "/v1/models", key=key.secret)
    assert answer.status == 200
    return {(model["type"], model["id"]) for model in answer.json["data"]}


async def test_models_are_listed_that_a_key_opens(serve: Serve) -> None:
    """By type, and by what the surfaces that it opens serve; a route only if it leads to one of them."""
    routes = {"fast": ["openai/gpt-4.1-mini"], "say": ["openai/tts-1"], "mine": ["openai/of-mine"]}
    served = await serve("openai", routes=routes)
    spoken = await models(served, made(served, types=["tts"]))
    chats = await models(served, made(served, surfaces=["openai.chat", "openai.models"]))
    both = await models(served, made(served, types=["tts"], surfaces=["openai.chat", "openai.models"]))
    everything = await models(served, made(served, models=["openai/*", "fast", "say"]))

    assert {kind for kind, _ in spoken} == {"tts", "route"}
    assert {name for kind, name in spoken if kind == "route"} == {"say", "mine"}
    assert {kind for kind, _ in chats} == {"llm", "route"}
    assert {name for kind, name in chats if kind == "route"} == {"fast", "mine"}
    assert both == set()
    assert {kind for kind, _ in everything} > {"llm", "tts", "text-embedding", "route"}


async def test_a_route_is_cut_to_what_all_of_a_lineage_opens(serve: Serve) -> None:
    """Each key of it may open a model by its own name or by the route's."""
    served = await serve(
        "openai", "anthropic", routes={"best": ["openai/gpt-4.1-mini", "anthropic/claude-sonnet-4-5"]}
    )
    root = made(served, models=["best"])
    leaf = below(served, root, Scopes())
    with served.database() as database:
        edit_key(database, root.row.id, Scopes(models=["anthropic/*"]), actor="cli")
    answer = await served.call("POST", CHAT.path, CHAT.ask("best", "Hi"), key=leaf.secret)

    assert (answer.status, answer.headers["modelbay-model"]) == (200, "anthropic/claude-sonnet-4-5")


async def test_metrics_are_a_surface(serve: Serve) -> None:
    """A key for calls is not one for whoever watches the gateway."""
    served = await serve(trusted_proxies=["127.0.0.1"])
    outside = {"x-forwarded-for": "192.0.2.7"}
    calls, watching = made(served, surfaces=["openai.*"]), made(served, surfaces=["metrics"])

    assert (await served.call("GET", "/metrics", headers=outside, key=calls.secret)).status == 403
    assert (await served.call("GET", "/metrics", headers=outside, key=watching.secret)).status == 200


async def test_revoking_a_key_closes_what_was_made_with_it(serve: Serve) -> None:
    """Within a second, without a restart."""
    served = await serve("openai")
    root = made(served)
    leaf = below(served, below(served, root, Scopes()), Scopes(surfaces=["openai.models"]))
    before = await served.call("GET", "/v1/models", key=leaf.secret)
    with served.database() as database:
        revoke_key(database, root.row.id)

    answers = [before, before]  # the last two are of both servers, where there are two
    while 200 in [each.status for each in answers[-2:]]:  # this ends, or the run is ended with its stacks
        answers.append(await served.call("GET", "/v1/models", key=leaf.secret))

    assert {each.status for each in answers} == {200, 401}


WISHES = [
    Scopes(models=["openai/*"]),
    Scopes(types=["llm", "tts"]),
    Scopes(surfaces=["openai.*"], networks=["192.0.2.0/24"]),
    Scopes(models=["openai/gpt-4.1*"], surfaces=["openai.chat", "openai.models"]),
]


async def test_whatever_a_narrower_key_opens_the_keys_above_it_open(serve: Serve) -> None:
    """The promise that is tested for all trees of keys, at the running gateway for some."""
    served = await serve("openai", "anthropic", trusted_proxies=["127.0.0.1"])
    line = [made(served)]
    for wish in WISHES:
        line.append(below(served, line[-1], wish))
    uses = [(route, {"x-forwarded-for": each}) for route in ALL for each in ("192.0.2.7", "203.0.113.9")]
    uses = [use for use in uses if use[0].surface in BODIES and not use[0].prefix]

    async def opened(key: NewKey) -> set[tuple[str, str]]:
        answers = await asyncio.gather(*(call(served, route, key.secret, headers) for route, headers in uses))
        found = zip(uses, answers, strict=True)
        return {(use[0].surface, use[1]["x-forwarded-for"]) for use, answer in found if answer.status == 200}

    each = [await opened(key) for key in line]

    assert all(narrower < wider for wider, narrower in itertools.pairwise(each))
    assert (len(each[0]), each[-1]) == (12, {("openai.chat", "192.0.2.7"), ("openai.models", "192.0.2.7")})

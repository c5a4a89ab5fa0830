"""Without a key nothing opens, and nobody is told which part of a key was wrong."""

from __future__ import annotations

import asyncio

import pytest
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.speakers import CHAT

from modelbay.gateway.surfaces.routes import ALL
from modelbay.platform.keys import create_key, revoke_key

EACH = pytest.mark.parametrize(
    ("method", "path"), [(route.method, route.path + ("x" if route.prefix else "")) for route in ALL]
)
WRONG = {
    "none": {},
    "wrong": {"authorization": "Bearer mb-wrong"},
    "another scheme": {"authorization": "Basic eA=="},
}
WRONG |= {"empty": {"authorization": "Bearer "}, "wrong in x-api-key": {"x-api-key": "mb-wrong"}}


@EACH
async def test_every_route_is_closed(serve: Serve, method: str, path: str) -> None:
    """In the dialect of its clients, with the header that HTTP asks for, and without a line in the ledger."""
    served = await serve()

    for name, headers in WRONG.items():
        answer = await served.call(method, path, {"model": "sandbox-chat"}, headers, key=None)

        assert answer.status == 401, name
        assert answer.headers["www-authenticate"].startswith("Bearer")
        if path.startswith("/v1/messages"):
            assert answer.json["error"]["type"] == "authentication_error"
            assert answer.json["request_id"] == answer.headers["request-id"]
        elif "rerank" in path or "embed" in path.removeprefix("/v1/embeddings"):
            assert answer.json["message"]
        else:
            assert answer.json["error"]["type"] == "authentication_error"
            assert answer.json["error"]["code"] == "invalid_api_key"
        assert b"mb-wrong" not in answer.body
    assert await served.records() == []


@EVERYWHERE
@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
async def test_both_ways_of_giving_a_key(serve: Serve, header: str) -> None:
    """OpenAI's clients use one, Anthropic's the other."""
    served = await serve("openai")
    value = f"bearer  {served.key}" if header == "authorization" else served.key

    answer = await served.call("GET", "/v1/models", headers={header: value}, key=None)

    assert answer.status == 200


@EVERYWHERE
async def test_a_revoked_key_is_refused(serve: Serve) -> None:
    """Within a second, without a restart."""
    served = await serve("openai")
    with served.database() as database:
        new = create_key(database, name="short-lived")
    before = await served.call("GET", "/v1/models", key=new.secret)
    with served.database() as database:
        revoke_key(database, new.row.id)

    answers = [before, before]  # the last two are of both servers, where there are two
    while 200 in [each.status for each in answers[-2:]]:  # this ends, or the run is ended with its stacks
        answers.append(await served.call("GET", "/v1/models", key=new.secret))

    assert {each.status for each in answers} == {200, 401}


@EVERYWHERE
async def test_an_expired_key_is_refused(serve: Serve) -> None:
    """Its time is checked at every call."""
    served = await serve("openai")
    with served.database() as database:
        new = create_key(database, name="over", lifetime=-1)

    answer = await served.call("POST", CHAT.path, CHAT.ask("gpt-4.1-mini", "Hi"), key=new.secret)

    assert answer.status == 401
    assert not served.upstreams["openai"].requests


@EVERYWHERE
@pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])
async def test_the_key_never_reaches_an_upstream(serve: Serve, lanes: bool) -> None:
    """It is ours: the provider gets its own."""
    served = await serve("openai", lanes=lanes)

    await served.post(CHAT.path, CHAT.ask("gpt-4.1-mini", "Hi"), x_api_key=served.key, cookie="a=b")

    [request] = served.upstreams["openai"].requests
    assert served.key not in str(request.headers)
    assert "cookie" not in request.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_is_open(serve: Serve, method: str) -> None:
    """Whoever watches processes has no key."""
    served = await serve()

    healthy = await served.call(method, "/healthz", key=None)
    ready = await served.call(method, "/readyz", key=None)

    assert (healthy.status, ready.status) == (200, 200)
    if method == "GET":
        assert ready.json == {"status": "ready", "reasons": []}


async def test_what_is_degraded_is_told_beside_readiness(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits that replicas do not share are no reason to send calls elsewhere."""
    monkeypatch.setenv("MODELBAY_REDIS_URL", "redis://127.0.0.1:1/0")
    served = await serve()
    async with asyncio.timeout(30):
        ready = await served.call("GET", "/readyz", key=None)
        while "degraded" not in ready.json:
            ready = await served.call("GET", "/readyz", key=None)

    assert (ready.status, ready.json["status"], ready.json["reasons"]) == (200, "ready", [])
    assert ready.json["degraded"][0].startswith("Redis at 127.0.0.1:1 cannot be used")


async def test_it_is_not_ready_while_it_goes_down(serve: Serve) -> None:
    """It stays healthy, as it still answers what was begun; new calls are refused, to be tried elsewhere."""
    served = await serve("openai")
    served.gateway.draining()

    ready = await served.call("GET", "/readyz", key=None)
    healthy = await served.call("GET", "/healthz", key=None)
    refused = await served.post(CHAT.path, CHAT.ask("gpt-4.1-mini", "Hi"))

    assert (ready.status, ready.json["reasons"]) == (503, ["the gateway is shutting down"])
    assert healthy.status == 200
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")


async def test_metrics_are_open_to_this_machine(serve: Serve) -> None:
    """Prometheus on the same machine needs no key."""
    served = await serve()

    page = await served.call("GET", "/metrics", key=None)

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/plain")
    assert b"modelbay_active_calls 0.0" in page.body


async def test_nothing_else_is_served(serve: Serve) -> None:
    """Paths are compared as they are: no decoding, no dots, no double slashes that open something."""
    served = await serve()

    for path in (
        "/",
        "/v1",
        "/v1/",
        "/v1/chat",
        "//v1/models",
        "/v1/../v1/models",
        "/V1/models",
        "/metrics/",
    ):
        answer = await served.call("GET", path)
        assert (answer.status, answer.json["error"]["type"]) == (404, "invalid_request_error"), path
    for method, path, allowed in (("GET", CHAT.path, "POST"), ("PUT", "/v1/responses/x", "DELETE, GET")):
        answer = await served.call(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert await served.records() == []

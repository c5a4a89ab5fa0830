"""Tokens for an id and a secret: fetched once, renewed before they end, and once when they are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.wires.raw_upstream import Received, answer_of, raw_upstream

from modelbay.errors import InvokeAuthorizationError, InvokeError, InvokeServerUnavailableError
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.signing import Signer, signer_of
from modelbay.wires.transport import Transport

SETTINGS = TransportSettings(trust_env=False, retries=0)


class Service:
    """A token endpoint and the API that takes its tokens, at one address."""

    def __init__(self, life: Any = 3600) -> None:
        self.life = life
        self.refusals: list[tuple[int, Mapping[str, Any]]] = []  # of the token endpoint, in turn
        self.withdrawn: set[str] = set()
        self.asked: list[Received] = []
        self.called: list[str] = []

    async def __call__(self, received: Received) -> None:
        if "/token" in received.line:
            await self._give(received)
            return
        token = received.headers.get("authorization", "").removeprefix("Bearer ")
        token = token or parse_qs(urlsplit(received.line.split(" ")[1]).query).get("access_token", [""])[0]
        self.called.append(token)
        if token in self.withdrawn:
            await received.say(answer_of(401, {"error": {"message": f"token {token} is not good"}}))
        else:
            await received.say(answer_of(200, {"token": token}))

    async def _give(self, received: Received) -> None:
        self.asked.append(received)
        if self.refusals:
            status, body = self.refusals.pop(0)
            await received.say(answer_of(status, dict(body)))
            return
        body = {"access_token": f"token-{len(self.asked)}", "token_type": "Bearer", "expires_in": self.life}
        await received.say(answer_of(200, body))


class Ticks:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def signer(url: str, **more: str) -> Signer:
    settings = {"token_url": f"{url}/token", "client_id": "the-id", "client_secret": "the-secret", **more}
    return signer_of("client_credentials", settings)


async def call(transport: Transport, url: str, **more: str) -> str:
    answer = await transport.json(Request("POST", f"{url}/chat", json={}, signer=signer(url, **more)))
    return str(answer["token"])


async def test_a_token_is_asked_for_as_the_standard_says_and_kept() -> None:
    """The request of RFC 6749, section 4.4.2, as Entra ID documents it."""
    service = Service()
    async with raw_upstream(service) as upstream, Transport(SETTINGS) as transport:
        tokens = [await call(transport, upstream.url, scope="https://x.example/.default") for _ in range(3)]

    assert tokens == ["token-1"] * 3
    (asked,) = service.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["the-id"],
        "client_secret": ["the-secret"],
        "scope": ["https://x.example/.default"],
    }


async def test_a_token_may_be_asked_for_and_sent_in_the_address() -> None:
    """Some services read nothing else."""
    service = Service()
    async with raw_upstream(service) as upstream, Transport(SETTINGS) as transport:
        token = await call(transport, upstream.url, style="query", place="query:access_token")

    assert token == "token-1"
    assert parse_qs(urlsplit(service.asked[0].line.split(" ")[1]).query)["client_id"] == ["the-id"]


async def test_fifty_calls_at_once_fetch_one_token() -> None:
    """A token endpoint that is asked fifty times answers with 429."""
    service = Service()
    async with raw_upstream(service) as upstream, Transport(SETTINGS) as transport:
        tokens = await asyncio.gather(*(call(transport, upstream.url) for _ in range(50)))

    assert set(tokens) == {"token-1"}
    assert len(service.asked) == 1


async def test_fifty_calls_hear_of_one_refusal() -> None:
    """A wrong secret is not tried fifty times: that locks accounts. The next call may try again."""
    service = Service()
    service.refusals = [(401, {"error": "invalid_client", "error_description": "the secret is wrong"})]
    async with raw_upstream(service) as upstream, Transport(SETTINGS) as transport:
        outcomes = await asyncio.gather(
            *(call(transport, upstream.url) for _ in range(50)), return_exceptions=True
        )
        assert len(service.asked) == 1
        assert await call(transport, upstream.url) == "token-2"

    assert all(isinstance(each, InvokeAuthorizationError) for each in outcomes)
    assert "the secret is wrong" in str(outcomes[0])


async def test_who_came_first_may_leave_without_taking_the_token_along() -> None:
    """The fetch belongs to all who wait for it."""
    asked, release = asyncio.Event(), asyncio.Event()
    service = Service()

    async def slow(received: Received) -> None:
        if "/token" in received.line:
            asked.set()
            await release.wait()
        await service(received)

    async with raw_upstream(slow) as upstream, Transport(SETTINGS) as transport:
        first = asyncio.create_task(call(transport, upstream.url))
        await asked.wait()
        second = asyncio.create_task(call(transport, upstream.url))
        await asyncio.sleep(0)
        first.cancel()
        release.set()
        assert await second == "token-1"

    assert len(service.asked) == 1


async def test_a_token_is_renewed_before_it_ends() -> None:
    """Five minutes early: a call that is sent with it has to arrive with it."""
    service, ticks = Service(life="3600"), Ticks()
    async with raw_upstream(service) as upstream, Transport(SETTINGS, ticks=ticks) as transport:
        seen = [await call(transport, upstream.url)]
        ticks.seconds += 3299
        seen.append(await call(transport, upstream.url))
        ticks.seconds += 2
        seen.append(await call(transport, upstream.url))

    assert seen == ["token-1", "token-1", "token-2"]


async def test_a_token_that_was_withdrawn_is_renewed_once() -> None:
    """The service's word counts more than the time that it promised."""
    service = Service()
    service.withdrawn = {"token-1"}
    async with raw_upstream(service) as upstream, Transport(SETTINGS) as transport:
        assert await call(transport, upstream.url) == "token-2"
        service.withdrawn |= {"token-2", "token-3"}
        with pytest.raises(InvokeAuthorizationError) as caught:
            await call(transport, upstream.url)

    assert service.called == ["token-1", "token-2", "token-2", "token-3"]
    assert "token-3" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, {"error": "invalid_client"}, InvokeAuthorizationError, "invalid_client"),
        (200, {"error": "invalid_client", "error_description": "unknown client id"}, InvokeError, "unknown"),
        (200, {}, InvokeAuthorizationError, "no token"),
        (503, {"error": "busy"}, InvokeServerUnavailableError, "busy"),
    ],
)
async def test_a_refusal_is_told_in_the_services_words(
    status: int, body: dict[str, Any], kind: type[InvokeError], words: str
) -> None:
    """What is wrong with a secret only the service knows; the secret itself is not told."""
    service = Service()
    service.refusals = [(status, body)]
    async with raw_upstream(service) as upstream, Transport(SETTINGS) as transport:
        with pytest.raises(kind, match=words) as caught:
            await call(transport, upstream.url)

    assert "the-secret" not in str(caught.value)


async def test_other_credentials_have_another_token() -> None:
    """Two tenants of one server must never share one."""
    service = Service()
    async with raw_upstream(service) as upstream, Transport(SETTINGS) as transport:
        first = await call(transport, upstream.url)
        second = await call(transport, upstream.url, client_secret="another")

    assert (first, second) == ("token-1", "token-2")


def test_a_missing_setting_is_named() -> None:
    """Half-filled forms exist."""
    with pytest.raises(InvokeAuthorizationError, match="client_secret"):
        signer_of("client_credentials", {"token_url": "https://x.example", "client_id": "i"})

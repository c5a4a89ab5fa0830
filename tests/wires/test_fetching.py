"""Files by address: from the public internet only, whatever a name, a redirect or a server says."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.raw_upstream import Received, always, answer_of, raw_upstream

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.http1.guard import is_public
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

SETTINGS = TransportSettings(trust_env=False, retries=0)
HERE = replace(SETTINGS, file_hosts=frozenset({"127.0.0.1"}))
PRIVATE = [
    "127.0.0.1",
    "10.0.0.8",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # where clouds keep the keys of their machines
    "100.100.100.200",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.8",
    "64:ff9b::a00:8",
    "2002:a00:8::1",
    "fe80::1%eth0",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_known_in_every_spelling(address: str) -> None:
    """Ways round such lists are old and many."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is_public(address: str) -> None:
    """The guard must let the internet through."""
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_like_itself(address: ipaddress.IPv4Address) -> None:
    """Whoever translates connects to the inner one."""
    inner = is_public(str(address))
    assert is_public(f"::ffff:{address}") is inner
    assert is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address)))) is inner


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x",
        "http://localhost:{port}/x",
        "http://[::1]:{port}/x",
        "http://2130706433:{port}/x",
        "http://0x7f000001:{port}/x",
        "http://127.1:{port}/x",
        "http://user:password@127.0.0.1:{port}/x",
    ],
)
async def test_nothing_is_asked_of_a_private_host(url: str) -> None:
    """Whoever may send an image must not be able to look around in the network."""
    async with raw_upstream(always(answer_of(200, {}))) as upstream, Transport(SETTINGS) as transport:
        with pytest.raises(InvokeBadRequestError, match="cannot be fetched"):
            await transport.fetch(url.format(port=upstream.port))

    assert upstream.connections == 0


async def test_a_closed_transport_fetches_nothing() -> None:
    """Connections that were opened afterwards would be nobody's to close."""
    async with raw_upstream(always(answer_of(200, {}))) as upstream:
        for used in (True, False):
            async with Transport(HERE) as transport:
                if used:
                    await transport.fetch(f"{upstream.url}/x")
            with pytest.raises(RuntimeError, match="closed"):
                await transport.fetch(f"{upstream.url}/x")


async def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the address that is connected to, found once: a second look-up could say otherwise."""
    found: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    async with raw_upstream(always(answer_of(200, {}))) as upstream, Transport(SETTINGS) as transport:
        with pytest.raises(InvokeBadRequestError, match=r"rebound\.example is not on the public internet"):
            await transport.fetch(f"http://rebound.example:{upstream.port}/x")

    assert upstream.connections == 0
    assert found == ["rebound.example"]


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "//[::1]/"])
async def test_a_redirect_is_judged_like_the_first_address(to: str) -> None:
    """A public server may be anybody's."""
    async with (
        raw_upstream(always(answer_of(302, {}, {"location": to}))) as upstream,
        Transport(HERE) as transport,
    ):
        with pytest.raises(InvokeBadRequestError, match="cannot be fetched"):
            await transport.fetch(f"{upstream.url}/x")

    assert len(upstream.requests) == 1


async def test_redirects_are_followed_without_credentials_but_not_for_ever() -> None:
    """Images often lie behind one; two servers may point at each other."""

    async def elsewhere(received: Received) -> None:
        path = received.line.split(" ")[1]
        if path == "/end":
            await received.say(answer_of(200, {"found": True}))
        else:
            await received.say(answer_of(307, {}, {"location": "/end" if path == "/start" else "/round"}))

    async with raw_upstream(elsewhere) as upstream, Transport(HERE) as transport:
        address = upstream.url.replace("://", "://user:password@")
        reply = await transport.fetch(f"{address}/start")
        with pytest.raises(InvokeBadRequestError, match="redirects more than 5 times"):
            await transport.fetch(f"{upstream.url}/loop")

    assert reply.body == b'{"found":true}'
    assert all("authorization" not in request.headers for request in upstream.requests)


async def test_a_file_that_is_too_long_is_not_read_to_its_end() -> None:
    """An endless answer must not fill the memory."""

    async def endless(received: Received) -> None:
        await received.say(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n")
        for _ in range(10_000):
            await received.say(bytes(65536))

    settings = replace(HERE, max_file=100_000)
    async with raw_upstream(endless) as upstream, Transport(settings) as transport:
        with pytest.raises(InvokeBadRequestError, match="longer than 100000 bytes"):
            await transport.fetch(f"{upstream.url}/x")


@pytest.mark.parametrize(("status", "words"), [(404, "answered 404"), (403, "answered 403")])
async def test_a_file_that_is_not_there_is_the_callers_mistake(status: int, words: str) -> None:
    """The model's provider is not to blame, and an address's query may hold a signature."""
    async with raw_upstream(always(answer_of(status, {}))) as upstream, Transport(HERE) as transport:
        with pytest.raises(InvokeBadRequestError, match=words) as caught:
            await transport.fetch(f"{upstream.url}/x?signature=abc")

    assert "abc" not in str(caught.value)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield

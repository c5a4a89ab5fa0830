"""Whence a request comes: no client can say so itself."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.conftest import Serve
from tests.gateway.serving import Served

from modelbay.gateway.access_log import AccessLog
from modelbay.gateway.addresses import Addresses
from modelbay.gateway.settings import GatewaySettings, SettingsError
from modelbay.platform.keys import create_key
from modelbay.store import Database

PROXIES = ["10.0.0.0/8", "2001:db8::/32"]


@dataclass
class Request:
    """As much of an exchange as tells an address."""

    peer: str
    headers: dict[str, str] = field(default_factory=dict)


def address(peer: str, forwarded: str | None = None, *, trusted: list[str] = PROXIES) -> str:
    """Return the address that a request is taken to come from."""
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    request: Any = Request(peer, headers)
    return Addresses(trusted).of(request)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", None, "192.0.2.7"),
        ("192.0.2.7", "10.0.0.1", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.7,10.0.0.2", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, unknown", "unknown"),
        ("10.0.0.1", "192.0.2.7:4711", "192.0.2.7"),
        ("10.0.0.1", '"[2001:db9::7]:4711"', "2001:db9::7"),
        ("10.0.0.1", "2001:db9::7", "2001:db9::7"),
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
        ("unix", "192.0.2.7", "unix"),
    ],
)
def test_the_last_that_is_no_proxy_is_the_client(peer: str, forwarded: str | None, client: str) -> None:
    """What stands before it, the client may have written; what cannot be read is not skipped."""
    assert address(peer, forwarded) == client


def test_a_proxy_on_a_unix_socket_is_trusted_by_name() -> None:
    """It has no address by which a range could name it."""
    assert address("unix", "192.0.2.7", trusted=["unix"]) == "192.0.2.7"
    assert address("192.0.2.9", "192.0.2.7", trusted=["unix"]) == "192.0.2.9"
    assert address("unix", "192.0.2.7, unix", trusted=["unix", "10.0.0.0/8"]) == "unix"


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["192.0.2.7", "2001:db9::7"]))
def test_nothing_that_a_client_sends_changes_its_address(sent: str, client: str) -> None:
    """The proxy appends what it sees to whatever came with the request."""
    assert address("10.0.0.1", f"{sent},{client}") == client
    assert address(client, sent) == client
    assert address("10.0.0.1", sent, trusted=[]) == "10.0.0.1"


def key_for(served: Served, **scopes: Any) -> str:
    """Make a key with some scopes."""
    with Database.open(Path(served.gateway.settings.data_dir)) as database:
        return create_key(database, **scopes).secret


async def statuses(served: Served, key: str, *forwarded: str) -> list[int]:
    """Ask for the models, once for each value of the header; return the statuses."""
    answers = [
        await served.call("GET", "/v1/models", headers={"x-forwarded-for": each}, key=key)
        for each in forwarded
    ]
    return [answer.status for answer in answers]


async def test_a_key_with_networks_opens_from_there_only(serve: Serve) -> None:
    """A key that leaks is of no use elsewhere; without a proxy to trust the header is not read."""
    served = await serve("openai")
    here, elsewhere = key_for(served, networks=["127.0.0.0/8"]), key_for(served, networks=["192.0.2.0/24"])

    assert await statuses(served, here, "", "203.0.113.9") == [200, 200]
    assert await statuses(served, elsewhere, "", "192.0.2.7") == [403, 403]
    refused = await served.call("GET", "/v1/models", key=elsewhere)
    assert refused.json["error"]["message"] == "this key does not open from 127.0.0.1"


async def test_behind_a_proxy_the_address_is_the_clients(serve: Serve) -> None:
    """The one that the trusted proxy has seen, not one that the client tells before it."""
    served = await serve("openai", trusted_proxies=["127.0.0.0/8"])
    key = key_for(served, networks=["192.0.2.0/24"])

    assert await statuses(served, key, "192.0.2.7", "203.0.113.9, 192.0.2.7") == [200, 200]
    assert await statuses(served, key, "203.0.113.9", "192.0.2.7, 203.0.113.9", "") == [403, 403, 403]


async def test_the_log_tells_where_a_key_was_refused(serve: Serve) -> None:
    """With the key's id and the client's address: whoever looks into a leak needs both."""
    served = await serve("openai", trusted_proxies=["127.0.0.1"])
    with Database.open(Path(served.gateway.settings.data_dir)) as database:
        new = create_key(database, networks=["192.0.2.0/24"])
    reader, writer = os.pipe()
    served.gateway.log = AccessLog(writer)
    await statuses(served, new.secret, "192.0.2.7", "203.0.113.9")
    served.gateway.log.close()
    served.gateway.log = None
    os.close(writer)
    with os.fdopen(reader) as file:
        lines = [json.loads(line) for line in file]

    assert [(line["status"], line["peer"], line["key"]) for line in lines] == [
        (200, "192.0.2.7", new.row.id),
        (403, "203.0.113.9", new.row.id),
    ]


async def test_metrics_are_not_open_to_the_clients_of_a_proxy_on_this_machine(serve: Serve) -> None:
    """Else whoever the proxy serves would read them as if it stood beside the gateway."""
    served = await serve(trusted_proxies=["127.0.0.1"])
    local = await served.call("GET", "/metrics", key=None)
    outside = await served.call("GET", "/metrics", headers={"x-forwarded-for": "192.0.2.7"}, key=None)

    assert (local.status, outside.status) == (200, 401)


def test_the_setting_is_read_and_a_mistake_is_named(tmp_path: Path) -> None:
    """A proxy that is not trusted by mistake shuts everybody out; one that is trusted lets everybody in."""
    file = tmp_path / "gateway.yaml"
    assert GatewaySettings.read(tmp_path).trusted_proxies == []
    file.write_text("trusted_proxies: [10.0.0.0/8, unix]\n")
    assert GatewaySettings.read(tmp_path).trusted_proxies == ["10.0.0.0/8", "unix"]
    file.write_text("trusted_proxies: [10.0.0.1/8]\n")
    with pytest.raises(SettingsError, match=r"gateway\.yaml: trusted_proxies: .*10\.0\.0\.1/8"):
        GatewaySettings.read(tmp_path)

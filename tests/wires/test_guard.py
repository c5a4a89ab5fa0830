"""Private addresses, and those where clouds keep keys: judged by what is connected to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeConnectionError
from modelbay.wires.http1.guard import EVERY_PRIVATE, is_metadata, is_public, may_reach, may_reach_by_name
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

METADATA = [
    "169.254.169.254",  # AWS, Azure, Google, Oracle
    "169.254.170.2",  # containers
    "100.100.100.200",  # Alibaba
    "168.63.129.16",  # Azure's host
    "192.0.0.192",  # Oracle
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]
WIDE = [
    None,
    frozenset({EVERY_PRIVATE}),
    frozenset({"0.0.0.0/0", "::/0"}),
    frozenset({"evil.example", "169.254.0.0/16", EVERY_PRIVATE}),
]


@pytest.mark.parametrize("address", METADATA)
@pytest.mark.parametrize("allowed", WIDE, ids=["unset", "every", "networks", "names"])
def test_no_wide_permission_opens_where_clouds_keep_keys(
    address: str, allowed: frozenset[str] | None
) -> None:
    """Nor does a name that is allowed and points there: only the address itself, written down by somebody."""
    assert is_metadata(address)
    assert not may_reach("evil.example", 80, address, allowed)
    plain = str(ipaddress.ip_address(address))
    assert may_reach("evil.example", 80, address, frozenset({plain}))
    assert may_reach("evil.example", 80, address, frozenset({f"{plain}:80"}))
    assert not may_reach("evil.example", 81, address, frozenset({f"{plain}:80"}))


@given(st.ip_addresses())
def test_who_may_call_nothing_private_reaches_the_internet_and_nothing_else(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """The guard of every workspace but the first."""
    text = str(address)
    assert may_reach("x.example", 80, text, frozenset()) is (is_public(text) and not is_metadata(text))


@pytest.mark.parametrize(
    ("allowed", "reached"),
    [
        ("llm.internal", True),
        ("llm.internal:8000", True),
        ("llm.internal:22", False),
        ("10.1.2.3", True),
        ("10.1.2.3:8000", True),
        ("10.1.0.0/16", True),
        ("10.2.0.0/16", False),
        ("other.internal", False),
    ],
)
def test_what_is_allowed_is_a_host_an_address_or_a_network(allowed: str, reached: bool) -> None:
    """And with a port only that port: beside a model server there may be others."""
    assert may_reach("llm.internal", 8000, "10.1.2.3", frozenset({allowed})) is reached


@pytest.mark.parametrize(
    ("host", "usual", "guarded"),
    [
        ("api.example.com", True, True),
        ("10.0.0.1", True, False),
        ("127.1", True, False),
        ("2130706433", True, False),
        ("0x7f.1", True, False),
        ("localhost", True, False),
        ("db.internal", True, False),
        ("metadata.google.internal", False, False),
        ("metadata.google.internal.", False, False),
        ("169.254.169.254", False, False),
        ("2852039166", False, False),
        ("0xa9fea9fe", False, False),
    ],
)
def test_behind_a_proxy_a_host_is_judged_by_how_it_is_written(host: str, usual: bool, guarded: bool) -> None:
    """Only the proxy looks names up, but figures are an address however they are spelled."""
    assert may_reach_by_name(host, 80, None) is usual
    assert may_reach_by_name(host, 80, frozenset()) is guarded


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
async def test_a_transport_does_not_go_where_clouds_keep_keys(proxy: str | None) -> None:
    """It is refused before anything is sent, directly and through a proxy."""
    settings = TransportSettings(trust_env=False, proxy=proxy, retries=3)
    async with Transport(settings) as transport:
        with pytest.raises(InvokeConnectionError) as raised:
            await transport.send(Request("GET", "http://169.254.169.254/latest/meta-data"))

    assert "169.254.169.254 is" in raised.value.description
    assert raised.value.retryable is False


async def test_a_proxy_that_somebody_set_is_judged_like_a_target() -> None:
    """Else a proxy setting would be the way round the guard: CONNECT 127.0.0.1:22."""
    settings = TransportSettings(
        trust_env=False, proxy="http://127.0.0.1:9", private_hosts=frozenset(), proxy_hosts=frozenset()
    )
    async with Transport(settings) as transport:
        with pytest.raises(InvokeConnectionError, match=r"127\.0\.0\.1 is not on the public internet"):
            await transport.send(Request("GET", "https://api.example.com/v1"))

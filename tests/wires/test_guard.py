"""Private addresses, and those where clouds keep keys: judged by what is connected to."""

from __future__ import annotations

import contextlib
import ipaddress

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from modelbay.errors import InvokeConnectionError
from modelbay.wires.http1.guard import EVERY_PRIVATE, is_metadata, is_public, may_reach, may_reach_by_name
from modelbay.wires.http1.permits import permit
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
    at_port = f"[{plain}]:80" if ":" in plain else f"{plain}:80"
    assert may_reach("evil.example", 80, address, frozenset({at_port}))
    assert not may_reach("evil.example", 81, address, frozenset({at_port}))


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
    ("allowed", "address", "port"),
    [("[::1]:80", "::1", 80), ("[0:0::1]:080", "::1", 80), ("::1:80", "::1:80", 9), ("[::1]", "::1", 9)],
)
def test_a_longer_address_and_a_shorter_one_with_a_port_are_told_apart(
    allowed: str, address: str, port: int
) -> None:
    """`::1:80` is an address; who means port 80 of ::1 writes brackets, as in a URL."""
    opened = [
        (each, at)
        for each in ("::1", "::1:80")
        for at in (9, 80)
        if may_reach("x.example", at, each, frozenset({allowed}))
        and may_reach(each, at, each, frozenset({allowed}))
        and may_reach_by_name(each, at, frozenset({allowed}))
    ]

    assert (address, port) in opened
    assert {each for each, _ in opened} == {address}
    assert ((address, 80) in opened) and ((address, 9) in opened) is (port == 9)


MALFORMED = [
    *("a:1:2", "10.0.0.0/8:80", "10.0.0.1/8", "10.0.0.0/8,x", "a/b", "http://x", "*", "**", "*.example"),
    *("x..example", "-x.example", "x.example.", "x y", "", "[::1", "::1]", "[::1]:", "[::1]:0", "[::1]80"),
    *("[::1]:65536", "[[::1]]", "[10.0.0.1]", "[10.0.0.1]:80", "[x.example]:80", "[]:80", ":80", "a:", "a:0"),
    *("a:65536", "a:+80", "a:\u0663", "fe80::1%eth0", "[fe80::1%eth0]:80"),
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_cannot_be_read_is_refused_and_where_it_is_kept_it_opens_nothing(text: str) -> None:
    """Settings of another day may hold it: a call must neither break of it nor get further by it."""
    with pytest.raises(ValueError, match="write each as a host"):
        permit(text)

    if text.strip("*"):
        for host, address in (("x.example", "10.0.0.1"), ("::1", "::1"), ("a", "fe80::1")):
            assert not may_reach(host, 80, address, frozenset({text}))
            assert not may_reach_by_name(address, 80, frozenset({text}))
        assert may_reach("llm.internal", 80, "10.0.0.1", frozenset({text, "llm.internal"}))


HOSTS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,9})(\.[a-z]{1,5}){0,3}", fullmatch=True)
PORTS = st.integers(1, 65535)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.ip_addresses(v=6, network="::/96"))


@given(st.one_of(HOSTS, st.text("a1:.[]/-_*% 0", max_size=20), ADDRESSES.map(str)))
@example("::1:80")
def test_what_is_read_once_is_read_again_as_the_same(text: str) -> None:
    """What is stored is shown, sent back, exported and stored again."""
    with contextlib.suppress(ValueError):
        found = permit(text)
        assert permit(found) == found


@given(st.one_of(HOSTS, ADDRESSES.map(str)), PORTS, PORTS, st.booleans())
def test_a_port_opens_itself_only_however_it_is_written(host: str, port: int, other: int, far: bool) -> None:
    """Beside a model server there may be others, on this machine and on the next."""
    name = f"[{host}]" if ":" in host else host
    allowed = frozenset({permit(f"{name}:{port:05}" if far else f"{name.upper()}:{port}")})
    address = host if host[-1:].isdigit() and _is_address(host) else "10.0.0.1"
    assume(not is_public(address) and not is_metadata(address))

    assert may_reach(host, port, address, allowed)
    assert may_reach(host, other, address, allowed) is (port == other)


@given(st.ip_addresses(v=6), PORTS)
def test_an_address_with_a_port_opens_no_other_address(address: ipaddress.IPv6Address, port: int) -> None:
    """Nor does the address that both would be without brackets open the first one."""
    opened = frozenset({permit(f"[{address}]:{port}")})
    for text in (f"{address}:{port}", f"{address.exploded[:-5]}:{port:04}"):
        if _is_address(text) and not is_public(text) and ipaddress.ip_address(text) != address:
            assert not may_reach("x.example", port, text, opened)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


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

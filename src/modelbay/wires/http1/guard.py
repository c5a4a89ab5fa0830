"""Which addresses may be connected to, when the address is somebody else's choice."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection

from modelbay.wires.http1.permits import permits_of

__all__ = ["ANYWHERE", "EVERY_PRIVATE", "is_metadata", "is_public", "may_reach", "may_reach_by_name"]

EVERY_PRIVATE = "*"
"""Allows every private address but those where clouds keep the keys of their machines."""
ANYWHERE = "**"
"""Allows those too: for requests whose address is this program's own."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SHARED = ipaddress.ip_network("100.64.0.0/10")  # of carriers; cloud providers keep services there
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
# Link-local: AWS, Azure, Google, Oracle, containers. The others: Alibaba, Azure's host, Oracle, and over IPv6
# AWS and Google.
_METADATA: tuple[_Network, ...] = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"),
        *("fd00:ec2::/32", "fd20:ce::254/128"),
    )
)
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_INNER = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def may_reach(host: str, port: int, address: str, allowed: Collection[str] | None) -> bool:
    """Whether `address`, one of the host's, may be connected to.

    Where clouds keep the keys of their machines may be reached only if that very address is allowed.

    Args:
        allowed: Hosts and addresses that may be reached wherever they are, each perhaps with a port (see
            `permits.permit`); networks, `EVERY_PRIVATE`. None is `EVERY_PRIVATE` alone.
    """
    if allowed is None:
        return not is_metadata(address)
    if ANYWHERE in allowed or _is_named(_plain(address), port, allowed):
        return True
    if is_metadata(address):
        return False
    named = EVERY_PRIVATE in allowed or _is_named(host.lower(), port, allowed)
    return named or is_public(address) or _is_inside(address, allowed)


def may_reach_by_name(host: str, port: int, allowed: Collection[str] | None) -> bool:
    """Whether a host may be asked for whose address only a proxy will know: judged by how it is written."""
    found = _in_figures(host)
    if found is not None:
        return may_reach(host, port, found, allowed)
    name = host.lower().rstrip(".")
    if allowed is not None and (ANYWHERE in allowed or _is_named(name, port, allowed)):
        return True
    if name in _METADATA_NAMES:
        return False
    inner = name == "localhost" or name.endswith(_INNER)
    return not inner or allowed is None or EVERY_PRIVATE in allowed


def is_public(address: str) -> bool:
    """Whether an address is on the public internet, also if it hides another one."""
    found = _parsed(address)
    if found is None:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = _inner(found)
        if inner is not None:
            return is_public(str(inner))
        if found.teredo is not None:
            return False
    elif found in _SHARED:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def is_metadata(address: str) -> bool:
    """Whether a cloud may keep the keys of its machines at an address, also if it hides another one."""
    found = _parsed(address)
    inner = _inner(found) if isinstance(found, ipaddress.IPv6Address) else None
    return any(each is not None and each in network for each in (found, inner) for network in _METADATA)


def _is_named(name: str, port: int, allowed: Collection[str]) -> bool:
    return permits_of(frozenset(allowed)).names(name, port)


def _is_inside(address: str, allowed: Collection[str]) -> bool:
    found = _parsed(address)
    inner = _inner(found) if isinstance(found, ipaddress.IPv6Address) else None
    judged = inner or found
    return judged is not None and permits_of(frozenset(allowed)).contains(judged)


def _plain(address: str) -> str:
    found = _parsed(address)
    return str(found) if found is not None else address


def _parsed(address: str) -> _Address | None:
    try:
        return ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _in_figures(host: str) -> str | None:
    """Return the address that a host is, however it is written: `127.1` and `2130706433` are one too."""
    if _parsed(host) is not None:
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if host[:1].isdigit() else None
    except OSError:
        return None


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one hides."""
    return address.ipv4_mapped or address.sixtofour or _translated(address)


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a translator would connect to (RFC 6052, RFC 8215)."""
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None

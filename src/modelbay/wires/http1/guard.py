"""Which addresses may be connected to, when the address is somebody else's choice."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

__all__ = ["is_public", "may_reach"]

_SHARED = ipaddress.ip_network("100.64.0.0/10")  # of carriers; cloud providers keep services there
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


def may_reach(host: str, address: str, allowed: Collection[str]) -> bool:
    """Whether `address`, one of the host's, may be connected to.

    Args:
        allowed: Hosts that may be reached wherever they are.
    """
    return host.lower() in allowed or is_public(address)


def is_public(address: str) -> bool:
    """Whether an address is on the public internet, also if it hides another one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or _translated(found)
        if inner is not None:
            return is_public(str(inner))
        if found.teredo is not None:
            return False
    elif found in _SHARED:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a translator would connect to (RFC 6052, RFC 8215)."""
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None

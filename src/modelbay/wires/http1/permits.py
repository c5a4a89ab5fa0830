"""Lists of what may be at a private address, as people write them and as they are compared."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache

__all__ = ["Permits", "permit", "permits_of"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
_AT_PORT = re.compile(r"(\[[^]]*\]|[^:]*)(?::([0-9]{1,5}))?")


def permit(text: str) -> str:
    """Return a host or an address, either perhaps with a port, or a network: in the one way that is compared.

    An IPv6 address has brackets where it has a port, and nowhere else: `::1:80` is an address of its own.

    Raises:
        ValueError: It is none of these.
    """
    lower = text.lower()
    if "/" in lower:
        return str(_network(lower))
    whole = _address(lower)
    if whole is not None:
        return str(whole)
    parts = _AT_PORT.fullmatch(lower)
    host = _host(parts[1]) if parts else ""
    if not parts or not host:
        raise _wrong()
    return host if parts[2] is None else at_port(host, _port(parts[2]))


def at_port(host: str, port: int) -> str:
    """Return a host or an address with a port."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Permits:
    """A list that has been read. What of it cannot be read permits nothing."""

    __slots__ = ("_networks", "_places")

    def __init__(self, allowed: Collection[str]) -> None:
        found = [each for each in map(_if_any, allowed) if each]
        self._networks = tuple(ipaddress.ip_network(each) for each in found if "/" in each)
        self._places = frozenset(each for each in found if "/" not in each)

    def names(self, host: str, port: int) -> bool:
        """Whether a host or an address is there, by itself or with this port."""
        return host in self._places or at_port(host, port) in self._places

    def contains(self, address: _Address) -> bool:
        """Whether an address is in one of the networks."""
        return any(address in network for network in self._networks)


@lru_cache(maxsize=256)
def permits_of(allowed: frozenset[str]) -> Permits:
    """Return a list as it is compared."""
    return Permits(allowed)


def _if_any(text: str) -> str:
    try:
        return permit(text)
    except ValueError:
        return ""


def _host(text: str) -> str:
    """Return a host's name, or an address, an IPv6 one without its brackets; "" if it is neither."""
    if text.startswith("["):
        found = _address(text[1:-1])
        return str(found) if found is not None and found.version == 6 else ""
    found = _address(text)
    return str(found) if found is not None else text if _HOST.fullmatch(text) else ""


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise _wrong()
    return port


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise _wrong() from None


def _address(text: str) -> _Address | None:
    """Return an address. One with a zone (`fe80::1%eth0`) is none: zones are not compared."""
    try:
        return ipaddress.ip_address(text) if "%" not in text else None
    except ValueError:
        return None


def _wrong() -> ValueError:
    with_port = "perhaps with a port (10.1.2.3:80, [::1]:80)"
    return ValueError(f"write each as a host or an address, {with_port}, or a network such as 10.1.0.0/16")

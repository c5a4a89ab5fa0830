"""Whence a request comes: the other end of the connection, or what proxies that are trusted say of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from typing import Final

from modelbay.gateway.http.exchange import Exchange
from modelbay.runtime.scopes import parse_address

UNIX: Final = "unix"
_HEADER: Final = "x-forwarded-for"


class Addresses:
    """Tells addresses. Without trusted proxies no header is read: anybody can write one."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        """Trust proxies in these ranges of addresses, and with "unix" those on a unix socket."""
        given = list(trusted)
        self._unix = UNIX in given
        self._networks = [ip_network(each) for each in given if each != UNIX]

    def of(self, exchange: Exchange) -> str:
        """Return the address of a client: the last one in the chain that is no trusted proxy.

        What stands before that one in the header is what the client says itself, and counts for nothing.
        """
        peer = exchange.peer
        if not (self._unix if peer == UNIX else self._is_trusted(peer)):
            return peer
        hops = [_bare(hop) for hop in exchange.headers.get(_HEADER, "").split(",") if hop.strip()]
        return next((hop for hop in reversed(hops) if not self._is_trusted(hop)), (hops or [peer])[0])

    def _is_trusted(self, hop: str) -> bool:
        address = parse_address(hop) if self._networks else None
        return address is not None and any(address in network for network in self._networks)


def check_proxies(values: Sequence[str]) -> list[str]:
    """Return ranges of addresses as they are.

    Raises:
        ValueError: One is none; which, and why.
    """
    for value in values:
        if value != UNIX:
            ip_network(value)
    return list(values)


def _bare(hop: str) -> str:
    """Return an address without the port and the brackets that some proxies write."""
    hop = hop.strip().strip('"')
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop

"""What a key is restricted to, and whether that opens what is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from modelbay.errors import ModelbayError

Address = IPv4Address | IPv6Address
SHOWN: Final = 5  # of many patterns, in a message


class KeyScopeError(ModelbayError):
    """The key is good, but does not open this (HTTP 403); the message names what it lacks.

    `key_id` is the key, for the log.
    """

    summary = "The key does not open this."

    def __init__(self, description: str | None = None, *, key_id: str = "") -> None:
        super().__init__(description, status=403, code="missing_scope")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class Scope:
    """What one key is restricted to; what is empty does not restrict.

    Attributes:
        models: Patterns of `provider/model` and of names of routes.
        types: Types of models.
        surfaces: Patterns of the gateway's operations, such as `openai.chat` or `anthropic.*`.
        networks: Ranges of addresses that it may come from.
    """

    models: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    def opens_model(self, *names: str) -> bool:
        """Whether any of these names is of a model or route that it opens."""
        return not self.models or any(_matches(name, self.models) for name in names)

    def opens_type(self, model_type: str) -> bool:
        """Whether it opens models of a type."""
        return not self.types or model_type in self.types

    def opens_surface(self, surface: str) -> bool:
        """Whether it opens an operation."""
        return not self.surfaces or _matches(surface, self.surfaces)

    def opens_address(self, address: Address | None) -> bool:
        """Whether it may come from an address; None is one that is not known."""
        if not self.networks:
            return True
        return address is not None and any(address in _network(each) for each in self.networks)


def check_door(scopes: Sequence[Scope], surface: str, address: Callable[[], str], key_id: str) -> None:
    """Refuse a key at an operation, or from an address, that one of its scopes does not open.

    Args:
        address: Tells whence the request comes; asked only if that matters.

    Raises:
        KeyScopeError: It does not open this.
    """
    for scope in scopes:
        if not scope.opens_surface(surface):
            raise KeyScopeError(f"this key does not open {surface}: {_opened(scope.surfaces)}", key_id=key_id)
        if scope.networks and not scope.opens_address(parse_address(address())):
            raise KeyScopeError(f"this key does not open from {address()[:60]}", key_id=key_id)


def check_type(scopes: Sequence[Scope], model_type: str, key_id: str) -> None:
    """Refuse a key for a type of model that one of its scopes does not open.

    Raises:
        KeyScopeError: It does not open this.
    """
    for scope in scopes:
        if not scope.opens_type(model_type):
            what = f"models of the type {model_type}: {_opened(scope.types)}"
            raise KeyScopeError(f"this key does not open {what}", key_id=key_id)


def parse_address(text: str) -> Address | None:
    """Return an address; one of IPv4 also where a socket of IPv6 tells it; None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def _opened(patterns: Sequence[str]) -> str:
    more = "" if len(patterns) <= SHOWN else f" and {len(patterns) - SHOWN} more"
    return f"it opens {', '.join(patterns[:SHOWN])}{more}"

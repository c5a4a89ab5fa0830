"""What keys may be restricted to: read from what people write, and one compared with another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.patterns import Patterns

API: Final = "api"
"""The surface of management: a key that opens it may make narrower keys."""

SURFACES: Final = (
    *("openai.chat", "openai.completions", "openai.responses", "openai.embeddings", "openai.moderations"),
    *("openai.transcriptions", "openai.translations", "openai.speech", "openai.models"),
    *("anthropic.messages", "anthropic.count_tokens", "cohere.rerank", "cohere.embed", "jina.rerank"),
    *(API, "metrics"),
)
"""The operations of the gateway, by name."""

MOST: Final = 1000
_LONGEST: Final = 200
_MAPPED: Final = IPv6Network("::ffff:0:0/96")

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """What a key is to be restricted to. None leaves it as it is: for a new key, as that of its parent."""

    models: Sequence[str] | None = None
    types: Sequence[str] | None = None
    surfaces: Sequence[str] | None = None
    networks: Sequence[str] | None = None

    def given(self) -> dict[str, tuple[str, ...]]:
        """Return what is not None, as it is stored.

        Raises:
            InvokeBadRequestError: Something is not what it has to be; the message names it.
        """
        written = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: _read(name, list(values)) for name, values in written.items() if values is not None}


def check_within(given: Mapping[str, Sequence[str]], above: Mapping[str, Sequence[str]]) -> None:
    """Refuse scopes that open what the key above them does not.

    Raises:
        InvokeBadRequestError: They do, and what that is; or it cannot be told.
    """
    for name, values in given.items():
        if not above[name]:
            continue
        if not values:
            raise _wider(name, "it would not be restricted")
        _CONTAIN[name](name, values, above[name])


def opens_surface(surfaces: Sequence[str], surface: str) -> bool:
    """Whether a restriction to surfaces opens one."""
    return not surfaces or any(fnmatchcase(surface, pattern) for pattern in surfaces)


def _read(name: str, values: Sequence[str]) -> tuple[str, ...]:
    if len(values) > MOST:
        raise InvokeBadRequestError(f"{name}: at most {MOST} of them; use * for many")
    found = (_READ[name](f"{name}[{place}]", value) for place, value in enumerate(values))
    return tuple(dict.fromkeys(found))


def _model(field: str, value: str) -> str:
    if not value or len(value) > _LONGEST or not value.isprintable() or " " in value:
        raise InvokeBadRequestError(
            f"{field}: {value[:40]!r} is not a pattern; write provider/model; * is anything"
        )
    return value


def _type(field: str, value: str) -> str:
    if value not in _types():
        raise InvokeBadRequestError(
            f"{field}: {value[:40]!r} is not a type of models; they are {', '.join(_types())}"
        )
    return value


def _surface(field: str, value: str) -> str:
    if len(value) > _LONGEST or not any(fnmatchcase(surface, value) for surface in SURFACES):
        raise InvokeBadRequestError(
            f"{field}: {value[:40]!r} names nothing that the gateway serves; * is anything in "
            + ", ".join(SURFACES)
        )
    return value


def _network(field: str, value: str) -> str:
    try:
        network = ip_network(value)
    except ValueError as error:
        hint = f"; did you mean {ip_network(value, strict=False)}?" if "host bits" in str(error) else ""
        raise InvokeBadRequestError(
            f"{field}: {value[:60]!r} is no range of addresses, such as 192.0.2.0/24 or 2001:db8::/32{hint}"
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):  # such addresses are told as IPv4
        inner = network.network_address.ipv4_mapped
        return f"{inner}/{network.prefixlen - _MAPPED.prefixlen}"
    return str(network)


@lru_cache(maxsize=1)
def _types() -> tuple[str, ...]:
    from modelbay.entities import ModelType  # noqa: PLC0415 - start-up time: 0.2 s, for who restricts types

    return tuple(each.value for each in ModelType if each is not ModelType.TEXT2IMG)


def _patterns_within(name: str, values: Sequence[str], above: Sequence[str]) -> None:
    patterns = Patterns(above)
    for place, value in enumerate(values):
        try:
            missing = patterns.missing(value)
        except InvokeBadRequestError as error:
            raise InvokeBadRequestError(f"{name}[{place}]: {error.description}") from None
        if missing is not None:
            raise _wider(f"{name}[{place}]", f"{value!r} opens {missing!r}, which that does not")


def _types_within(name: str, values: Sequence[str], above: Sequence[str]) -> None:
    for place, value in enumerate(values):
        if value not in above:
            raise _wider(f"{name}[{place}]", f"that does not open {value}")


def _networks_within(name: str, values: Sequence[str], above: Sequence[str]) -> None:
    merged = _merged(above)
    for place, value in enumerate(values):
        network = ip_network(value)
        if not any(_contains(each, network) for each in merged):
            raise _wider(f"{name}[{place}]", f"that does not open all of {value}")


def _merged(values: Sequence[str]) -> list[Network]:
    """Return ranges, neighbours made one: what lies in several of the given ones lies in one of these."""
    networks = [ip_network(value) for value in values]
    fours = collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
    sixes = collapse_addresses(each for each in networks if isinstance(each, IPv6Network))
    return [*fours, *sixes]


def _contains(outer: Network, inner: Network) -> bool:
    return type(outer) is type(inner) and inner.subnet_of(outer)  # type: ignore[arg-type]


def _wider(field: str, why: str) -> InvokeBadRequestError:
    return InvokeBadRequestError(
        f"{field}: wider than the key above it: {why}", status=422, code="wider_key", field=field
    )


_READ: Final[Mapping[str, Callable[[str, str], str]]] = {
    "models": _model,
    "types": _type,
    "surfaces": _surface,
    "networks": _network,
}
_CONTAIN: Final[Mapping[str, Callable[[str, Sequence[str], Sequence[str]], None]]] = {
    "models": _patterns_within,
    "types": _types_within,
    "surfaces": _patterns_within,
    "networks": _networks_within,
}

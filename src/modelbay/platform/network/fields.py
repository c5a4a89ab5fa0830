"""The fields of network settings, each checked by its name. No error quotes what may be a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from modelbay.entities import ModelProviderConfiguration
from modelbay.platform.credentials.forms import FormError
from modelbay.wires.http1.permits import permit

PASSWORD: Final = "proxy_password"  # noqa: S105 - the name of a field
HEADER: Final = "header:"
"""What the field of a header's value begins with, where its secret is stored."""

_LONGEST_URL: Final = 2048
_LONGEST_HEADER: Final = 8192
_MOST_HEADERS: Final = 32
_MOST_HOSTS: Final = 64
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_OURS: Final = frozenset(
    (
        *("accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect"),
        *("host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_OURS_BY_BEGINNING: Final = ("proxy-", "sec-websocket-", "x-amz-")
_TIMES: Final = ("first_token_timeout", "idle_timeout", "total_timeout")
_COUNTS: Final = {"rpm": 1_000_000, "tpm": 10**9, "parallelism": 10_000, "batch_size": 10_000}


class WrongError(ValueError):
    """One value is wrong; the text says how, without quoting it."""


def check(provider: ModelProviderConfiguration, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are stored; None stands for a field that is to be cleared.

    A proxy's password is taken out of its URL, as `proxy_password`; `headers` stay a mapping.

    Raises:
        FormError: Something is wrong; it names every field at once.
    """
    complaints: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, value in given.items():
        reader = _READERS.get(name)
        if reader is None:
            complaints[name[:40]] = f"is no network setting; these are: {', '.join(_READERS)}"
            continue
        try:
            values |= (
                {name: None} if value is None or value in ("", [], {}) else reader(provider, name, value)
            )
        except WrongError as wrong:
            complaints[name] = str(wrong)
    if complaints:
        raise FormError.of(complaints)
    return values


def check_stored(plain: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return settings as they were stored elsewhere, without their secrets, if they can be stored here.

    What the provider takes is not asked: its plugin may not be here.

    Raises:
        FormError: Something is wrong; it names every field at once.
    """
    known = {name: reader for name, reader in _STORED.items() if name in plain}
    complaints = {name[:40]: "is no network setting that is stored" for name in plain if name not in known}
    values: dict[str, Any] = {}
    for name, reader in known.items():
        try:
            values |= reader(_NOBODY, name, plain[name])
        except WrongError as wrong:
            complaints[name] = str(wrong)
    for field, text in secrets.items():
        try:
            _check_secret(field, text)
        except WrongError as wrong:
            complaints["headers"] = str(wrong)
    if complaints:
        raise FormError.of(complaints)
    return {name: value for name, value in values.items() if name != PASSWORD}


def _check_secret(field: str, text: str) -> None:
    if field != PASSWORD:
        if not field.startswith(HEADER) or field != field.lower():
            raise WrongError(f"{field[:40]!r} is no secret of network settings")
        _check_header(field.removeprefix(HEADER), text)


def address_credential(provider: ModelProviderConfiguration) -> str:
    """Return the credential that says where a provider is; "" if its address is its own."""
    return provider.wire.address.credential if provider.wire is not None else ""


def with_password(proxy: str, password: str) -> str:
    """Return a proxy's URL with its password in it."""
    if not password:
        return proxy
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.username or ''}:{quote(password, safe='')}@{_place(parts)}"


def _base_url(provider: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    if not address_credential(provider):
        raise WrongError(f"{provider.provider} is where it is: it has no other address")
    return _address(provider, name, value)


def _address(_: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    text = _text(value, _LONGEST_URL)
    parts = _url(text, ("http", "https"))
    if "@" in parts.netloc:
        raise WrongError("holds a user or a password: send those as a header")
    if parts.query or parts.fragment:
        raise WrongError("ends with its path: no ? and no #")
    return {name: text.rstrip("/")}


def _proxy(_: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    parts = _url(_text(value, _LONGEST_URL), ("http",))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise WrongError("write it as http://user:password@host:port")
    user, password = parts.username, parts.password
    before = f"{user}@" if user else ""
    return {name: f"http://{before}{_place(parts)}", PASSWORD: unquote(password) if password else None}


def _ca_bundle(_: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    from modelbay.platform.network.certificates import check_bundle  # noqa: PLC0415 - start-up time

    return {name: check_bundle(value)}


def _headers(provider: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise WrongError("write them as names with values")
    if len(value) > _MOST_HEADERS:
        raise WrongError(f"are {len(value)}; at most {_MOST_HEADERS} are sent along")
    taken = _presented(provider)
    found: dict[str, str] = {}
    for header, text in value.items():
        lower = str(header).lower()
        _check_header(str(header), text)
        if lower in taken:
            raise WrongError(
                f"{lower} is what {provider.provider} is sent anyway: change the credentials instead"
            )
        if lower in found:
            raise WrongError(f"{lower} is there twice")
        found[lower] = text
    return {name: found}


def _check_header(header: str, text: Any) -> None:
    """Refuse what no header can be, or none of ours."""
    lower = header.lower()
    if not _TOKEN.fullmatch(header):
        raise WrongError("one has a name that no header can have: letters, digits and - only")
    if lower in _OURS or lower.startswith(_OURS_BY_BEGINNING):
        raise WrongError(f"{lower} is set by the connection itself")
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or text != text.strip():
        raise WrongError(f"{lower} has a value that no header can have")
    if not text or len(text) > _LONGEST_HEADER:
        raise WrongError(f"{lower} has to have 1 to {_LONGEST_HEADER} characters")


def _presented(provider: ModelProviderConfiguration) -> set[str]:
    """Return the headers by which a provider's own credentials are presented, lower case."""
    if provider.wire is None:
        return {"authorization"}
    plain = {"bearer", "header"}
    ways = [way for way in provider.wire.auth if way.scheme != "none"]
    found = {(way.header or "authorization").lower() for way in ways if way.scheme in plain}
    found |= {"authorization"} if any(way.scheme not in plain for way in ways) else set()
    return found | {each.lower() for each in provider.wire.headers}


def _private_hosts(_: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        raise WrongError("has to be a list of hosts")
    found = sorted({_host(each) for each in value})
    if len(found) > _MOST_HOSTS:
        raise WrongError(f"are {len(found)}; at most {_MOST_HOSTS} can be allowed")
    return {name: found}


def _host(value: Any) -> str:
    text = _text(value, 300)
    try:
        return permit(text)
    except ValueError as error:
        raise WrongError(str(error)) from None


def _seconds(_: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    try:
        number = float(value) if not isinstance(value, bool) else -1.0
    except (TypeError, ValueError):
        number = -1.0
    if not 0.1 <= number <= 3600:
        raise WrongError("has to be 0.1 to 3600 seconds")
    return {name: number}


def _count(_: ModelProviderConfiguration, name: str, value: Any) -> dict[str, Any]:
    text = str(value).strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
    if not 1 <= number <= _COUNTS[name]:
        raise WrongError(f"has to be a whole number from 1 to {_COUNTS[name]}")
    return {name: number}


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise WrongError("has to be text")
    text = value.strip()
    if not text.isprintable() or any(letter.isspace() for letter in text) or len(text) > longest:
        raise WrongError(f"has to have at most {longest} characters, all of which can be printed, no space")
    return text


def _url(text: str, schemes: tuple[str, ...]) -> Any:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongError("is not a valid URL") from None
    if parts.scheme not in schemes or not host:
        raise WrongError(f"has to begin with {' or '.join(f'{each}://' for each in schemes)} and name a host")
    return parts


def _place(parts: Any) -> str:
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port}" if parts.port else host


_READERS: Final[dict[str, Callable[[ModelProviderConfiguration, str, Any], dict[str, Any]]]] = {
    "base_url": _base_url,
    "proxy": _proxy,
    "ca_bundle": _ca_bundle,
    "headers": _headers,
    "private_hosts": _private_hosts,
    **dict.fromkeys(_TIMES, _seconds),
    **dict.fromkeys(_COUNTS, _count),
}
_STORED: Final = {**_READERS, "base_url": _address}
del _STORED["headers"]  # their values are secrets
_NOBODY: Final[Any] = None  # none of these asks the provider

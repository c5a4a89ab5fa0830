"""Keeps credentials out of errors: finds them in a request, blanks them in what is told."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from modelbay.errors import ModelbayError, redact

__all__ = ["redact_bytes", "redact_error", "secrets_in"]

E = TypeVar("E", bound=ModelbayError)

_HEADER_MARKS = ("auth", "key", "token", "secret", "cookie", "password", "credential", "signature")
_QUERY_MARKS = ("key", "token", "secret", "password", "sig", "credential", "auth", "code")


def secrets_in(url: str, headers: Mapping[str, str], *other_urls: str | None) -> set[str]:
    """Return all that a request must not tell: keys, tokens, passwords, in each spelling used."""
    found: set[str] = set()
    for name, value in headers.items():
        if any(mark in name.lower() for mark in _HEADER_MARKS):
            found |= _in_header(value)
    for each in (url, *other_urls):
        if each:
            found |= _in_url(each)
    found.discard("")
    return found


def redact_bytes(data: bytes, secrets: Iterable[str]) -> bytes:
    """Return the data with every secret blanked and all else as it was, valid UTF-8 or not."""
    return redact(data.decode("utf-8", "surrogateescape"), secrets).encode("utf-8", "surrogateescape")


def redact_error(error: E, secrets: Iterable[str]) -> E:
    """Blank the secrets in everything that an error says."""
    secrets = tuple(secrets)
    error.description = redact(error.description, secrets)
    error.args = (error.description,)
    error.code = redact(error.code, secrets) if error.code else error.code
    error.request_id = redact(error.request_id, secrets) if error.request_id else error.request_id
    return error


def _in_header(value: str) -> set[str]:
    scheme, _, token = value.strip().partition(" ")
    found = {value.strip(), token.strip()}
    if scheme.lower() == "basic":
        found |= _in_basic(token)
    return found


def _in_basic(token: str) -> set[str]:
    try:
        pair = base64.b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        return set()
    return {pair, pair.partition(":")[2]}


def _in_url(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return set()
    values = [value for name, value in parse_qsl(parts.query) if any(m in name.lower() for m in _QUERY_MARKS)]
    userinfo = parts.netloc.rpartition("@")[0]
    if userinfo:
        password = unquote(userinfo.partition(":")[2])
        values += [userinfo, unquote(userinfo), password]
        values.append(base64.b64encode(unquote(userinfo).encode()).decode())
    return {spelling for value in values for spelling in (value, quote(value, safe=""))}

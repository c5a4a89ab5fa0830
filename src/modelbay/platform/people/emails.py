"""One spelling for each e-mail address, so that one person is one user."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import Final

from modelbay.platform.people.refusals import invalid

_LONGEST: Final = 254
_LONGEST_LOCAL: Final = 64
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def normal_email(text: str, *, field: str = "email") -> str:
    """Return an e-mail address as it is stored: small letters, the domain in ASCII.

    Only A to Z become small before the `@`: to fold more would make one user of two people's addresses.

    Raises:
        InvokeBadRequestError: It is not an address; the message begins with `field`.
    """
    local, at, domain = text.strip().translate(_LOWER).rpartition("@")
    host = _ascii(domain)
    if not (at and host and _is_local(local) and len(local) + len(host) < _LONGEST):
        raise invalid(field, f"{text[:60]!r} is not an e-mail address, such as ann@example.com")
    return f"{local}@{host}"


def _is_local(local: str) -> bool:
    return (
        0 < len(local) <= _LONGEST_LOCAL
        and local.isprintable()
        and not set(local) & set(' @"(),:;<>[]\\')
        and not any(character.isspace() for character in local)
        and unicodedata.is_normalized("NFC", local)
    )


def _ascii(domain: str) -> str:
    """Return a domain as the name service knows it; "" if it knows none of this kind."""
    try:
        host = domain.encode("idna").decode("ascii").translate(_LOWER)
    except UnicodeError:
        return ""
    return host if _DOMAIN.fullmatch(host) else ""

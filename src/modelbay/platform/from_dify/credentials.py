"""One stored configuration of Dify's, as the form of a provider here takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from modelbay.entities import FormType
from modelbay.platform.credentials.forms import FormError, FormValue, check
from modelbay.platform.credentials.target import Target
from modelbay.platform.from_dify.names import fields_renamed
from modelbay.platform.vault import Secret, SecretUnreadable
from modelbay.platform.vault.dify import DifyTenant

_SEALED: Final = "SFlCUklEO"  # how the base64 of `HYBRID:` begins
_LONGEST: Final = 30
_WHY: Final = {
    "not-sealed": "it is not sealed as Dify seals",
    "damaged": "it was sealed with another key than the tenant's private.pem, or is damaged",
}


class NotFittingError(Exception):
    """A configuration cannot be taken over; the text says why, field by field, and quotes no value."""


def values_of(
    target: Target, config: Mapping[str, Any], key: DifyTenant | str, record: str
) -> tuple[dict[str, FormValue], list[str]]:
    """Return a configuration as the form has it, its secrets opened, and the fields that are left out.

    Raises:
        NotFittingError: A secret cannot be opened, or the form asks for something else.
    """
    renamed = fields_renamed(target.place.provider, config)
    known = {field.variable for field in target.fields}
    given = {field: value for field, value in renamed.items() if field in known and value not in (None, "")}
    opened = _opened(target, given, key, record)
    try:
        values = check(target.fields, given | opened, target.model_type)
    except FormError as error:
        raise NotFittingError("; ".join(f"{name}: {why}" for name, why in error.complaints.items())) from None
    return values, sorted(field for field, value in renamed.items() if field not in known and value)


def fitting_name(theirs: object, taken: set[str]) -> str:
    """Return the name of credentials: at most 30 characters that can be printed, as nobody else's here."""
    text = "".join(letter for letter in str(theirs or "") if letter.isprintable()).strip()[:_LONGEST].strip()
    name, number = text or "API KEY", 1
    while name in taken:
        number += 1
        end = f" ({number})"
        name = (text or "API KEY")[: _LONGEST - len(end)].strip() + end
    return name


def _opened(target: Target, given: Mapping[str, Any], key: DifyTenant | str, record: str) -> dict[str, str]:
    """Return the secrets among the values of a form, in plain text."""
    secret = {field.variable for field in target.fields if field.type is FormType.SECRET_INPUT}
    open_there = sorted(
        field for field, value in given.items() if field not in secret and str(value).startswith(_SEALED)
    )
    if open_there:
        raise NotFittingError(f"{', '.join(open_there)}: it is a secret there, and none here")
    if not secret & set(given):
        return {}
    if isinstance(key, str):
        raise NotFittingError(f"its secrets cannot be opened: {key}")
    found = key.open_all(record, given, frozenset(secret))
    wrong = [
        f"{name}: {_WHY[each.reason]}" for name, each in found.items() if isinstance(each, SecretUnreadable)
    ]
    if wrong:
        raise NotFittingError("; ".join(wrong))
    return {name: each.reveal() for name, each in found.items() if isinstance(each, Secret)}

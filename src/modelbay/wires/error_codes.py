"""Errors that are told by a code of the provider's own, whatever the status says beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelbay.entities import WireError
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    ModelbayError,
)
from modelbay.wires import failures
from modelbay.wires.request import ToError

Codes = Mapping[str, Sequence[str]]
"""Codes by the kind of error that they mean: `authorization`, `bad_request`, `rate_limit`, `unavailable`."""

_KINDS: Mapping[str, type[InvokeError]] = {
    "authorization": InvokeAuthorizationError,
    "bad_request": InvokeBadRequestError,
    "rate_limit": InvokeRateLimitError,
    "unavailable": InvokeServerUnavailableError,
}


def class_of(code: str | int | None, codes: Codes) -> type[InvokeError] | None:
    """Return the class that a code means; None if it is none of the table's."""
    return next((_KINDS[kind] for kind, known in codes.items() if str(code) in known), None)


def recast(error: InvokeError, codes: Codes) -> InvokeError:
    """Return the error as one of the class that its code means, with all that it says."""
    cls = class_of(error.code, codes)
    if cls is None or type(error) is cls:
        return error
    return error.told_as(cls)


_MEANINGS: Mapping[str, type[InvokeError]] = {
    "authorization": InvokeAuthorizationError,
    "bad-request": InvokeBadRequestError,
    "connection": InvokeConnectionError,
    "rate-limit": InvokeRateLimitError,
    "server-unavailable": InvokeServerUnavailableError,
}


def as_declared(error: ModelbayError, declared: Sequence[WireError]) -> ModelbayError:
    """Return the error as the first declaration that fits it says; one that none fits stays what it is.

    Only what an upstream said is looked at: an error of ours has neither its status nor its code.
    """
    if not isinstance(error, InvokeError) or (error.status is None and error.code is None):
        return error
    found = next((each for each in declared if _fits(each, error)), None)
    if found is None:
        return error
    cls = _MEANINGS[found.means]
    return error.told_as(cls, retryable=found.retryable)


def reading(declared: Sequence[WireError]) -> ToError:
    """Return a reading of failed answers in which a provider's declarations go before the status."""

    def to_error(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
        error = as_declared(failures.to_error(status, headers, body), declared)
        assert isinstance(error, InvokeError)
        return error

    return to_error


def _fits(declared: WireError, error: InvokeError) -> bool:
    return (
        declared.status in (None, error.status)
        and (not declared.codes or error.code in declared.codes)
        and declared.says.lower() in error.description.lower()
    )

"""Failures: `{"code", "message", "request_id"}`, as an answer, inside a 200, in a stream, in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires import failures

# The beginnings of codes; what none of them begins is a failure of the server.
_BEGINNINGS: Mapping[str, type[InvokeError]] = {
    "Throttling": InvokeRateLimitError,
    "LimitRequests": InvokeRateLimitError,
    "InvalidApiKey": InvokeAuthorizationError,
    "AccessDenied": InvokeAuthorizationError,
    "Arrearage": InvokeAuthorizationError,
    "Invalid": InvokeBadRequestError,
    "BadRequest": InvokeBadRequestError,
    "DataInspectionFailed": InvokeBadRequestError,
    "Model.AccessDenied": InvokeBadRequestError,
    "ModelNotFound": InvokeBadRequestError,
    "WorkSpaceNotFound": InvokeBadRequestError,
}


def to_error(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
    """Return the error for an answer outside 200..299: an unpaid account is told with status 400."""
    error = failures.to_error(status, headers, body)
    if error.code != "Arrearage" or isinstance(error, InvokeAuthorizationError):
        return error
    return InvokeAuthorizationError(
        error.description, status=status, code=error.code, request_id=error.request_id
    )


def raise_error_in(body: Mapping[str, Any], event: str = "") -> None:
    """Raise the error that a body, or an event of that name, tells of; do nothing if it tells of none."""
    if event != "error" and (not body.get("code") or body.get("output")):
        return
    raise error_of(body.get("code"), body.get("message"), body.get("request_id"))


def error_of(code: Any, message: Any, request_id: Any = None) -> InvokeError:
    """Return the error of a code that came without a status."""
    word = str(code or "")
    cls = next((cls for start, cls in _BEGINNINGS.items() if word.startswith(start)), None)
    return (cls or InvokeServerUnavailableError)(
        failures.message_of(message) or f"The provider reported {word or 'an error'} without a message.",
        code=word or None,
        request_id=str(request_id) if request_id else None,
    )

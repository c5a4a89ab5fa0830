"""Errors: `{"error": {code, message, status, details}}`, in streams too, where a list may be around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from modelbay.errors import InvokeAuthorizationError, InvokeError, InvokeServerUnavailableError
from modelbay.wires import failures

_SECONDS = re.compile(r"(\d{1,6}(?:\.\d+)?)s")
_KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED"})


def to_error(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
    """Return the error for an answer outside 200..299."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    return _detailed(failures.to_error(status, headers, body), value)


def error_of(value: Any) -> InvokeError:
    """Return the error that an answer of status 200 tells of."""
    error = failures.in_body(value) or InvokeServerUnavailableError("the provider reported an unnamed error")
    return _detailed(error, value)


def _detailed(error: InvokeError, value: Any) -> InvokeError:
    """Return the error with what its details say: that the key is wrong, or how long to wait."""
    details = list(_details(value))
    if any(detail.get("reason") in _KEY_REASONS for detail in details):
        # A wrong key is answered with 400, as if the request were at fault.
        return InvokeAuthorizationError(
            error.description, status=error.status, code=error.code, request_id=error.request_id
        )
    if error.retry_after is None:
        error.retry_after = next(filter(None, map(_delay, details)), None)
    return error


def _details(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        value = value[0] if value else None
    error = value.get("error") if isinstance(value, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    yield from (item for item in details or () if isinstance(item, dict)) if isinstance(details, list) else ()


def _delay(detail: dict[str, Any]) -> float | None:
    """Return the seconds that a `RetryInfo` asks to wait: "12s"."""
    found = _SECONDS.fullmatch(str(detail.get("retryDelay") or ""))
    return float(found[1]) if found else None

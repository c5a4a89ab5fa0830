"""Failures as `base_resp` tells of them, with status 200 or any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from modelbay.errors import InvokeError, InvokeServerUnavailableError
from modelbay.wires import failures
from modelbay.wires.error_codes import Codes, class_of, recast

CODES: Codes = {
    "unavailable": ("1000", "1001", "1013", "1024", "1033"),
    "rate_limit": ("1002", "1039", "1041", "2045", "2056"),
    "authorization": ("1004", "1008", "2038", "2042", "2049"),
    "bad_request": ("1026", "1027", "1042", "1043", "1044", "2013", "2037", "2039", "2048", "20132"),
}


def raise_error_in(body: Mapping[str, Any]) -> None:
    """Raise the error that an answer tells of; do nothing if it tells of none."""
    told = body.get("base_resp")
    code = told.get("status_code") if isinstance(told, dict) else None
    if not code:
        return
    cls = class_of(code, CODES) or InvokeServerUnavailableError
    raise cls(failures.message_of(told) or f"code {code}", code=str(code), request_id=_trace(body))


def to_error(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
    """Return the error for an answer outside 200..299; a code that it has goes before the status."""
    error = failures.to_error(status, headers, body)
    try:
        raise_error_in(orjson.loads(body))
    except InvokeError as told:
        error.code, error.request_id = told.code, error.request_id or told.request_id
        return recast(error, CODES)
    except (orjson.JSONDecodeError, AttributeError):
        pass
    return error


def _trace(body: Mapping[str, Any]) -> str | None:
    trace = body.get("trace_id")
    return trace[:200] if isinstance(trace, str) and trace else None

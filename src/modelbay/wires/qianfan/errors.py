"""Failures as the first version tells of them: `{error_code, error_msg}`, with status 200."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires import failures
from modelbay.wires.error_codes import Codes, class_of

CODES: Codes = {
    "unavailable": ("1", "2", "336000", "336100"),
    "rate_limit": ("4", "17", "18", "19", "336501", "336502"),
    "authorization": ("6", "13", "14", "15", "100", "110", "111"),
    "bad_request": ("3",),
}
_INPUT = "336"  # with these digits begin the codes of what is wrong with a request


def raise_error_in(body: Mapping[str, Any]) -> None:
    """Raise the error that an answer tells of; do nothing if it tells of none."""
    code = body.get("error_code")
    if not code:
        return
    fallback = InvokeBadRequestError if str(code).startswith(_INPUT) else InvokeServerUnavailableError
    request_id = body.get("id")
    raise (class_of(code, CODES) or fallback)(
        failures.message_of(body) or f"code {code}",
        code=str(code),
        request_id=request_id if isinstance(request_id, str) else None,
    )

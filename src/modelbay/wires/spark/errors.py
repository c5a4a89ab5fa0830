"""What the upstream's codes mean, whichever interface tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeError, InvokeServerUnavailableError
from modelbay.wires import failures
from modelbay.wires.error_codes import Codes, class_of, recast

CODES: Codes = {
    "bad_request": (
        *("10001", "10002", "10003", "10004", "10005", "10013", "10014", "10017", "10019", "10021", "10022"),
        *("10163", "10404", "10907"),
    ),
    "authorization": ("10015", "10016", "11200"),
    "rate_limit": ("10006", "10007", "11201", "11202", "11203"),
    "unavailable": ("10000", "10008", "10009", "10010", "10011", "10012", "10018", "10110", "10222", "10223"),
}


def raise_error_in(told: Mapping[str, Any]) -> None:
    """Raise the error that a header, or a body, with a code other than 0 tells of."""
    code = told.get("code")
    if not code:
        return
    sid = told.get("sid")
    raise (class_of(code, CODES) or InvokeServerUnavailableError)(
        failures.message_of(told) or f"code {code}",
        code=str(code),
        request_id=sid if isinstance(sid, str) else None,
    )


def to_error(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
    """Return the error for an answer outside 200..299: its code goes before its status."""
    return recast(failures.to_error(status, headers, body), CODES)

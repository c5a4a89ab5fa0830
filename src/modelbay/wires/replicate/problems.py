"""Failures as the provider writes them: `application/problem+json`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from modelbay.errors import InvokeError, InvokeRateLimitError, InvokeServerUnavailableError
from modelbay.wires.failures import to_error

_RESETS = re.compile(r"resets in ~?(\d+)\s*s")


def problem_in(body: Mapping[str, Any]) -> InvokeError:
    """Return the error that stands in the place of an answer (`application/problem+json`)."""
    status = body.get("status")
    if isinstance(status, int) and 400 <= status <= 599:
        return problem(status, {}, orjson.dumps(body))
    said = body.get("detail") or body.get("title") or "the provider's answer has an unexpected form"
    return InvokeServerUnavailableError(str(said))


def problem(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
    """Read a failed answer; how long to wait is told in words if there is no header."""
    error = to_error(status, headers, body)
    found = _RESETS.search(error.description)
    if isinstance(error, InvokeRateLimitError) and error.retry_after is None and found:
        error.retry_after = float(found[1])
    return error

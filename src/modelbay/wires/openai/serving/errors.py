"""How clients of OpenAI are told of errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    ModelbayError,
)
from modelbay.wires.failures import QUOTA_CODES

_BY_STATUS = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}
_BY_CLASS: tuple[tuple[type[ModelbayError], str], ...] = (
    (InvokeBadRequestError, "invalid_request_error"),
    (InvokeAuthorizationError, "authentication_error"),
    (InvokeRateLimitError, "rate_limit_error"),
)
_CODES = {"insufficient_quota": "insufficient_quota", "rate_limit_error": "rate_limit_exceeded"}
# What the same is called by Anthropic, and what our clients know it by; null: the type says it.
_FOREIGN: Mapping[str, str | None] = {
    "api_error": "server_error",
    "overloaded_error": "server_error",
    "timeout_error": "server_error",
    "rate_limit_error": "rate_limit_exceeded",
    "billing_error": "insufficient_quota",
    "invalid_request_error": None,
    "request_too_large": None,
    "not_found_error": "model_not_found",
    "authentication_error": None,
    "permission_error": None,
}
_FIELD = re.compile(r"([a-z_][a-z0-9_]*(?:\[\d+\]|\.[A-Za-z0-9_-]+)*): ")


class OpenAIErrors:
    """Writes `{"error": {"message", "type", "param", "code"}}`."""

    def from_error(self, error: ModelbayError, request_id: str) -> dict[str, Any]:
        """Return the body that goes with the status; the words are the upstream's, if they were its own."""
        kind = kind_of(error)
        return {
            "error": {
                "message": error.description,
                "type": kind,
                "param": param_of(error),
                "code": code_of(error, kind),
            }
        }


def kind_of(error: ModelbayError) -> str:
    """Return the API's type of an error: by what is used up, else by status, else by class."""
    if error.code in QUOTA_CODES or error.code == "billing_error":
        return "insufficient_quota"
    if error.status in _BY_STATUS:
        return _BY_STATUS[error.status]
    if error.status is not None:
        return "invalid_request_error" if 400 <= error.status < 500 else "server_error"
    return next((kind for cls, kind in _BY_CLASS if isinstance(error, cls)), "server_error")


def param_of(error: ModelbayError) -> str | None:
    """Return the field that a client's mistake is about, as the upstream or our own message names it."""
    if error.field is not None:
        return error.field
    found = _FIELD.match(error.description) if isinstance(error, InvokeBadRequestError) else None
    return found[1] if found else None


def code_of(error: ModelbayError, kind: str) -> str | None:
    """Return the API's code of an error: the upstream's, in this API's words, else by its `kind`."""
    code = _FOREIGN.get(error.code, error.code) if error.code else None
    return code or _code(error, kind)


def _code(error: ModelbayError, kind: str) -> str | None:
    if kind == "authentication_error":  # the client's own key, or ours at the provider
        return "provider_authentication_failed" if isinstance(error, InvokeError) else "invalid_api_key"
    return _CODES.get(kind)


ERRORS = OpenAIErrors()

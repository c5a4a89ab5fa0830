"""How clients of Anthropic are told of errors."""

from __future__ import annotations

from typing import Any

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    ModelbayError,
)

# By this the official SDKs know that they shall go on without a thread, and send the whole conversation.
NO_THREADS = "thread_unsupported_request"
_BY_STATUS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    408: "timeout_error",
    504: "timeout_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_BY_CLASS: tuple[tuple[type[ModelbayError], str], ...] = (
    (InvokeBadRequestError, "invalid_request_error"),
    (InvokeAuthorizationError, "authentication_error"),
    (InvokeRateLimitError, "rate_limit_error"),
    (InvokeServerUnavailableError, "overloaded_error"),
    (InvokeConnectionError, "api_error"),
)
# What OpenAI and those who speak as it does call the same, for errors inside a stream: they have no status.
_FOREIGN = {
    "rate_limit_exceeded": "rate_limit_error",
    "insufficient_quota": "billing_error",
    "credit_balance_exhausted": "billing_error",
    "invalid_api_key": "authentication_error",
    "model_not_found": "not_found_error",
    "context_length_exceeded": "invalid_request_error",
    "server_error": "api_error",
}
_VAGUE = "invalid_request_error"  # OpenAI's type of every error below 500 that is no other one
_TYPES = frozenset(_BY_STATUS.values()) | {"invalid_request_error", "api_error"}


class AnthropicErrors:
    """Writes `{"type": "error", "error": {"type", "message"}, "request_id"}`."""

    def from_error(self, error: ModelbayError, request_id: str) -> dict[str, Any]:
        """Return the body that goes with the status; the words are the upstream's where it had some."""
        told: dict[str, Any] = {"type": kind_of(error), "message": error.description}
        if error.code == NO_THREADS:
            told["details"] = {"error_code": NO_THREADS, "unsupported": ["thread"]}
        return {"type": "error", "error": told, "request_id": request_id}


def kind_of(error: ModelbayError) -> str:
    """Return the API's type of an error: the upstream's own, else by status, else by code, else by class."""
    if error.code in _TYPES and not (error.code == _VAGUE and error.status in _BY_STATUS):
        return str(error.code)
    if error.status in _BY_STATUS:
        return _BY_STATUS[error.status]
    if error.status is not None and 400 <= error.status < 500:
        return "invalid_request_error"
    if error.status is not None and error.status >= 500:
        return "api_error"
    if error.code in _FOREIGN:
        return _FOREIGN[error.code]
    return next((kind for cls, kind in _BY_CLASS if isinstance(error, cls)), "api_error")


ERRORS = AnthropicErrors()

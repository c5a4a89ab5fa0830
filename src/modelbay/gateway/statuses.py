"""The HTTP status that an error is told with."""

from __future__ import annotations

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    ModelbayError,
)
from modelbay.gateway.http.exchange import BodyError
from modelbay.runtime.accounts import KeyRefusedError, LimitReachedError
from modelbay.runtime.scopes import KeyScopeError

_USUAL: tuple[tuple[type[ModelbayError], int, range], ...] = (
    (InvokeRateLimitError, 429, range(429, 430)),
    (InvokeAuthorizationError, 401, range(401, 404)),
    (InvokeBadRequestError, 400, range(400, 500)),
    (InvokeConnectionError, 502, range(502, 505)),
    (InvokeServerUnavailableError, 503, range(500, 600)),
    (KeyRefusedError, 401, range(401, 404)),
    (KeyScopeError, 403, range(403, 404)),
    (BodyError, 400, range(400, 500)),
)


def status_of(error: ModelbayError) -> int:
    """Return the upstream's status where it fits the class of the error, else the usual one of the class."""
    for kind, usual, fitting in _USUAL:
        if isinstance(error, kind):
            return error.status if error.status is not None and error.status in fitting else usual
    return 500


def retry_after(error: ModelbayError) -> bytes:
    """Return the headers that tell when to try again, if that is known, and whether to do so at once."""
    # What the libraries of OpenAI and Anthropic heed: they would try again a limit that is reached for days.
    told = b"x-should-retry: false\r\n" if isinstance(error, LimitReachedError) else b""
    if error.retry_after is None:
        return told
    return told + b"retry-after: %d\r\n" % max(0, -int(-error.retry_after // 1))

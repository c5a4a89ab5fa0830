"""The one error tree.

A provider's failure becomes one of the `InvokeError` classes, chosen by status and code, never by the
words of a message. The upstream's own words are kept; credentials are not (`redact`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

__all__ = [
    "CredentialsValidateFailedError",
    "DeclarationError",
    "InvokeAuthorizationError",
    "InvokeBadRequestError",
    "InvokeConnectionError",
    "InvokeError",
    "InvokeRateLimitError",
    "InvokeServerUnavailableError",
    "ModelbayError",
    "error_class_for_status",
    "redact",
]

E = TypeVar("E", bound="ModelbayError")
REDACTED = "[redacted]"
_SHORTEST_SECRET = 6  # anything shorter would blank out ordinary words


class ModelbayError(Exception):
    """Root of every error that Modelbay raises on purpose. `str(error)` is one line for a person."""

    summary: ClassVar[str] = "Error"

    def __init__(
        self,
        description: str | None = None,
        *,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        retryable: bool | None = None,
        field: str | None = None,
    ) -> None:
        """Create an error.

        Args:
            description: What happened, in the upstream's words where there are any.
            status: HTTP status of the upstream's answer, if there was one.
            code: The upstream's own machine-readable code.
            retry_after: Seconds to wait, as the upstream asked.
            request_id: The upstream's id of the request, to quote to its support.
            retryable: Whether the same call may succeed later; None keeps the class's answer.
            field: The field of the request that is wrong, as the upstream names it.
        """
        super().__init__(description or self.summary)
        self.description = description or self.summary
        self.provider = provider
        self.model = model
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.request_id = request_id
        self.field = field
        if retryable is not None:
            self.retryable = retryable

    retryable: bool = False

    def __str__(self) -> str:
        place = "/".join(part for part in (self.provider, self.model) if part)
        return f"{place}: {self.description}" if place else self.description

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.description, self.__dict__))

    def located(self, provider: str | None, model: str | None) -> ModelbayError:
        """Fill in provider and model where they are not known yet; return the error itself."""
        self.provider = self.provider or provider
        self.model = self.model or model
        return self

    def told_as(self, kind: type[E], description: str | None = None, *, retryable: bool | None = None) -> E:
        """Return an error of another class that keeps what this one tells: status, code, request id, …

        Args:
            description: Other words for it.
            retryable: As in the constructor: None takes the new class's answer.
        """
        return kind(
            description or self.description,
            provider=self.provider,
            model=self.model,
            status=self.status,
            code=self.code,
            retry_after=self.retry_after,
            request_id=self.request_id,
            retryable=retryable,
            field=self.field,
        )


def _rebuild(cls: type[ModelbayError], description: str, state: dict[str, object]) -> ModelbayError:
    error = cls(description)
    error.__dict__.update(state)
    return error


class InvokeError(ModelbayError):
    """A call of a model failed. The subclasses say whose fault it was and whether waiting helps."""

    summary = "The call failed."


class InvokeConnectionError(InvokeError):
    """The upstream could not be reached, or the connection broke or timed out."""

    summary = "The connection to the provider failed."
    retryable = True


class InvokeServerUnavailableError(InvokeError):
    """The upstream is up but cannot serve (HTTP 5xx, overloaded)."""

    summary = "The provider is unavailable."
    retryable = True


class InvokeRateLimitError(InvokeError):
    """The upstream refused for rate or quota (HTTP 429): the call may succeed after `retry_after` seconds."""

    summary = "The provider's rate limit is reached."
    retryable = True


class InvokeAuthorizationError(InvokeError):
    """The upstream did not accept the credentials (HTTP 401, 402, 403), or there were none to send."""

    summary = "The provider did not accept the credentials."


class InvokeBadRequestError(InvokeError):
    """The request itself is wrong (HTTP 400, 404, 422 …): repeating it unchanged cannot succeed."""

    summary = "The request is not valid."


class CredentialsValidateFailedError(ModelbayError):
    """Credentials were checked and do not work; the message says why, in the provider's words."""

    summary = "The credentials are not valid."


class DeclarationError(ModelbayError):
    """A plugin's declaration cannot be read; the message names file, place and what to do."""

    summary = "The plugin's declaration cannot be read."


_BY_STATUS: dict[int, type[InvokeError]] = {
    401: InvokeAuthorizationError,
    402: InvokeAuthorizationError,
    403: InvokeAuthorizationError,
    408: InvokeServerUnavailableError,
    425: InvokeServerUnavailableError,
    429: InvokeRateLimitError,
    498: InvokeAuthorizationError,  # Cohere: invalid token
    499: InvokeServerUnavailableError,  # Cohere: request cancelled on its side
}


def error_class_for_status(status: int) -> type[InvokeError]:
    """Return the class for an HTTP status that means failure (anything outside 200..299)."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return InvokeServerUnavailableError
    if status >= 400:
        return InvokeBadRequestError
    return InvokeServerUnavailableError


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with every secret of six or more characters replaced, longest first."""
    for secret in sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text

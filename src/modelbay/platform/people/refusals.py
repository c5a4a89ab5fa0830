"""Why somebody is not let in, or not allowed something. No message says which part of a sign-in was wrong."""

from __future__ import annotations

from modelbay.errors import InvokeBadRequestError, ModelbayError


class ForbiddenError(ModelbayError):
    """Whoever asks is known, but may not do this."""

    summary = "Your role does not allow this."

    def __init__(self, description: str | None = None, *, field: str | None = None) -> None:
        super().__init__(description, status=403, code="forbidden", field=field)


class SignInRefusedError(ModelbayError):
    """E-mail and password open nothing, or a session is over. Always in the same words."""

    summary = "E-mail or password is not right."

    def __init__(self, description: str | None = None) -> None:
        super().__init__(description, status=401, code="sign_in_refused")


class TooManyAttemptsError(ModelbayError):
    """Too many guesses: the next is looked at after `retry_after` seconds."""

    summary = "Too many attempts."
    retryable = True

    def __init__(self, retry_after: float) -> None:
        super().__init__(status=429, code="too_many_attempts", retry_after=retry_after)


def not_found(field: str, description: str) -> InvokeBadRequestError:
    """Return the error for something that does not exist in this workspace."""
    return InvokeBadRequestError(f"{field}: {description}", status=404, code="not_found", field=field)


def conflict(field: str, description: str) -> InvokeBadRequestError:
    """Return the error for something that others have changed, or that stands in the way."""
    return InvokeBadRequestError(f"{field}: {description}", status=409, code="conflict", field=field)


def invalid(field: str, description: str) -> InvokeBadRequestError:
    """Return the error for a value that cannot be taken."""
    return InvokeBadRequestError(f"{field}: {description}", status=422, code="invalid", field=field)

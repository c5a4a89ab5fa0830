"""Errors as RFC 9457 has them: `application/problem+json`, with the fields that are wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    ModelbayError,
)
from modelbay.gateway.http.exchange import BodyError
from modelbay.platform.credentials.forms import FormError
from modelbay.platform.people.refusals import ForbiddenError, SignInRefusedError, TooManyAttemptsError
from modelbay.platform.vault import MasterKeyError, VaultError
from modelbay.runtime.accounts import KeyRefusedError
from modelbay.runtime.scopes import KeyScopeError
from modelbay.store import ConflictError, StoreError

if TYPE_CHECKING:
    from pydantic import ValidationError

MEDIA: Final = "application/problem+json"
_OTHERS: Final[Sequence[tuple[type[ModelbayError], int, str, str]]] = (
    # the class, our status and code, and our words where its own name files or keys of this machine
    (CredentialsValidateFailedError, 422, "credentials_refused", ""),
    (InvokeRateLimitError, 429, "too_many_requests", ""),
    (InvokeAuthorizationError, 409, "credentials_missing", ""),
    (InvokeServerUnavailableError, 503, "unavailable", ""),
    (InvokeError, 502, "upstream", ""),
    (ConflictError, 409, "conflict", "somebody else was first: read it again"),
    (StoreError, 503, "store", "the database cannot be used now; try again"),
    (VaultError, 503, "vault", "the vault cannot be used; the gateway's log says why"),
    (MasterKeyError, 503, "vault", "the vault cannot be used; the gateway's log says why"),
)
_LEADING_FIELD = re.compile(r"([A-Za-z_][\w.\[\]-]{0,60}): ")
_OURS: Final = (ForbiddenError, SignInRefusedError, TooManyAttemptsError)
_CODES: Final = {400: "bad_request", 404: "not_found", 409: "conflict", 422: "invalid"}


class ProblemError(Exception):
    """What a caller is told instead of an answer.

    Args:
        code: One word for programs; it is the end of `type`.
        errors: By field, what is wrong and what to do.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        code: str,
        *,
        errors: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.errors = list(errors.items() if isinstance(errors, Mapping) else errors)
        self.headers = tuple(headers)

    def body(self, request_id: str) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "type": f"urn:modelbay:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": [{"field": field, "message": message} for field, message in self.errors],
            "request_id": request_id,
        }


def not_found_workspace() -> ProblemError:
    """Return what is told of a workspace that is not there, or that is somebody else's."""
    text = "there is no such workspace, or you are no member of it"
    return ProblemError(404, text, "not_found", errors={"workspace": text})


def unexpected() -> ProblemError:
    """Return what is told of a fault of ours."""
    return ProblemError(500, "the gateway failed; its log says why", "internal")


def of_validation(error: ValidationError, *, inside: str = "") -> ProblemError:
    """Return what is wrong with a body or a query; no value is quoted, since it may be a secret.

    Args:
        inside: What the fields' names begin with.
    """
    found = [
        (".".join((*((inside,) if inside else ()), *map(str, each["loc"]))) or "body", _words(each))
        for each in error.errors(include_url=False, include_input=False, include_context=True)
    ]
    detail = "; ".join(f"{field}: {message}" for field, message in found[:5])
    return ProblemError(422, detail, "invalid", errors=found[:100])


def of_form(error: FormError, *, inside: str = "values") -> ProblemError:
    """Return what is wrong with a form whose fields are inside a field of the body."""
    errors = {f"{inside}.{field}": text for field, text in error.complaints.items()}
    return ProblemError(422, error.description, "invalid", errors=errors)


def of_error(error: ModelbayError, *, precondition: bool = False) -> ProblemError:
    """Return an error of the platform as a problem.

    Args:
        precondition: The caller has sent `If-Match`, so that a changed version is its precondition failing.
    """
    if isinstance(error, FormError):
        return of_form(error)
    if isinstance(error, InvokeBadRequestError):
        return _of_bad_request(error, precondition=precondition)
    if isinstance(error, _OURS):
        return _with_field(error, error.status or 403, error.code or "forbidden")
    return _of_others(error)


def _of_bad_request(error: InvokeBadRequestError, *, precondition: bool) -> ProblemError:
    status = error.status if error.status in _CODES else 422
    if precondition and status == 409 and error.field == "version":
        return ProblemError(412, f"{error.description}; then send its ETag as If-Match", "changed_since")
    return _with_field(error, status, _CODES[status])


def _of_others(error: ModelbayError) -> ProblemError:
    """Return what an upstream, the vault or the store has said; their own statuses are not ours."""
    if isinstance(error, BodyError):
        return ProblemError(error.status or 400, error.description, "body")
    if isinstance(error, KeyScopeError):
        return ProblemError(403, error.description, "missing_scope")
    if isinstance(error, KeyRefusedError):
        return ProblemError(error.status or 401, error.description, "key_refused")
    for kind, status, code, words in _OTHERS:
        if isinstance(error, kind):
            errors = {"values": error.description} if kind is CredentialsValidateFailedError else {}
            return ProblemError(status, words or str(error), code, errors=errors, headers=_wait(error))
    return unexpected()


def _with_field(error: ModelbayError, status: int, code: str) -> ProblemError:
    """Return a problem with the field that the error names, or that its message begins with."""
    leading = _LEADING_FIELD.match(error.description)
    field = error.field or (leading[1] if leading else None)
    message = error.description.removeprefix(f"{field}: ")
    errors = {field: message} if field else {}
    return ProblemError(status, error.description, code, errors=errors, headers=_wait(error))


def _wait(error: ModelbayError) -> Sequence[tuple[str, str]]:
    if error.retry_after is None:
        return ()
    return (("retry-after", str(max(0, -int(-error.retry_after // 1)))),)


def _words(error: Mapping[str, Any]) -> str:
    """Return what pydantic says, for people; an error of ours is said in its own words."""
    own = error.get("ctx", {}).get("error")
    text = str(own) if isinstance(own, ValueError) else str(error["msg"])
    if error["type"] == "extra_forbidden":
        return "is not known here"
    return "is required" if error["type"] == "missing" else text[:1].lower() + text[1:]

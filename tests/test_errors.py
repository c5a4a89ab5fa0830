"""The error tree."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay import errors
from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    error_class_for_status,
    redact,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvokeBadRequestError),
        (401, InvokeAuthorizationError),
        (402, InvokeAuthorizationError),
        (403, InvokeAuthorizationError),
        (404, InvokeBadRequestError),
        (408, InvokeServerUnavailableError),
        (413, InvokeBadRequestError),
        (422, InvokeBadRequestError),
        (429, InvokeRateLimitError),
        (500, InvokeServerUnavailableError),
        (529, InvokeServerUnavailableError),
    ],
)
def test_the_status_chooses_the_class(status: int, kind: type[InvokeError]) -> None:
    """Never the words of a message."""
    assert error_class_for_status(status) is kind


def test_only_passing_failures_are_retryable() -> None:
    """A caller that retries a bad request wastes money."""
    retryable = {name for name in errors.__all__ if getattr(getattr(errors, name), "retryable", False)}

    assert retryable == {"InvokeConnectionError", "InvokeRateLimitError", "InvokeServerUnavailableError"}


def test_validation_failures_are_outside_the_invoke_tree() -> None:
    """Plugins catch the two apart."""
    assert not issubclass(CredentialsValidateFailedError, InvokeError)


def test_an_error_keeps_all_its_fields_when_it_travels() -> None:
    """Errors cross process borders and are copied by frameworks."""
    error = InvokeRateLimitError(
        "slow down", provider="acme", model="m", status=429, retry_after=2.5, request_id="r", code="c"
    )

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is InvokeRateLimitError
        assert vars(twin) == vars(error)
        assert str(twin) == "acme/m: slow down"


def test_an_error_says_where_and_what_in_one_line() -> None:
    """People read this line."""
    assert str(InvokeBadRequestError()) == "The request is not valid."
    assert str(InvokeBadRequestError("no", provider="acme")) == "acme: no"


@given(secret=st.text(min_size=6), before=st.text(), after=st.text())
def test_a_secret_is_never_left_in_a_redacted_text(secret: str, before: str, after: str) -> None:
    """Wherever it stands, however often."""
    from hypothesis import assume

    assume(secret not in errors.REDACTED)
    text = redact(before + secret + after + secret, [secret, "short"])

    assert text.count(errors.REDACTED) >= 1 or secret not in text
    assert secret not in text.replace(errors.REDACTED, "\0")

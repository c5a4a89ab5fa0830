"""Errors that mean something else at one provider than their status says."""

from __future__ import annotations

import pytest

from modelbay.entities import WireError
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
)
from modelbay.wires.error_codes import as_declared

FULL = WireError(status=498, means="rate-limit")
WRONG_KEY = WireError(status=400, says="incorrect API key", means="authorization")
NO_BALANCE = WireError(codes=["no_balance"], means="authorization")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvokeAuthorizationError("Full.", status=498), InvokeRateLimitError),
        (InvokeBadRequestError("Incorrect API key provided: xai-…", status=400), InvokeAuthorizationError),
        (InvokeBadRequestError("Incorrect prompt.", status=400), InvokeBadRequestError),
        (InvokeRateLimitError("Pay.", status=429, code="no_balance"), InvokeAuthorizationError),
        (InvokeRateLimitError("Wait.", status=429, code="slow"), InvokeRateLimitError),
        (InvokeBadRequestError("the text 'incorrect api key' is too long"), InvokeBadRequestError),
    ],
)
def test_the_first_declaration_that_fits_decides(error: InvokeError, kind: type[InvokeError]) -> None:
    """All that is given has to fit, and an error of ours is nobody's to declare."""
    found = as_declared(error, [FULL, WRONG_KEY, NO_BALANCE])

    assert type(found) is kind
    assert str(found) == str(error)


def test_an_error_keeps_what_it_tells_and_is_as_retryable_as_its_kind() -> None:
    """Waiting helps against a full tier and not against an empty purse."""
    told = InvokeAuthorizationError("Full.", status=498, retry_after=2.0, request_id="r", provider="p")
    full = as_declared(told, [FULL])
    broke = as_declared(InvokeRateLimitError("Pay.", status=429, code="no_balance"), [NO_BALANCE])

    assert (full.status, full.retry_after, full.request_id, full.provider) == (498, 2.0, "r", "p")
    assert (full.retryable, broke.retryable) == (True, False)
    assert as_declared(told, [WireError(status=498, means="rate-limit", retryable=False)]).retryable is False

"""Exit codes and lines of errors."""

from __future__ import annotations

import pytest

from modelbay.cli.errors import Mistake, describe, exit_code
from modelbay.errors import (
    CredentialsValidateFailedError,
    DeclarationError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvokeConnectionError(), 1),
        (InvokeServerUnavailableError(), 1),
        (InvokeRateLimitError(), 1),
        (DeclarationError(), 1),
        (ValueError(), 1),
        (InvokeBadRequestError(), 2),
        (Mistake(), 2),
        (InvokeAuthorizationError(), 3),
        (CredentialsValidateFailedError(), 3),
        (CredentialsValidateFailedError(retryable=True), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_kind_of_error_has_the_documented_exit_code(error: BaseException, code: int) -> None:
    """Scripts tell by the code whether to wait, to correct the request or to ask for a key."""
    assert exit_code(error) == code


def test_a_message_of_several_lines_becomes_one_line() -> None:
    """Upstreams send paragraphs; a line on stderr is what tools and people can read."""
    assert describe(InvokeBadRequestError("first\n  second\r\nthird")) == "first second third"


def test_a_line_says_when_to_retry_and_which_request_it_was() -> None:
    """Both are what the person needs next: wait so long, or quote this id to the provider."""
    line = describe(InvokeRateLimitError("slow down", retry_after=20.0, request_id="req_7"))

    assert line == "slow down (retry after 20 s) (request req_7)"


def test_the_text_of_an_unexpected_error_is_not_shown() -> None:
    """Nobody has redacted it: it may quote a header or a body."""
    line = describe(KeyError("sk-live-secret"))

    assert "KeyError" in line
    assert "MODELBAY_DEBUG=1" in line
    assert "secret" not in line

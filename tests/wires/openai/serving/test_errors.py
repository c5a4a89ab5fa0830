"""Errors as clients of OpenAI are told of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.published import as_published

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    ModelbayError,
)
from modelbay.wires.openai.serving import ERRORS

PUBLISHED = as_published("openai.openapi.json")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (InvokeBadRequestError("n: too many"), "invalid_request_error", None),
        (
            InvokeBadRequestError("model: what?", status=404, code="model_not_found"),
            "invalid_request_error",
            "model_not_found",
        ),
        (ModelbayError("no key", status=401), "authentication_error", "invalid_api_key"),
        (
            InvokeAuthorizationError("bad", status=401),
            "authentication_error",
            "provider_authentication_failed",
        ),
        (InvokeAuthorizationError("not yours", status=403), "permission_error", None),
        (InvokeAuthorizationError("pay", status=402), "insufficient_quota", "insufficient_quota"),
        (InvokeRateLimitError("slow", status=429), "rate_limit_error", "rate_limit_exceeded"),
        (InvokeRateLimitError("slow"), "rate_limit_error", "rate_limit_exceeded"),
        (
            InvokeRateLimitError("spent", status=429, code="insufficient_quota"),
            "insufficient_quota",
            "insufficient_quota",
        ),
        (InvokeServerUnavailableError("down", status=503), "server_error", None),
        (InvokeConnectionError("gone"), "server_error", None),
        (ModelbayError("too long", status=413), "invalid_request_error", None),
    ],
)
def test_an_error_has_its_type_and_code(error: ModelbayError, kind: str, code: str | None) -> None:
    """Clients decide by them whether to try again."""
    body = ERRORS.from_error(error, "id")

    assert (body["error"]["type"], body["error"]["code"]) == (kind, code)
    assert body["error"]["message"] == error.description
    PUBLISHED(body, "ErrorResponse")


@pytest.mark.parametrize(
    ("words", "param"),
    [
        ("messages[2].content[0].image_url.url: must be an address", "messages[2].content[0].image_url.url"),
        ("n: 3 answers", "n"),
        ("Invalid value: what?", None),
        ("a cat: no", None),
    ],
)
def test_the_field_of_a_mistake_is_a_field(words: str, param: Any) -> None:
    """Our messages name it at their beginning."""
    assert ERRORS.from_error(InvokeBadRequestError(words), "id")["error"]["param"] == param


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (
            InvokeRateLimitError("x", status=429, code="rate_limit_error"),
            "rate_limit_error",
            "rate_limit_exceeded",
        ),
        (InvokeServerUnavailableError("x", code="api_error"), "server_error", "server_error"),
        (
            InvokeServerUnavailableError("x", status=529, code="overloaded_error"),
            "server_error",
            "server_error",
        ),
        (
            InvokeBadRequestError("x", status=404, code="not_found_error"),
            "invalid_request_error",
            "model_not_found",
        ),
        (InvokeBadRequestError("x", status=400, code="invalid_request_error"), "invalid_request_error", None),
        (
            InvokeAuthorizationError("x", status=401, code="authentication_error"),
            "authentication_error",
            "provider_authentication_failed",
        ),
        (InvokeAuthorizationError("x", code="billing_error"), "insufficient_quota", "insufficient_quota"),
        (
            InvokeBadRequestError("x", status=400, code="string_too_long"),
            "invalid_request_error",
            "string_too_long",
        ),
    ],
)
def test_what_another_provider_calls_an_error_is_said_in_these_clients_words(
    error: ModelbayError, kind: str, code: str | None
) -> None:
    """They compare codes with those that OpenAI has; what it has no word for stays."""
    told = ERRORS.from_error(error, "id")["error"]

    assert (told["type"], told["code"]) == (kind, code)

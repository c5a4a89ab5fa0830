"""Upstreams' failures, in every shape that is known, become one error with the right class and words."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.failures import in_body, retry_after, to_error


def error_of(status: int, body: Any, **headers: str) -> InvokeError:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return to_error(status, {name.replace("_", "-"): value for name, value in headers.items()}, data)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "No such model.", "type": "t", "param": None, "code": "c"}}, "No such model."),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "Overloaded"),
        ({"message": "invalid api token", "id": "1"}, "invalid api token"),
        ({"detail": "Not Found"}, "Not Found"),
        (
            {"detail": [{"loc": ["body", "input"], "msg": "field required", "type": "missing"}]},
            "body.input: field required",
        ),
        ({"error": "model 'x' not found"}, "model 'x' not found"),
        ({"error": "Bad Request", "message": "input is empty"}, "Bad Request: input is empty"),
        ({"errors": {"message": "wrong"}}, "wrong"),
        ({"message": {"detail": [{"loc": ["body"], "msg": "bad"}]}, "object": "error"}, "body: bad"),
        ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, "login fail"),
        (
            [{"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT"}}],
            "API key not valid",
        ),
        (
            {
                "error": {
                    "message": "Provider returned error",
                    "code": 502,
                    "metadata": {"raw": "upstream is full"},
                }
            },
            "Provider returned error (upstream is full)",
        ),
        (b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", "502 Bad Gateway"),
        (b"<html><body><h1>Access &amp; more</h1><script>x()</script></body></html>", "Access & more"),
        (b"upstream connect error", "upstream connect error"),
        (b"", "HTTP 500 without a message."),
        ({}, "HTTP 500 without a message."),
        (b"two\nlines", "two lines"),
    ],
)
def test_the_upstreams_own_words_are_found(body: Any, words: str) -> None:
    """People search for the words their provider used; every shape of body holds them elsewhere."""
    assert str(error_of(500, body)) == words


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, InvokeBadRequestError),
        (401, InvokeAuthorizationError),
        (403, InvokeAuthorizationError),
        (404, InvokeBadRequestError),
        (422, InvokeBadRequestError),
        (429, InvokeRateLimitError),
        (500, InvokeServerUnavailableError),
        (529, InvokeServerUnavailableError),
    ],
)
def test_the_class_follows_the_status_and_not_the_words(status: int, cls: type[InvokeError]) -> None:
    """A message that says "rate limit" in a 400 is still a bad request."""
    error = error_of(status, {"error": {"message": "rate limit unauthorized overloaded"}})
    assert type(error) is cls
    assert error.status == status


def test_code_request_id_and_pause_are_kept() -> None:
    """Support asks for the id, programs for the code, the runtime for the pause."""
    error = error_of(
        429,
        {"error": {"message": "slow", "type": "tokens", "code": "rate_limit_exceeded"}},
        x_request_id="req_1",
        retry_after="7",
    )
    assert (error.code, error.request_id, error.retry_after) == ("rate_limit_exceeded", "req_1", 7.0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"type": "overloaded_error", "message": "m"}}, "overloaded_error"),
        ({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "m"}}, "INVALID_ARGUMENT"),
        ({"error": {"code": 502, "message": "m"}}, "502"),
        ({"code": "InvalidParameter", "message": "m"}, "InvalidParameter"),
        ({"error": "text"}, None),
    ],
)
def test_a_word_is_preferred_to_a_number_as_the_code(body: Any, code: str | None) -> None:
    """A number only repeats the status."""
    assert error_of(500, body).code == code


def test_the_request_id_is_also_read_from_the_body() -> None:
    """Anthropic and DashScope put it there."""
    assert error_of(500, {"error": {"message": "m"}, "request_id": "req_2"}).request_id == "req_2"


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted"])
def test_an_exhausted_budget_is_not_worth_repeating(code: str | None) -> None:
    """The status says 429 like a rate limit, but waiting does not fill an account."""
    error = error_of(429, {"error": {"message": "pay", "code": code}})
    assert isinstance(error, InvokeRateLimitError)
    assert not error.retryable


def test_a_long_message_is_cut() -> None:
    """An error page of a megabyte must not end up in a log line."""
    assert len(str(error_of(500, {"message": "x" * 100_000}))) == 2000


@given(
    body=st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "message", "detail", "loc", "code", "type", "metadata", "raw"]),
                inner,
            )
        ),
        max_leaves=15,
    ).map(orjson.dumps)
)
def test_no_body_is_too_strange_to_become_an_error(body: Any) -> None:
    """A failure while reading a failure would hide the first one."""
    assert str(to_error(500, {}, body))
    with contextlib.suppress(orjson.JSONDecodeError):
        error = in_body(orjson.loads(body))
        assert error is None or str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({}, None),
    ],
)
def test_the_pause_asked_for_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date; nonsense is nothing."""
    assert retry_after(headers) == seconds


def test_a_date_in_the_future_is_a_pause() -> None:
    """Some proxies answer with a date only."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < (retry_after({"retry-after": later}) or 0) <= 100


@pytest.mark.parametrize(
    ("value", "cls"),
    [
        ({"error": {"type": "rate_limit_error", "message": "m"}}, InvokeRateLimitError),
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "m"}},
            InvokeServerUnavailableError,
        ),
        ({"error": {"type": "authentication_error", "message": "m"}}, InvokeAuthorizationError),
        ({"error": {"type": "invalid_request_error", "message": "m"}}, InvokeBadRequestError),
        ({"error": {"type": "invalid_request_error", "code": "invalid_api_key"}}, InvokeAuthorizationError),
        ({"error": {"type": "server_error", "message": "m"}}, InvokeServerUnavailableError),
        ({"error": {"code": 429, "message": "m"}}, InvokeRateLimitError),
        ({"error": {"code": "403", "message": "m"}}, InvokeAuthorizationError),
        ({"type": "error", "code": "server_error", "message": "m"}, InvokeServerUnavailableError),
        ({"error": {"code": "insufficient_quota", "message": "m"}}, InvokeRateLimitError),
        ([{"error": {"code": 400, "message": "m"}}], InvokeBadRequestError),
        ({"error": "something"}, InvokeServerUnavailableError),
    ],
)
def test_an_error_inside_a_success_is_classified(value: Any, cls: type[InvokeError]) -> None:
    """Routers and streams report failures after the status said 200."""
    assert type(in_body(value)) is cls


@pytest.mark.parametrize("value", [{"error": None}, {"choices": []}, [], "error", 3, None, {"error": ""}])
def test_a_success_is_no_error(value: Any) -> None:
    """Several APIs carry an `error` field that is null."""
    assert in_body(value) is None


def test_an_error_in_a_success_keeps_its_words_and_code() -> None:
    """It must look the same as one with a status."""
    error = in_body({"error": {"message": "Overloaded", "type": "overloaded_error"}, "request_id": "r"})
    assert isinstance(error, InvokeError)
    assert (str(error), error.code, error.request_id) == ("Overloaded", "overloaded_error", "r")

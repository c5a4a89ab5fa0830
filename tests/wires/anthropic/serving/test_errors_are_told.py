"""How clients of Anthropic are told of errors, and of state that they changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.upstreams.published import as_published
from tests.wires.anthropic.serving.asked_and_said import JSON, call_of, echoed, request
from tests.wires.wire_checks import ENDPOINT

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    ModelbayError,
)
from modelbay.wires.anthropic import MESSAGES as WIRE
from modelbay.wires.anthropic.serving import ERRORS, MESSAGES
from modelbay.wires.anthropic.serving.carried import carrier


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (InvokeBadRequestError("x"), "invalid_request_error"),
        (InvokeBadRequestError("x", status=404), "not_found_error"),
        (InvokeBadRequestError("x", status=413), "request_too_large"),
        (InvokeBadRequestError("x", status=422), "invalid_request_error"),
        (InvokeAuthorizationError("x"), "authentication_error"),
        (InvokeAuthorizationError("x", status=403), "permission_error"),
        (InvokeRateLimitError("x", status=429), "rate_limit_error"),
        (InvokeServerUnavailableError("x"), "overloaded_error"),
        (InvokeServerUnavailableError("x", status=500), "api_error"),
        (InvokeServerUnavailableError("x", status=504), "timeout_error"),
        (InvokeServerUnavailableError("x", status=500, code="overloaded_error"), "overloaded_error"),
        (InvokeServerUnavailableError("x", code="server_error"), "api_error"),
        (InvokeRateLimitError("x", code="rate_limit_exceeded"), "rate_limit_error"),
        (InvokeRateLimitError("x", code="insufficient_quota"), "billing_error"),
        (InvokeBadRequestError("x", code="context_length_exceeded"), "invalid_request_error"),
        (InvokeBadRequestError("x", code="model_not_found"), "not_found_error"),
        (InvokeBadRequestError("x", status=404, code="invalid_request_error"), "not_found_error"),
        (InvokeConnectionError("x"), "api_error"),
        (ModelbayError("x"), "api_error"),
    ],
)
def test_every_error_has_a_type_of_the_api(error: ModelbayError, wanted: str) -> None:
    """Clients choose what to do by it; the words are the upstream's."""
    body = ERRORS.from_error(error, "req_1")

    assert body == {"type": "error", "error": {"type": wanted, "message": "x"}, "request_id": "req_1"}


def test_errors_fit_the_published_description() -> None:
    """The official clients read them by that."""
    as_published("anthropic.schemas.json")(ERRORS.from_error(ModelbayError("x"), "req_1"), "ErrorResponse")


@pytest.mark.parametrize(
    "data", ["modelbay.v1.", "modelbay.v1.!", "modelbay.v1.eyJh", "modelbay.v2.bnVsbA", "modelbay.v1.é"]
)
def test_state_that_a_client_changed_is_refused_by_its_place(data: str) -> None:
    """As Anthropic refuses a changed signature: half a state would be worse than none."""
    with pytest.raises(InvokeBadRequestError, match=r"^messages\[1\]\.content\[0\]\.data: "):
        echoed([{"type": "redacted_thinking", "data": data}])


BLOCKS = st.lists(st.dictionaries(st.sampled_from(["type", "text", "id", "input", "name", "thinking"]), JSON))
STATES = st.one_of(
    JSON,
    st.dictionaries(st.sampled_from(["opaque_body", "tool_calls"]), JSON),
    BLOCKS.map(lambda content: {"opaque_body": {"anthropic": {"content": content}}}),
)


@settings(max_examples=150, deadline=None)
@given(STATES)
def test_state_that_a_client_made_up_is_a_bad_request_at_most(state: Any) -> None:
    """Its form is no secret, so anybody can write any."""
    body = request()
    called = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    body["messages"].append({"role": "assistant", "content": [carrier(state), called]})

    try:
        WIRE.to_request(call_of(MESSAGES.from_request(body)), ENDPOINT)
    except InvokeBadRequestError as error:
        assert str(error).startswith("messages[1]")

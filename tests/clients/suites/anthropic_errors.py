# mypy: ignore-errors
"""The Anthropic SDK when things go wrong: each failure is the class that its users catch."""

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic


@pytest.fixture
def client(target):
    with Anthropic(base_url=target.url, api_key=target.key, max_retries=0) as client:
        yield client


@pytest.fixture
def asked(target):
    return {
        "model": target.model,
        "max_tokens": 2048,
        "messages": [{"role": "user", "content": "What is a bay?"}],
    }


@pytest.mark.ability("errors")
def test_a_wrong_key_is_told(target, asked):
    with (
        Anthropic(base_url=target.url, api_key="wrong") as client,
        pytest.raises(anthropic.AuthenticationError) as told,
    ):
        client.messages.create(**asked)

    assert kind_of(told) == "authentication_error"


@pytest.mark.ability("errors")
def test_a_key_may_be_a_bearer_token(target, asked):
    """Tools that are given ANTHROPIC_AUTH_TOKEN send it so."""
    with Anthropic(base_url=target.url, auth_token=target.key, api_key=None) as client:
        assert client.messages.create(**asked).content


@pytest.mark.ability("errors")
def test_an_unknown_model_is_told(client, asked):
    with pytest.raises(anthropic.NotFoundError) as told:
        client.messages.create(**asked | {"model": "nobody/nothing"})

    assert kind_of(told) == "not_found_error"
    assert "nobody/nothing" in told.value.body["error"]["message"]


@pytest.mark.ability("errors")
def test_a_bad_field_is_named(client, asked):
    with pytest.raises(anthropic.BadRequestError) as told:
        client.messages.create(**asked | {"messages": "What is a bay?"})

    assert kind_of(told) == "invalid_request_error"
    assert "messages" in told.value.body["error"]["message"]


@pytest.mark.ability("errors")
async def test_errors_are_told_without_blocking(target, asked):
    async with AsyncAnthropic(base_url=target.url, api_key="wrong") as client:
        with pytest.raises(anthropic.AuthenticationError):
            await client.messages.create(**asked, stream=True)


@pytest.mark.ability("faults")
def test_a_rate_limit_is_told_with_when_to_come_back(client, asked, upstream):
    upstream.fails("retry-after:1")

    with pytest.raises(anthropic.RateLimitError) as told:
        client.messages.create(**asked)

    assert kind_of(told) == "rate_limit_error"
    assert told.value.response.headers["retry-after"] == "1"


@pytest.mark.ability("faults")
def test_a_rate_limit_that_passes_is_waited_for(target, asked, upstream):
    upstream.fails("retry-after:1", times=1)

    with Anthropic(base_url=target.url, api_key=target.key, max_retries=3) as client:
        raw = client.messages.with_raw_response.create(**asked)

    assert raw.parse().content
    assert raw.retries_taken == 1


@pytest.mark.ability("faults")
@pytest.mark.parametrize("fault", ["500", "503", "529", "html", "reset:0", "invalid-json"])
def test_a_broken_upstream_is_a_server_error(client, asked, upstream, fault):
    upstream.fails(fault)

    with pytest.raises(anthropic.InternalServerError) as told:
        client.messages.create(**asked)

    assert kind_of(told) in {"api_error", "overloaded_error", "timeout_error"}


@pytest.mark.ability("faults")
@pytest.mark.parametrize("fault", ["error-event:3", "reset:600", "close:600"])
def test_a_stream_that_breaks_is_an_error(client, asked, upstream, fault):
    upstream.fails(fault)

    with pytest.raises(anthropic.APIError), client.messages.stream(**asked) as stream:
        stream.until_done()


def kind_of(told):
    """Return the dialect's name of an error."""
    return told.value.body["error"]["type"]

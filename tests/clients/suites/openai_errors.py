# mypy: ignore-errors
"""The OpenAI SDK when things go wrong: each failure is the class that its users catch."""

import openai
import pytest
from openai import AsyncOpenAI, OpenAI


@pytest.fixture
def client(target):
    with OpenAI(base_url=f"{target.url}/v1", api_key=target.key, max_retries=0) as client:
        yield client


@pytest.fixture
def asked(target):
    return {"model": target.model, "messages": [{"role": "user", "content": "What is a bay?"}]}


@pytest.mark.ability("errors")
def test_a_wrong_key_is_told(target, asked):
    with (
        OpenAI(base_url=f"{target.url}/v1", api_key="wrong") as client,
        pytest.raises(openai.AuthenticationError) as told,
    ):
        client.chat.completions.create(**asked)

    assert (told.value.status_code, told.value.code) == (401, "invalid_api_key")


@pytest.mark.ability("errors")
def test_an_unknown_model_is_told(client, asked):
    with pytest.raises(openai.NotFoundError) as told:
        client.chat.completions.create(**asked | {"model": "nobody/nothing"})

    assert (told.value.code, told.value.type) == ("model_not_found", "invalid_request_error")
    assert "nobody/nothing" in told.value.message


@pytest.mark.ability("errors")
def test_an_unknown_model_is_not_shown(client):
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody/nothing")


@pytest.mark.ability("param")
def test_a_bad_field_is_named(client, asked):
    with pytest.raises(openai.BadRequestError) as told:
        client.chat.completions.create(**asked | {"messages": "What is a bay?"})

    assert (told.value.param, told.value.type) == ("messages", "invalid_request_error")


@pytest.mark.ability("errors")
def test_a_parameter_nobody_knows_is_named(client, asked):
    with pytest.raises(openai.BadRequestError) as told:
        client.chat.completions.create(**asked, extra_body={"depth_of_bay": 7})

    assert "depth_of_bay" in told.value.message


@pytest.mark.ability("errors")
async def test_errors_are_told_without_blocking(target, asked):
    async with AsyncOpenAI(base_url=f"{target.url}/v1", api_key="wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.chat.completions.create(**asked, stream=True)


@pytest.mark.ability("faults")
def test_a_rate_limit_is_told_with_when_to_come_back(client, asked, upstream):
    upstream.fails("retry-after:1")

    with pytest.raises(openai.RateLimitError) as told:
        client.chat.completions.create(**asked)

    assert told.value.response.headers["retry-after"] == "1"


@pytest.mark.ability("faults")
def test_a_rate_limit_that_passes_is_waited_for(target, asked, upstream):
    upstream.fails("retry-after:1", times=1)

    with OpenAI(base_url=f"{target.url}/v1", api_key=target.key, max_retries=3) as client:
        raw = client.chat.completions.with_raw_response.create(**asked)

    assert raw.parse().choices[0].message.content
    assert raw.retries_taken == 1


@pytest.mark.ability("faults")
@pytest.mark.parametrize("fault", ["500", "503", "529", "html", "reset:0", "invalid-json"])
def test_a_broken_upstream_is_a_server_error(client, asked, upstream, fault):
    upstream.fails(fault)

    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**asked)


@pytest.mark.ability("faults")
@pytest.mark.parametrize("fault", ["error-event:3", "reset:600", "close:600"])
def test_a_stream_that_breaks_is_an_error(client, asked, upstream, fault):
    upstream.fails(fault)

    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(**asked, stream=True))


@pytest.mark.ability("faults")
def test_the_next_call_after_failures_succeeds(client, asked, upstream):
    upstream.fails("500")
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**asked)
    upstream.heals()

    assert client.chat.completions.create(**asked).choices[0].message.content

"""iFLYTEK Spark, seen from the library: signatures, frames, the three places of one name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from tests.upstreams.spark import KEY, PASSWORD, SECRET, SparkUpstream
from tests.upstreams.spark_rules import APP

from modelbay import AsyncModelbay
from modelbay.entities import (
    PromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.settings import TransportSettings

LOOK = PromptMessageTool(name="look", description="Look", parameters={"type": "object", "properties": {}})
MIDNIGHT = 1795219200.0  # 2026-11-21T00:00:00Z


@pytest.fixture
async def upstream() -> AsyncIterator[SparkUpstream]:
    async with SparkUpstream() as spark:
        yield spark


def bay_for(upstream: SparkUpstream, **changed: Any) -> AsyncModelbay:
    given = {"app_id": APP, "api_key": KEY, "api_secret": SECRET, "base_url": upstream.url, **changed}
    return AsyncModelbay({"spark": given}, environment=False, transport=TransportSettings(retries=0))


def by_http(upstream: SparkUpstream) -> AsyncModelbay:
    return bay_for(upstream, protocol="http", api_password=PASSWORD)


@pytest.mark.parametrize(
    ("model", "path", "domain"),
    [
        ("spark-lite", "/v1.1/chat", "lite"),
        ("spark-pro", "/v3.1/chat", "generalv3"),
        ("spark-pro-128k", "/chat/pro-128k", "pro-128k"),
        ("spark-max", "/v3.5/chat", "generalv3.5"),
        ("spark-max-32k", "/chat/max-32k", "max-32k"),
        ("spark-4.0-ultra", "/v4.0/chat", "4.0Ultra"),
        ("spark-x1.5", "/v1/x1", "spark-x"),
        ("spark-x2", "/x2", "spark-x"),
    ],
)
async def test_every_model_has_its_path_and_its_domain(
    upstream: SparkUpstream, model: str, path: str, domain: str
) -> None:
    """A domain that does not fit the path is refused."""
    async with bay_for(upstream) as bay:
        assert (await bay.llm(f"spark/{model}").invoke("Hi")).text

    assert upstream.requests[-1].path == path
    assert upstream.requests[-1].body["parameter"]["chat"]["domain"] == domain
    assert not upstream.refused


@pytest.mark.parametrize("model", ["spark-lite", "spark-x1.5", "spark-x2", "spark-x2-flash"])
async def test_one_name_stands_for_three_models_at_three_places(upstream: SparkUpstream, model: str) -> None:
    """The fake knows which models each base has."""
    async with by_http(upstream) as bay:
        assert (await bay.llm(f"spark/{model}").invoke("Hi")).text

    assert upstream.requests[-1].headers["authorization"] == f"Bearer {PASSWORD}"
    assert not upstream.requests[-1].query
    assert not upstream.refused


async def test_a_model_that_has_http_only_goes_there_whatever_is_chosen(upstream: SparkUpstream) -> None:
    """It has no websocket."""
    async with bay_for(upstream, api_password=PASSWORD) as bay:
        assert (await bay.llm("spark/spark-x2-flash").invoke("Hi")).text
    async with bay_for(upstream) as bay:
        with pytest.raises(InvokeAuthorizationError, match="'api_password' is empty"):
            await bay.llm("spark/spark-x2-flash").invoke("Hi")


async def test_a_password_is_not_sent_over_the_websocket(upstream: SparkUpstream) -> None:
    """The signature is enough, and the fake refuses both together."""
    async with bay_for(upstream, api_password=PASSWORD) as bay:
        assert (await bay.llm("spark/spark-lite").invoke("Hi")).text


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_an_hour_off_is_set_by_the_refusal(upstream: SparkUpstream, hours: int) -> None:
    """The upstream bears five minutes; its refusal tells its time."""
    now = upstream.clock()
    upstream.clock = lambda: now + hours * 3600
    async with bay_for(upstream) as bay:
        assert (await bay.llm("spark/spark-lite").invoke("Hi")).text
        assert (await bay.llm("spark/spark-lite").invoke("Hi")).text

    assert len(upstream.requests) == 3  # refused once, then dated well


@pytest.mark.parametrize("wrong", ["api_key", "api_secret"])
async def test_a_wrong_signature_is_refused_without_showing_the_key(
    upstream: SparkUpstream, wrong: str
) -> None:
    """A second attempt would not help, so there is none."""
    async with bay_for(upstream, **{wrong: "wrong-key-0123456789"}) as bay:
        with pytest.raises(InvokeAuthorizationError, match="HMAC signature cannot be verified") as caught:
            await bay.llm("spark/spark-lite").invoke("Hi")

    assert caught.value.status == 401
    assert "wrong-key-0123456789" not in str(caught.value)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("http", [False, True])
async def test_instructions_stand_before_the_users_words_where_the_model_reads_none(
    upstream: SparkUpstream, http: bool
) -> None:
    """The lite and pro models refuse system messages."""
    turns: list[PromptMessage] = [SystemPromptMessage(content="Be brief."), UserPromptMessage(content="Hi.")]
    async with by_http(upstream) if http else bay_for(upstream) as bay:
        await bay.llm("spark/spark-lite").invoke(turns)

    body = upstream.requests[-1].body
    told = body["messages"] if http else body["payload"]["message"]["text"]
    assert told == [{"role": "user", "content": "Be brief.\n\nHi."}]


async def test_functions_are_called_and_answered_in_words(upstream: SparkUpstream) -> None:
    """The websocket has no role for tools and no ids of calls."""
    upstream.will_stream(tool_calls=[{"name": "look", "arguments": {"at": "sea"}}])
    async with bay_for(upstream) as bay:
        model = bay.llm("spark/spark-4.0-ultra")
        first = await model.invoke("What is there?", tools=[LOOK])
        (call,) = first.message.tool_calls
        answer = ToolPromptMessage(content="A cat.", tool_call_id=call.id)
        await model.invoke([UserPromptMessage(content="What is there?"), first.message, answer], tools=[LOOK])

    assert (call.function.name, orjson.loads(call.function.arguments)) == ("look", {"at": "sea"})
    assert first.finish_reason == "tool_calls"
    texts = upstream.requests[-1].body["payload"]["message"]["text"]
    assert [text["role"] for text in texts] == ["user", "assistant", "user"]
    assert "A cat." in texts[-1]["content"]
    assert not upstream.refused


async def test_a_single_tool_call_by_http_is_read_where_a_list_was_asked_for(upstream: SparkUpstream) -> None:
    """Some models write the object, whatever the switch says."""
    called = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    message = {"role": "assistant", "content": "", "tool_calls": called}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    upstream.will_answer({"code": 0, "message": "Success", "sid": "s", "choices": [choice]})
    async with by_http(upstream) as bay:
        result = await bay.llm("spark/spark-4.0-ultra").invoke("Look", tools=[LOOK])

    assert upstream.requests[-1].body["tool_calls_switch"] is True
    assert [each.function.name for each in result.message.tool_calls] == ["look"]


async def test_texts_become_vectors_one_by_one(upstream: SparkUpstream) -> None:
    """The service takes one text a request, signed each time."""
    async with bay_for(upstream, api_password=PASSWORD) as bay:
        with pytest.raises(InvokeAuthorizationError):
            upstream.will_answer({"header": {"code": 11200, "message": "no quota"}})
            await bay.embed("spark/spark-embedding", ["a"])
        result = await bay.embed("spark/spark-embedding", ["a", "b", "a"])

    one, two, three = result.embeddings
    assert one == three != two
    assert len(one) == 2560

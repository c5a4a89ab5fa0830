"""Baidu Qianfan, seen from the library: keys, tokens for access keys, and the first version of its API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.upstreams.wenxin import ACCESS_KEY, ACCESS_SECRET, CLIENT, KEY, SECRET, WenxinUpstream

from modelbay import AsyncModelbay
from modelbay.entities import (
    PromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.settings import TransportSettings

LOOK = PromptMessageTool(name="look", description="Look", parameters={"type": "object", "properties": {}})


@pytest.fixture
async def upstream() -> AsyncIterator[WenxinUpstream]:
    async with WenxinUpstream() as wenxin:
        yield wenxin


def bay_for(upstream: WenxinUpstream, **credentials: Any) -> AsyncModelbay:
    given = {"api_key": KEY, "base_url": upstream.base_url, **credentials}
    return AsyncModelbay({"wenxin": given}, environment=False, transport=TransportSettings(retries=0))


def first_version(upstream: WenxinUpstream) -> AsyncModelbay:
    """Return an engine with credentials that were saved before there was a second version."""
    token_url = f"{upstream.url}/oauth/2.0/token"
    return bay_for(
        upstream, api_key=CLIENT, secret_key=SECRET, base_url=upstream.first_url, token_url=token_url
    )


def by_access_key(upstream: WenxinUpstream, **changed: str) -> AsyncModelbay:
    token_url = f"{upstream.url}/v1/BCE-BEARER/token"
    given = {"api_key": ACCESS_KEY, "iam_secret_key": ACCESS_SECRET, "token_url": token_url}
    return bay_for(upstream, **{**given, **changed})


async def test_turns_of_one_speaker_are_joined(upstream: WenxinUpstream) -> None:
    """ERNIE refuses two in a row."""
    turns: list[PromptMessage] = [
        SystemPromptMessage(content="Be brief."),
        UserPromptMessage(content="Hi."),
        UserPromptMessage(content="How are you?"),
    ]
    async with bay_for(upstream) as bay:
        await bay.llm("wenxin/ernie-5.1").invoke(turns)

    assert upstream.requests[-1].body["messages"][1] == {"role": "user", "content": "Hi.\n\nHow are you?"}
    assert not upstream.refused


async def test_the_web_is_searched_by_a_field_of_the_providers_own(upstream: WenxinUpstream) -> None:
    """It is an object there, and a switch here."""
    found = [{"index": 1, "url": "https://weather.example", "title": "Weather"}]
    message = {"role": "assistant", "content": "Sunny."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    upstream.will_answer({"id": "as-1", "choices": [choice], "search_results": found})
    async with bay_for(upstream) as bay:
        result = await bay.llm("wenxin/ernie-5.1").invoke("Weather?", web_search=True)

    assert upstream.requests[-1].body["web_search"] == {"enable": True}
    assert result.message.unknown_fields["search_results"] == found


async def test_fifty_calls_by_access_key_ask_for_one_token(upstream: WenxinUpstream) -> None:
    """Each would otherwise sign a request of its own."""
    async with by_access_key(upstream) as bay:
        await asyncio.gather(*(bay.llm("wenxin/ernie-5.1").invoke("Hi") for _ in range(50)))

    assert (len(upstream.asked), len(upstream.requests)) == (1, 50)
    assert upstream.requests[0].headers["authorization"] == "Bearer bce-v3/temporary-1"


async def test_a_token_that_is_refused_is_renewed_once(upstream: WenxinUpstream) -> None:
    """It may have been withdrawn before its time."""
    async with by_access_key(upstream) as bay:
        upstream.will_answer({"error": {"code": "invalid_iam_token", "message": "gone"}}, status=401)
        assert (await bay.llm("wenxin/ernie-5.1").invoke("Hi")).text

    assert len(upstream.asked) == 2


async def test_a_wrong_secret_is_told_and_not_shown(upstream: WenxinUpstream) -> None:
    """The refusal is of the request for a token, before any call."""
    async with by_access_key(upstream, iam_secret_key="a-wrong-secret") as bay:
        with pytest.raises(InvokeAuthorizationError, match="the signature is wrong") as caught:
            await bay.llm("wenxin/ernie-5.1").invoke("Hi")

    assert "a-wrong-secret" not in str(caught.value)
    assert not upstream.requests


async def test_saved_credentials_of_the_first_version_are_called_by_it(upstream: WenxinUpstream) -> None:
    """The second refuses them as an invalid token."""
    async with first_version(upstream) as bay:
        result = await bay.llm("wenxin/ernie-4.0-8k").invoke(
            [SystemPromptMessage(content="Be brief."), UserPromptMessage(content="Hi.")], max_tokens=64
        )

    request = upstream.requests[-1]
    assert result.text
    assert request.path == "/first/chat/completions_pro"
    assert request.query == {"access_token": "24.token-1"}
    assert (request.body["system"], request.body["max_output_tokens"]) == ("Be brief.", 64)
    assert not upstream.refused


async def test_the_first_version_calls_functions_and_hears_of_them(upstream: WenxinUpstream) -> None:
    """It knows no ids of calls and no tools."""
    upstream.will_stream(tool_calls=[{"name": "look", "arguments": {"at": "sea"}}])
    async with first_version(upstream) as bay:
        model = bay.llm("wenxin/ernie-3.5-8k")
        first = await model.invoke("What is there?", tools=[LOOK])
        (call,) = first.message.tool_calls
        answer = ToolPromptMessage(content="A cat.", tool_call_id=call.id)
        await model.invoke([UserPromptMessage(content="What is there?"), first.message, answer], tools=[LOOK])

    *_, called, told = upstream.requests[-1].body["messages"]
    assert called["function_call"] == {"name": "look", "arguments": call.function.arguments}
    assert told == {"role": "function", "name": "look", "content": "A cat."}
    assert not upstream.refused


async def test_vectors_and_ranks_of_the_first_version(upstream: WenxinUpstream) -> None:
    """The model is part of the address."""
    async with first_version(upstream) as bay:
        assert len((await bay.embed("wenxin/bge-large-zh", ["a", "b"])).embeddings) == 2
        assert (await bay.rerank("wenxin/bce-reranker-base", "a", ["b", "a"])).docs[0].index == 1

    paths = [request.path for request in upstream.requests]
    assert paths == ["/first/embeddings/bge_large_zh", "/first/reranker/bce_reranker_base"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (18, InvokeRateLimitError),
        (336501, InvokeRateLimitError),
        (110, InvokeAuthorizationError),
        (336003, InvokeBadRequestError),
        (336100, InvokeServerUnavailableError),
        (2, InvokeServerUnavailableError),
        (777, InvokeServerUnavailableError),
    ],
)
@pytest.mark.parametrize("model_type", ["llm", "text-embedding", "rerank"])
async def test_a_failure_of_the_first_version_has_status_200_and_a_code(
    upstream: WenxinUpstream, code: int, kind: type[InvokeError], model_type: str
) -> None:
    """Without the code it would look like an answer without words."""
    upstream.will_answer({"error_code": code, "error_msg": "words of Baidu"}, times=None)
    async with first_version(upstream) as bay:
        with pytest.raises(kind, match="words of Baidu") as caught:
            if model_type == "llm":
                await bay.llm("wenxin/ernie-3.5-8k").invoke("Hi")
            elif model_type == "rerank":
                await bay.rerank("wenxin/bce-reranker-base", "a", ["b"])
            else:
                await bay.embed("wenxin/embedding-v1", ["a"])

    assert type(caught.value) is kind


@pytest.mark.parametrize("body", [{}, [], {"result": None, "choices": []}, {"object": "x"}, "text"])
async def test_an_answer_that_is_none_is_the_servers_fault(upstream: WenxinUpstream, body: Any) -> None:
    """Never a KeyError."""
    upstream.will_answer(body)
    async with first_version(upstream) as bay:
        try:
            result = await bay.llm("wenxin/ernie-3.5-8k").invoke("Hi")
        except InvokeServerUnavailableError:
            return
    assert result.text == ""


async def test_the_live_list_is_that_of_the_platform(upstream: WenxinUpstream) -> None:
    """It has models that no table here has."""
    upstream.models = ("ernie-9", "ernie-5.1")
    async with bay_for(upstream) as bay:
        fetched = await bay.fetch_models("wenxin")

    assert {"ernie-9", "ernie-5.1"} <= {each.model for each in fetched}

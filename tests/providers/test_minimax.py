"""MiniMax, seen from the library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.providers.reading import wire_of
from tests.upstreams.minimax import MiniMaxUpstream

from modelbay import AsyncModelbay
from modelbay.entities import (
    ModelType,
    PromptMessage,
    PromptMessageTool,
    TextPromptMessageContent,
    ToolPromptMessage,
    UserPromptMessage,
    VideoPromptMessageContent,
)
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError
from modelbay.sdk.wired.endpoint import endpoint_of

KEY = "test-key"
LOOK = PromptMessageTool(name="look", description="Look", parameters={"type": "object", "properties": {}})


@pytest.fixture
async def upstream() -> AsyncIterator[MiniMaxUpstream]:
    async with MiniMaxUpstream(group="g-1") as minimax:
        yield minimax


def bay_for(upstream: MiniMaxUpstream, **credentials: Any) -> AsyncModelbay:
    given = {"minimax_api_key": KEY, "minimax_group_id": "g-1", "endpoint_url": upstream.url, **credentials}
    return AsyncModelbay({"minimax": given}, environment=False)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("minimax-m2.7-highspeed", "MiniMax-M2.7-highspeed"),
        ("MiniMax-M2.5lightning", "MiniMax-M2.5-highspeed"),
        ("minimax-m2.1-lightning", "MiniMax-M2.1-highspeed"),
        ("MiniMax-M2", "MiniMax-M2"),
    ],
)
async def test_a_saved_name_becomes_the_one_that_the_provider_knows(
    upstream: MiniMaxUpstream, ours: str, theirs: str
) -> None:
    """The provider tells names apart by capital letters."""
    async with bay_for(upstream) as bay:
        await bay.llm(f"minimax/{ours}").invoke("Hi")

    assert upstream.requests[-1].body["model"] == theirs
    assert not upstream.refused


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/anthropic", "/anthropic/v1/"])
async def test_an_address_is_understood_with_and_without_its_ending(
    upstream: MiniMaxUpstream, suffix: str
) -> None:
    """People copy the address of whichever client they know."""
    async with bay_for(upstream, endpoint_url=f"{upstream.url}{suffix}") as bay:
        assert (await bay.llm("minimax/MiniMax-M3").invoke("Hi")).text
        assert (await bay.embed("minimax/embo-01", ["Hi"])).embeddings


async def test_thinking_is_adaptive_or_by_budget(upstream: MiniMaxUpstream) -> None:
    """M3 knows no budget; the M2 family thinks always, as long as the budget lets it."""
    async with bay_for(upstream) as bay:
        await bay.llm("minimax/MiniMax-M3").invoke("Hi", thinking=True)
        await bay.llm("minimax/MiniMax-M2.7").invoke("Hi", thinking_budget=2048)
        with pytest.raises(InvokeBadRequestError, match="thinking"):
            await bay.llm("minimax/MiniMax-M2.7").invoke("Hi", thinking=False)

    sent = [request.body["thinking"] for request in upstream.requests]
    assert sent == [{"type": "adaptive"}, {"type": "enabled", "budget_tokens": 2048}]
    assert not upstream.refused


async def test_signed_thinking_goes_back_within_a_loop_of_tools(upstream: MiniMaxUpstream) -> None:
    """The whole turn has to be given back as it came."""
    call = {"name": "look", "arguments": {}}
    upstream.will_stream(reasoning=["I should look."], tool_calls=[call])
    async with bay_for(upstream) as bay:
        model = bay.llm("minimax/MiniMax-M2.7")
        first = await model.invoke("What is there?", tools=[LOOK], thinking_budget=1024)
        answer = ToolPromptMessage(content="A cat.", tool_call_id=first.message.tool_calls[0].id)
        turns: list[PromptMessage] = [UserPromptMessage(content="What is there?"), first.message, answer]
        await model.invoke(turns, tools=[LOOK], thinking_budget=1024)

    kinds = [block["type"] for block in upstream.requests[-1].body["messages"][1]["content"]]
    assert kinds == ["thinking", "tool_use"]
    assert not upstream.refused


@pytest.mark.parametrize("stream", [False, True])
async def test_stop_sequences_are_honoured_here(upstream: MiniMaxUpstream, stream: bool) -> None:
    """The provider ignores them without a word."""
    upstream.will_stream("one, two", ", three")
    async with bay_for(upstream) as bay:
        model = bay.llm("minimax/MiniMax-M2.5")
        if stream:
            text = "".join([chunk.text async for chunk in model.stream("Count", stop=["two"])])
        else:
            text = (await model.invoke("Count", stop=["two"])).text

    assert text == "one, "


async def test_a_film_is_a_block_of_its_own(upstream: MiniMaxUpstream) -> None:
    """Anthropic's own API has no films."""
    film = VideoPromptMessageContent(format="mp4", mime_type="video/mp4", url="https://films.example/a.mp4")
    told = UserPromptMessage(content=[film, TextPromptMessageContent(data="What happens?")])
    async with bay_for(upstream) as bay:
        await bay.llm("minimax/MiniMax-M3").invoke([told])

    source = {"type": "url", "url": "https://films.example/a.mp4"}
    assert upstream.requests[-1].body["messages"][0]["content"][0] == {"type": "video", "source": source}


async def test_as_many_texts_go_at_once_as_the_account_allows(upstream: MiniMaxUpstream) -> None:
    """The limit belongs to the account, so it is a credential."""
    texts = [f"text {number}" for number in range(5)]
    async with bay_for(upstream, batch_size="2") as bay:
        assert len((await bay.embed("minimax/embo-01", texts)).embeddings) == 5

    assert sorted(len(request.body["texts"]) for request in upstream.requests) == [1, 2, 2]


async def test_a_batch_size_that_is_no_number_is_named(upstream: MiniMaxUpstream) -> None:
    """A form takes any text."""
    async with bay_for(upstream, batch_size="many") as bay:
        with pytest.raises(InvokeBadRequestError, match="'batch_size' is 'many'"):
            await bay.embed("minimax/embo-01", ["a"])


async def test_a_refusal_with_status_200_is_a_refusal(upstream: MiniMaxUpstream) -> None:
    """The provider's own endpoints say so in the body."""
    async with bay_for(upstream, minimax_group_id="") as bay:
        with pytest.raises(InvokeAuthorizationError, match="token not match group"):
            await bay.embed("minimax/embo-01", ["a"])
        with pytest.raises(InvokeAuthorizationError, match="token not match group"):
            await bay.speak("minimax/speech-02-hd", "Hi")


async def test_extras_that_speech_installations_have_saved_count(upstream: MiniMaxUpstream) -> None:
    """No form asks for them, yet they are there."""
    async with bay_for(upstream, speed="1.2", sample_rate="24000") as bay:
        assert (await bay.speak("minimax/speech-02-hd", "Hi")).audio

    body = upstream.requests[-1].body
    assert body["voice_setting"] == {"voice_id": "male-qn-qingse", "speed": 1.2}
    assert body["audio_setting"] == {"format": "mp3", "sample_rate": 24000}


@pytest.mark.parametrize(
    "saved",
    ["api.minimaxi.com", "https://api.minimaxi.com/", "api.minimaxi.com/anthropic", "api.minimaxi.com/v1"],
)
def test_saved_addresses_fit_with_and_without_scheme_and_ending(saved: str) -> None:
    """The form of older installations asked for a host."""
    credentials = {"minimax_api_key": "k", "endpoint_url": saved}
    wire = wire_of("minimax")

    assert endpoint_of(wire, credentials).base_url == "https://api.minimaxi.com"
    assert endpoint_of(wire, credentials, ModelType.LLM).base_url == "https://api.minimaxi.com/anthropic"

"""Mistral AI: a strict dialect, thoughts as parts, categories without a verdict."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.mistral import MistralUpstream

from modelbay import (
    AssistantPromptMessage,
    AsyncModelbay,
    InvokeBadRequestError,
    PromptMessageTool,
    SystemPromptMessage,
    ToolPromptMessage,
    UserPromptMessage,
)

KEY = "test-key"
CHAT = "mistralai/mistral-medium-latest"
WEATHER = PromptMessageTool(
    name="weather",
    description="Tell the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


@pytest.fixture
async def mistral() -> AsyncIterator[MistralUpstream]:
    async with MistralUpstream() as upstream:
        yield upstream


def bay_for(upstream: MistralUpstream) -> AsyncModelbay:
    credentials = {"api_key": KEY, "base_url": f"{upstream.url}/v1"}
    return AsyncModelbay({"mistralai": credentials}, environment=False)


def called(call_id: str, thought: str = "") -> AssistantPromptMessage:
    call = {
        "id": call_id,
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
    }
    return AssistantPromptMessage.model_validate(
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning_content": thought or None}
    )


async def test_a_call_has_only_fields_that_the_api_knows(mistral: MistralUpstream) -> None:
    """Any other is refused: the user, the question for usage, a seed by another name."""
    async with bay_for(mistral) as bay:
        answer = bay.llm(CHAT).stream("Hi", seed=7, safe_prompt=True, max_tokens=9, user="somebody")
        _ = [chunk async for chunk in answer]

    body = mistral.requests[0].body
    assert (body["random_seed"], body["safe_prompt"]) == (7, True)
    assert not {"seed", "user", "stream_options", "max_completion_tokens"} & set(body)
    assert not mistral.refused


async def test_usage_comes_without_being_asked_for(mistral: MistralUpstream) -> None:
    """It stands beside the reason to stop, in the last event of the answer."""
    mistral.will_stream("ok", usage={"in": 1000, "out": 500, "cached": 400})
    async with bay_for(mistral) as bay:
        chunks = [chunk async for chunk in bay.llm(CHAT).stream("Hi")]

    usage = chunks[-1].delta.usage
    assert usage is not None
    assert usage.cached_tokens == 400
    assert usage.total_price == Decimal("0.00471")  # 600 x 1.50 + 400 x 0.15 + 500 x 7.50, per million


@pytest.mark.parametrize("stream", [True, False])
async def test_thoughts_come_apart_from_the_answer(mistral: MistralUpstream, stream: bool) -> None:
    """They are a part of the content there, in deltas too."""
    mistral.will_stream("Hel", "lo", reasoning=["Let me ", "see."])
    async with bay_for(mistral) as bay:
        if stream:
            messages = [chunk.delta.message async for chunk in bay.llm(CHAT).stream("Hi")]
        else:
            messages = [(await bay.llm(CHAT).invoke("Hi")).message]

    assert "".join(message.text for message in messages) == "Hello"
    assert "".join(message.reasoning_content or "" for message in messages) == "Let me see."


async def test_thoughts_go_back_while_the_model_works_with_tools(mistral: MistralUpstream) -> None:
    """Ids of another provider are replaced, in the call as in its result."""
    messages: list[Any] = [
        UserPromptMessage(content="Weather?"),
        called("call_of_another_provider", "I need the weather."),
        ToolPromptMessage(content="sunny", tool_call_id="call_of_another_provider"),
    ]
    async with bay_for(mistral) as bay:
        await bay.llm(CHAT).invoke(messages, tools=[WEATHER])

    _, answer, result = mistral.requests[0].body["messages"]
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "I need the weather."}]}
    assert answer["content"] == [thought]
    assert re.fullmatch(r"[a-zA-Z0-9]{9}", result["tool_call_id"])
    assert answer["tool_calls"][0]["id"] == result["tool_call_id"]
    assert not mistral.refused


async def test_thoughts_of_a_finished_turn_stay_behind(mistral: MistralUpstream) -> None:
    """They cost tokens, and the model was not trained to read them there."""
    earlier = AssistantPromptMessage(content="Hello", reasoning_content="A greeting.")
    messages = [UserPromptMessage(content="Hi"), earlier, UserPromptMessage(content="Again")]
    async with bay_for(mistral) as bay:
        await bay.llm(CHAT).invoke(messages)

    assert mistral.requests[0].body["messages"][1] == {"role": "assistant", "content": "Hello"}


async def test_instructions_in_the_middle_are_moved_to_the_front(mistral: MistralUpstream) -> None:
    """The API refuses them anywhere else."""
    messages = [
        SystemPromptMessage(content="Be brief."),
        UserPromptMessage(content="Hi", name="Ann"),
        AssistantPromptMessage(content="Hello"),
        SystemPromptMessage(content="Be kind."),
        UserPromptMessage(content="Again"),
    ]
    async with bay_for(mistral) as bay:
        await bay.llm(CHAT).invoke(messages)

    body = mistral.requests[0].body
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert body["messages"][0]["content"] == "Be brief.\n\nBe kind."
    assert not mistral.refused


async def test_a_refusal_names_the_field_in_the_frameworks_words(mistral: MistralUpstream) -> None:
    """A list of what is wrong, each with its place."""
    detail = [{"loc": ["body", "top_p"], "msg": "Input should be greater than 0", "type": "greater_than"}]
    mistral.will_answer({"detail": detail}, status=422)
    async with bay_for(mistral) as bay:
        with pytest.raises(InvokeBadRequestError, match=r"body\.top_p: Input should be greater than 0"):
            await bay.llm(CHAT).invoke("Hi", top_p=0)


async def test_a_text_is_harmful_if_it_is_in_any_category(mistral: MistralUpstream) -> None:
    """The API gives no verdict, only categories."""
    async with bay_for(mistral) as bay:
        harmful = await bay.moderate("mistralai/mistral-moderation-latest", "I will kill you.")
        harmless = await bay.moderate("mistralai/mistral-moderation-latest", "What a lovely day.")

    assert harmful.flagged
    assert harmful.categories == ["violence_and_threats"]
    assert not harmless.flagged


async def test_the_list_says_what_each_model_can_do_and_leaves_out_what_is_no_type(
    mistral: MistralUpstream,
) -> None:
    """An embedder has no abilities at all there; its name has to tell."""
    async with bay_for(mistral) as bay:
        listed = {model.model: model for model in await bay.fetch_models("mistralai")}

    types = {name: model.model_type.value for name, model in listed.items()}
    assert types == {
        "mistral-medium-latest": "llm",
        "mistral-embed": "text-embedding",
        "mistral-moderation-latest": "moderation",
        "voxtral-mini-latest": "speech2text",
    }
    assert {"vision", "tool-call"} <= set(listed["mistral-medium-latest"].features or [])

# mypy: ignore-errors
"""pydantic-ai: agents with tools and typed results, over each dialect that it speaks to the gateway."""

import os

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


class Bay(BaseModel):
    """What the model shall fill in."""

    name: str
    depth: int


def _openai(kind):
    def make(target, key):
        return kind(target.model, provider=OpenAIProvider(base_url=f"{target.url}/v1", api_key=key))

    return make


def _anthropic(target, key):
    return AnthropicModel(target.model, provider=AnthropicProvider(base_url=target.url, api_key=key))


MAKERS = {
    "openai": _openai(OpenAIChatModel),
    "openai-responses": _openai(OpenAIResponsesModel),
    "anthropic": _anthropic,
}


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.ability(name)) for name in MAKERS])
def maker(request):
    """Make a model of one dialect."""
    return MAKERS[request.param]


@pytest.fixture
def model(maker, target):
    return maker(target, os.environ["MODELBAY_API_KEY"])


async def test_an_agent_answers(model, target):
    result = await Agent(model, instructions="Be brief.").run(target.prompt("What is a bay?"))

    assert "What is a bay?" in result.output
    assert result.usage.output_tokens > 0


async def test_an_answer_is_streamed(model, target):
    async with Agent(model).run_stream(target.prompt("What is a bay?")) as result:
        told = [text async for text in result.stream_text(delta=True)]

    assert "What is a bay?" in "".join(told)


async def test_an_agent_uses_a_tool(model, upstream):
    agent = Agent(model)
    asked = []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Tell the weather of a city."""
        asked.append(city)
        return "It rains."

    upstream.calls("get_weather", {"city": "Bergen"})
    result = await agent.run("How is the weather?")

    assert asked == ["Bergen"]
    assert "It rains." in result.output


async def test_a_result_is_typed(model):
    result = await Agent(model, output_type=Bay).run("A bay of 7 metres.")

    assert isinstance(result.output, Bay)


async def test_a_wrong_key_is_told(maker, target):
    with pytest.raises(ModelHTTPError) as told:
        await Agent(maker(target, "wrong")).run("What is a bay?")

    assert told.value.status_code == 401

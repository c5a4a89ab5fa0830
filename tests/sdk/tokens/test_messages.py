"""Conversations and tools are counted by OpenAI's published rules."""

from __future__ import annotations

import pytest

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    ImagePromptMessageContent,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.sdk.tokens import count_messages, count_messages_async, count_text

JARGON = [
    SystemPromptMessage(
        content="You are a helpful, pattern-following assistant that translates corporate jargon "
        "into plain English."
    ),
    SystemPromptMessage(name="example_user", content="New synergies will help drive top-line growth."),
    SystemPromptMessage(
        name="example_assistant", content="Things working well together will increase revenue."
    ),
    SystemPromptMessage(
        name="example_user",
        content="Let's circle back when we have more bandwidth to touch base on opportunities "
        "for increased leverage.",
    ),
    SystemPromptMessage(
        name="example_assistant", content="Let's talk later when we're less busy about how to do better."
    ),
    UserPromptMessage(
        content="This late pivot means we don't have time to boil the ocean for the client deliverable."
    ),
]
WEATHER = [
    SystemPromptMessage(
        content="You are a helpful assistant that can answer to questions about the weather."
    ),
    UserPromptMessage(content="What's the weather like in San Francisco?"),
]
LOCATION = {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}
UNIT = {
    "type": "string",
    "description": "The unit of temperature to return",
    "enum": ["celsius", "fahrenheit"],
}


def weather_tool(**properties: object) -> PromptMessageTool:
    return PromptMessageTool(
        name="get_current_weather",
        description="Get the current weather in a given location",
        parameters={"type": "object", "properties": properties, "required": ["location"]},
    )


@pytest.mark.parametrize(
    ("model", "tokens"),
    [("gpt-3.5-turbo", 129), ("gpt-4-0613", 129), ("gpt-4", 129), ("gpt-4o", 124), ("gpt-4o-mini", 124),
     ("gpt-3.5-turbo-0301", 127)],
)  # fmt: skip
def test_messages_cost_what_the_api_billed(model: str, tokens: int) -> None:
    """The cookbook prints what OpenAI's API billed for these six messages."""
    count = count_messages(JARGON, None, model)

    assert (count.tokens, count.exact) == (tokens, True)


@pytest.mark.parametrize(
    ("model", "tokens"), [("gpt-3.5-turbo", 105), ("gpt-4", 105), ("gpt-4o", 101), ("gpt-4o-mini", 101)]
)
def test_tools_cost_what_the_api_billed(model: str, tokens: int) -> None:
    """The cookbook prints what OpenAI's API billed for this tool and these two messages."""
    count = count_messages(WEATHER, [weather_tool(location=LOCATION, unit=UNIT)], model)

    assert (count.tokens, count.exact) == (tokens, True)


@pytest.mark.parametrize("model", ["gpt-6-astra", "o3", "claude-opus"])
def test_models_without_published_rules_get_an_estimate(model: str) -> None:
    """Reasoning models are known to add text of their own."""
    assert not count_messages(WEATHER, None, model).exact


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "array", "description": "Days", "items": {"type": "string"}},
        {"type": "object", "description": "Place", "properties": {"city": LOCATION}},
        {"type": ["string", "null"], "description": "Day"},
        {"description": "Level", "type": "integer", "enum": [1, 2]},
        {"anyOf": [LOCATION, UNIT]},
        True,
    ],
)
def test_schemas_beyond_the_published_rules_cost_something_but_are_not_exact(schema: object) -> None:
    """The rules are published for plain properties with a description; JSON Schema allows far more."""
    plain = count_messages(WEATHER, [weather_tool(location=LOCATION)], "gpt-4o")
    count = count_messages(WEATHER, [weather_tool(location=LOCATION, extra=schema)], "gpt-4o")

    assert count.tokens > plain.tokens
    assert not count.exact


def test_a_tool_without_properties_is_counted() -> None:
    """`parameters: {}` is common in plugins."""
    tool = PromptMessageTool(name="now", description="Tell the time.", parameters={})
    words = count_text("now:Tell the time", "gpt-4o").tokens

    assert count_messages(WEATHER, [tool], "gpt-4o").tokens - count_messages(
        WEATHER, None, "gpt-4o"
    ).tokens == (7 + words + 12)


def test_parts_add_up() -> None:
    """Text and an image at low detail: the text's tokens and the published 85, both exact."""
    text = TextPromptMessageContent(data="What is in this image?")
    picture = ImagePromptMessageContent(url="https://images.example/a.png")
    alone = count_messages([UserPromptMessage(content=[text])], None, "gpt-4o")

    count = count_messages([UserPromptMessage(content=[text, picture])], None, "gpt-4o")

    assert (count.tokens, count.exact) == (alone.tokens + 85, True)


def test_sound_tool_calls_and_results_are_estimates() -> None:
    """How OpenAI writes them for the model is not published."""
    sound = AudioPromptMessageContent(mime_type="audio/wav", base64_data="A" * 6400)
    call = AssistantPromptMessage.model_validate(
        {"tool_calls": [{"id": "1", "function": {"name": "now", "arguments": '{"zone": "UTC"}'}}]}
    )
    for message in (
        UserPromptMessage(content=[sound]),
        call,
        ToolPromptMessage(content="12:00", tool_call_id="1"),
    ):
        count = count_messages([message], None, "gpt-4o")

        assert not count.exact
        assert count.tokens > 7


def test_nothing_is_the_reply_alone() -> None:
    """An empty conversation still primes the answer."""
    assert count_messages([], None, "gpt-4o").tokens == 3


async def test_async_messages_count_alike() -> None:
    """One answer, whichever face asked."""
    assert await count_messages_async(JARGON, None, "gpt-4o") == count_messages(JARGON, None, "gpt-4o")

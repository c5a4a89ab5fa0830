# mypy: ignore-errors
"""The OpenAI SDK on chat completions: whole and streamed answers, tools, schemas, images."""

import base64
import json

import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class Bay(BaseModel):
    """What the model shall fill in."""

    name: str
    depth: int


@pytest.fixture
def client(target):
    with OpenAI(base_url=f"{target.url}/v1", api_key=target.key, max_retries=0) as client:
        yield client


@pytest.fixture
async def later(target):
    async with AsyncOpenAI(base_url=f"{target.url}/v1", api_key=target.key, max_retries=0) as client:
        yield client


@pytest.fixture
def asked(target):
    return {"model": target.model, "messages": [{"role": "user", "content": target.prompt("What is a bay?")}]}


def test_an_answer_comes_whole(client, asked):
    answer = client.chat.completions.create(**asked)

    assert "What is a bay?" in answer.choices[0].message.content
    assert (answer.object, answer.choices[0].finish_reason) == ("chat.completion", "stop")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert answer._request_id


async def test_an_answer_comes_whole_without_blocking(later, asked):
    answer = await later.chat.completions.create(**asked)

    assert "What is a bay?" in answer.choices[0].message.content


def test_system_and_history_are_taken(client, target):
    turns = [
        ("developer", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Hello."),
        ("user", target.prompt("A bay?")),
    ]

    answer = client.chat.completions.create(
        model=target.model, messages=[{"role": role, "content": text} for role, text in turns]
    )

    assert "A bay?" in answer.choices[0].message.content


def test_a_stream_ends_with_its_usage(client, asked):
    *chunks, last = client.chat.completions.create(
        **asked, stream=True, stream_options={"include_usage": True}
    )

    assert "What is a bay?" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason] == ["stop"]
    assert (last.choices, last.usage.completion_tokens > 0) == ([], True)
    assert len({chunk.id for chunk in [*chunks, last]}) == 1


def test_a_stream_tells_usage_only_when_asked(client, asked):
    chunks = list(client.chat.completions.create(**asked, stream=True))

    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


async def test_a_stream_comes_without_blocking(later, asked):
    stream = await later.chat.completions.create(**asked, stream=True)

    assert "What is a bay?" in "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


def test_the_stream_helper_gathers_the_answer(client, asked):
    with client.chat.completions.stream(**asked) as stream:
        kinds = {event.type for event in stream}
        answer = stream.get_final_completion()

    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert "What is a bay?" in answer.choices[0].message.content


def test_a_limit_cuts_the_answer(client, target):
    text = target.prompt(" ".join(f"word{number}" for number in range(60)))
    messages = [{"role": "user", "content": text}]

    answer = client.chat.completions.create(model=target.model, messages=messages, max_completion_tokens=16)

    assert answer.choices[0].finish_reason == "length"
    assert "word59" not in answer.choices[0].message.content


@pytest.mark.ability("stop")
def test_a_stop_word_ends_the_answer(client, target):
    answer = client.chat.completions.create(
        model=target.model,
        messages=[{"role": "user", "content": target.prompt("one two three")}],
        stop=["two"],
    )

    assert answer.choices[0].message.content.strip().endswith("one")


@pytest.mark.ability("tools")
def test_a_tool_is_called_and_its_result_is_used(client, target):
    messages = [{"role": "user", "content": "Ask get_weather about Bergen."}]
    options = {"model": target.model, "tools": [WEATHER]}

    first = client.chat.completions.create(messages=messages, tool_choice="required", **options).choices[0]
    call = first.message.tool_calls[0]
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "It rains."}]
    second = client.chat.completions.create(messages=messages, **options).choices[0]

    assert (first.finish_reason, call.type, call.function.name) == ("tool_calls", "function", "get_weather")
    assert "city" in json.loads(call.function.arguments)
    assert "It rains." in second.message.content


@pytest.mark.ability("tools")
def test_a_tool_may_be_named(client, target):
    other = {
        "type": "function",
        "function": {"name": "get_tide", "parameters": {"type": "object", "properties": {}}},
    }
    answer = client.chat.completions.create(
        model=target.model,
        messages=[{"role": "user", "content": "Now."}],
        tools=[WEATHER, other],
        tool_choice={"type": "function", "function": {"name": "get_tide"}},
    )

    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_tide"]


@pytest.mark.ability("tools")
def test_a_streamed_tool_call_is_whole_when_joined(client, target):
    with client.chat.completions.stream(
        model=target.model,
        messages=[{"role": "user", "content": "Ask get_weather about Bergen."}],
        tools=[WEATHER],
        tool_choice="required",
    ) as stream:
        events = list(stream)
        message = stream.get_final_completion().choices[0].message

    done = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert [event.name for event in done] == ["get_weather"]
    assert json.loads(message.tool_calls[0].function.arguments) == json.loads(done[0].arguments)
    assert len({call.id for call in message.tool_calls}) == 1


@pytest.mark.ability("schema")
def test_an_answer_follows_a_schema(client, target):
    answer = client.chat.completions.parse(
        model=target.model,
        messages=[{"role": "user", "content": "A bay of 7 metres."}],
        response_format=Bay,
    )

    assert isinstance(answer.choices[0].message.parsed, Bay)


@pytest.mark.ability("schema")
def test_a_streamed_answer_follows_a_schema(client, target):
    with client.chat.completions.stream(
        model=target.model,
        messages=[{"role": "user", "content": "A bay of 7 metres."}],
        response_format=Bay,
    ) as stream:
        answer = stream.get_final_completion()

    assert isinstance(answer.choices[0].message.parsed, Bay)


@pytest.mark.ability("images")
def test_an_image_is_taken(client, target):
    picture = {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": picture}]

    answer = client.chat.completions.create(
        model=target.model, messages=[{"role": "user", "content": content}]
    )

    assert "What is this?" in answer.choices[0].message.content

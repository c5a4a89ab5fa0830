# mypy: ignore-errors
"""The Anthropic SDK: whole and streamed answers, tools, thinking, schemas, images, counting, failures."""

import base64

import pytest
from anthropic import Anthropic, AsyncAnthropic, beta_tool
from pydantic import BaseModel

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
WEATHER = {
    "name": "get_weather",
    "description": "Tell the weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


class Bay(BaseModel):
    """What the model shall fill in."""

    name: str
    depth: int


@pytest.fixture
def client(target):
    with Anthropic(base_url=target.url, api_key=target.key, max_retries=0) as client:
        yield client


@pytest.fixture
def asked(target):
    messages = [{"role": "user", "content": target.prompt("What is a bay?")}]
    return {"model": target.model, "max_tokens": 2048, "messages": messages}


def test_an_answer_comes_whole(client, asked):
    answer = client.messages.create(**asked, system="Be brief.")

    assert (answer.type, answer.role, answer.stop_reason) == ("message", "assistant", "end_turn")
    assert "What is a bay?" in text_of(answer)
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer._request_id


async def test_an_answer_comes_whole_without_blocking(target, asked):
    async with AsyncAnthropic(base_url=target.url, api_key=target.key) as client:
        answer = await client.messages.create(**asked)

    assert "What is a bay?" in text_of(answer)


def test_history_of_blocks_is_taken(client, target):
    turns = [("user", "Hello"), ("assistant", "Hello."), ("user", target.prompt("A bay?"))]
    messages = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in turns]

    answer = client.messages.create(model=target.model, max_tokens=2048, messages=messages)

    assert "A bay?" in text_of(answer)


def test_a_stream_has_the_events_of_the_dialect(client, asked):
    events = list(client.messages.create(**asked, stream=True))

    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert events[-2].delta.stop_reason == "end_turn"
    assert events[-2].usage.output_tokens > 0
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") >= 1


def test_the_stream_helper_gathers_the_answer(client, asked):
    with client.messages.stream(**asked) as stream:
        told = "".join(stream.text_stream)
        answer = stream.get_final_message()

    assert "What is a bay?" in told
    assert text_of(answer) == told
    assert answer.usage.output_tokens > 0


async def test_a_stream_comes_without_blocking(target, asked):
    async with (
        AsyncAnthropic(base_url=target.url, api_key=target.key) as client,
        client.messages.stream(**asked) as stream,
    ):
        told = "".join([text async for text in stream.text_stream])

    assert "What is a bay?" in told


def test_a_limit_cuts_the_answer(client, target):
    text = target.prompt(" ".join(f"word{number}" for number in range(60)))

    answer = client.messages.create(
        model=target.model, max_tokens=16, messages=[{"role": "user", "content": text}]
    )

    assert answer.stop_reason == "max_tokens"


@pytest.mark.ability("stop")
def test_a_stop_word_ends_the_answer(client, target):
    messages = [{"role": "user", "content": target.prompt("one two three")}]

    answer = client.messages.create(
        model=target.model, max_tokens=2048, messages=messages, stop_sequences=["two"]
    )

    assert text_of(answer).strip().endswith("one")


@pytest.mark.ability("tools")
def test_a_tool_is_called_and_its_result_is_used(client, target):
    messages = [{"role": "user", "content": "Ask get_weather about Bergen."}]
    options = {"model": target.model, "max_tokens": 2048, "tools": [WEATHER]}

    first = client.messages.create(messages=messages, tool_choice={"type": "any"}, **options)
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "It rains."}
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = client.messages.create(messages=messages, **options)

    assert (first.stop_reason, call.name, list(call.input)) == ("tool_use", "get_weather", ["city"])
    assert "It rains." in text_of(second)


@pytest.mark.ability("tools")
def test_a_streamed_tool_call_is_whole_when_joined(client, target):
    with client.messages.stream(
        model=target.model,
        max_tokens=2048,
        messages=[{"role": "user", "content": "Ask get_weather about Bergen."}],
        tools=[WEATHER],
        tool_choice={"type": "tool", "name": "get_weather"},
    ) as stream:
        answer = stream.get_final_message()

    calls = [block for block in answer.content if block.type == "tool_use"]
    assert [(call.name, list(call.input)) for call in calls] == [("get_weather", ["city"])]


@pytest.mark.ability("threads")
def test_the_tool_runner_reaches_an_answer(client, target):
    """The runner asks the server to hold the conversation, and goes on without when told that it cannot."""

    @beta_tool
    def get_weather(city: str) -> str:
        """Tell the weather of a city."""
        return f"It rains in {city}."

    runner = client.beta.messages.tool_runner(
        model=target.model,
        max_tokens=2048,
        tools=[get_weather],
        messages=[{"role": "user", "content": target.models.get("call", "Ask get_weather about Bergen.")}],
    )

    assert "It rains" in text_of(runner.until_done())


@pytest.mark.ability("schema")
def test_an_answer_follows_a_schema(client, target):
    answer = client.messages.parse(
        model=target.model,
        max_tokens=2048,
        messages=[{"role": "user", "content": "A bay of 7 metres."}],
        output_format=Bay,
    )

    assert isinstance(answer.parsed_output, Bay)


@pytest.mark.ability("thinking")
def test_thoughts_go_out_and_come_back(client, target, asked):
    """The signature of a thought is the provider's: without it the next turn is refused."""
    options = asked | {"thinking": {"type": "enabled", "budget_tokens": 1024}}

    first = client.messages.create(**options)
    thought = next(block for block in first.content if block.type == "thinking")
    history = [*options.pop("messages"), {"role": "assistant", "content": first.content}]
    second = client.messages.create(**options, messages=[*history, {"role": "user", "content": "And now?"}])

    assert thought.thinking
    assert thought.signature
    assert "And now?" in text_of(second)


@pytest.mark.ability("images")
def test_an_image_is_taken(client, target):
    picture = {"type": "base64", "media_type": "image/png", "data": PNG}
    content = [{"type": "image", "source": picture}, {"type": "text", "text": "What is this?"}]

    answer = client.messages.create(
        model=target.model, max_tokens=2048, messages=[{"role": "user", "content": content}]
    )

    assert "What is this?" in text_of(answer)


@pytest.mark.ability("documents")
def test_a_document_is_taken(client, target):
    source = {
        "type": "base64",
        "media_type": "application/pdf",
        "data": base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode(),
    }
    content = [{"type": "document", "source": source}, {"type": "text", "text": "What is this?"}]

    answer = client.messages.create(
        model=target.model, max_tokens=2048, messages=[{"role": "user", "content": content}]
    )

    assert "What is this?" in text_of(answer)


@pytest.mark.ability("counting")
def test_tokens_are_counted(client, target, asked):
    counted = client.messages.count_tokens(model=target.model, messages=asked["messages"])

    assert counted.input_tokens > 0


def text_of(message):
    """Return the text of an answer."""
    return "".join(block.text for block in message.content if block.type == "text")

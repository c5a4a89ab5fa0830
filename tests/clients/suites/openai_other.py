# mypy: ignore-errors
"""The OpenAI SDK on everything but chat: models, responses, completions, vectors, judgements, sounds."""

import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
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
def recording(client, target):
    """Make a sound in which the stand-in for a recogniser hears something."""
    models = target.models
    spoken = client.audio.speech.create(
        model=models["speech"], voice=models["voice"], input="A bay.", response_format="wav"
    )
    return ("bay.wav", spoken.content)


def test_models_are_listed(client, target):
    assert target.model in {model.id for model in client.models.list()}


def test_a_model_is_shown(client, target):
    assert client.models.retrieve(target.model).id == target.model


@pytest.mark.ability("responses")
def test_a_response_comes_whole(client, target):
    response = client.responses.create(
        model=target.model, instructions="Be brief.", input=target.prompt("What is a bay?"), store=False
    )

    assert (response.object, response.status) == ("response", "completed")
    assert "What is a bay?" in response.output_text
    assert response.usage.output_tokens > 0


@pytest.mark.ability("responses")
def test_a_response_is_streamed(client, target):
    events = list(
        client.responses.create(model=target.model, input=target.prompt("What is a bay?"), stream=True)
    )

    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    told = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert "What is a bay?" in told
    assert told == events[-1].response.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))


@pytest.mark.ability("responses")
async def test_a_response_is_streamed_without_blocking(target):
    asked = {"model": target.model, "input": target.prompt("What is a bay?")}

    async with (
        AsyncOpenAI(base_url=f"{target.url}/v1", api_key=target.key) as client,
        client.responses.stream(**asked) as stream,
    ):
        response = await stream.get_final_response()

    assert "What is a bay?" in response.output_text


@pytest.mark.ability("responses-tools")
def test_a_response_calls_a_tool(client, target):
    options = {"model": target.model, "tools": [WEATHER]}
    question = {"role": "user", "content": "Ask get_weather about Bergen."}

    first = client.responses.create(input=[question], tool_choice="required", **options)
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "It rains."}
    second = client.responses.create(input=[question, *first.output, result], **options)

    assert call.name == "get_weather"
    assert "It rains." in second.output_text


@pytest.mark.ability("responses-schema")
def test_a_response_follows_a_schema(client, target):
    response = client.responses.parse(model=target.model, input="A bay of 7 metres.", text_format=Bay)

    assert isinstance(response.output_parsed, Bay)


@pytest.mark.ability("stored")
def test_a_stored_response_is_continued_shown_and_deleted(client, target):
    first = client.responses.create(model=target.model, input="Hello.")
    second = client.responses.create(
        model=target.model, input=target.prompt("And now?"), previous_response_id=first.id
    )
    shown = client.responses.retrieve(second.id)
    client.responses.delete(first.id)

    assert (second.previous_response_id, shown.output_text) == (first.id, second.output_text)
    assert second.usage.input_tokens > first.usage.input_tokens


@pytest.mark.ability("completions")
def test_a_text_is_completed(client, target):
    options = {"model": target.models["completions"], "prompt": target.prompt("A bay is"), "max_tokens": 50}

    whole = client.completions.create(**options)
    pieces = list(client.completions.create(**options, stream=True))

    assert "A bay is" in whole.choices[0].text
    assert "".join(piece.choices[0].text for piece in pieces if piece.choices) == whole.choices[0].text


@pytest.mark.ability("embeddings")
def test_vectors_are_the_same_in_both_encodings(client, target):
    """The SDK asks for base64 by itself and decodes it."""
    options = {"model": target.models["embeddings"], "input": ["a bay", "a fjord"]}

    packed = client.embeddings.create(**options)
    plain = client.embeddings.create(**options, encoding_format="float")

    assert [row.index for row in packed.data] == [0, 1]
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert packed.data[0].embedding != packed.data[1].embedding
    assert packed.usage.prompt_tokens > 0


@pytest.mark.ability("embeddings")
async def test_vectors_come_without_blocking(target):
    async with AsyncOpenAI(base_url=f"{target.url}/v1", api_key=target.key) as client:
        answer = await client.embeddings.create(model=target.models["embeddings"], input="a bay")

    assert len(answer.data) == 1


@pytest.mark.ability("dimensions")
def test_vectors_are_as_long_as_asked(client, target):
    answer = client.embeddings.create(model=target.models["embeddings"], input="a bay", dimensions=256)

    assert len(answer.data[0].embedding) == 256


@pytest.mark.ability("moderations")
def test_texts_are_judged(client, target):
    answer = client.moderations.create(model=target.models["moderations"], input=["a bay", "a fjord"])

    assert [result.flagged for result in answer.results] == [False, False]


@pytest.mark.ability("speech")
def test_a_text_is_spoken(client, target, tmp_path):
    options = {"model": target.models["speech"], "voice": target.models["voice"], "input": "A bay."}
    options["response_format"] = "wav"

    whole = client.audio.speech.create(**options)
    with client.audio.speech.with_streaming_response.create(**options) as answer:
        answer.stream_to_file(tmp_path / "bay.wav")

    assert whole.content[:4] == b"RIFF"
    assert (tmp_path / "bay.wav").read_bytes() == whole.content


@pytest.mark.ability("transcriptions")
def test_speech_is_written_down(client, target, recording):
    model = target.models["transcriptions"]

    answer = client.audio.transcriptions.create(model=model, file=recording)
    text = client.audio.transcriptions.create(model=model, file=recording, response_format="text")

    assert answer.text
    assert text.strip() == answer.text


@pytest.mark.ability("translations")
def test_speech_is_translated(client, target, recording):
    answer = client.audio.translations.create(model=target.models["translations"], file=recording)

    assert answer.text

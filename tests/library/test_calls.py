"""Every method of both twins, over the sandbox, the plugin `acme` and a fake upstream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.library.conftest import MakeBay, ask, read
from tests.upstreams.openai import OpenAIUpstream

from modelbay import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    UserPromptMessage,
)
from modelbay.entities import PromptMessageTool

CHAT = "sandbox/sandbox-chat"
TOOL = {"name": "look_up", "description": "Looks up.", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture
async def upstream() -> AsyncIterator[OpenAIUpstream]:
    async with OpenAIUpstream() as fake:
        yield fake


def openai(upstream: OpenAIUpstream) -> dict[str, Any]:
    return {"openai": {"openai_api_key": "test-key", "openai_api_base": upstream.url, "api_protocol": "chat"}}


@pytest.mark.parametrize(
    "prompt",
    [
        "Hello",
        {"role": "user", "content": "Hello"},
        UserPromptMessage(content="Hello"),
        ["Hello"],
        [{"role": "system", "content": "Be brief."}, "Hello"],
        map(str, ["First", "Hello"]),
        [{"role": "user", "content": [{"type": "text", "data": "Hello"}]}],
    ],
)
async def test_a_prompt_is_whatever_people_naturally_write(make: MakeBay, prompt: Any) -> None:
    """A string, a message, a mapping, or a list or generator of them."""
    if isinstance(prompt, map):
        prompt = map(str, ["First", "Hello"])  # the first of the two twins has spent the other
    result = await ask(make({"acme": "k"}).llm("acme/chat"), "invoke", prompt)
    assert result.text == "chat: Hello"


async def test_a_stream_gives_the_same_answer(bay: Any) -> None:
    """Usage and finish reason on the last chunk."""
    chunks = await read(bay.llm("acme/chat"), "stream", "Hello")

    assert [chunk.text for chunk in chunks] == ["chat: ", "Hello", ""]
    assert [chunk.finish_reason for chunk in chunks] == [None, None, "stop"]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ([], "messages are empty"),
        (None, "messages: give a list, not NoneType"),
        (5, "messages: give a list, not int"),
        (["Hi", {"role": "robot", "content": "x"}], r"messages\[1\]\.role"),
        ([{"role": "tool", "content": "x"}], r"messages\[0\]\.tool_call_id"),
        (["Hi", {"role": "user", "content": 5}], r"messages\[1\]\.content.*: Input should be"),
        (["Hi", 5], r"messages\[1\]: give a message"),
        (
            [{"role": "user", "content": [{"type": "text"}]}],
            r"messages\[0\]\.content\[0\]\.text\.data: Field required",
        ),
        (b"Hello", "messages: give a list, not bytes"),
    ],
)
async def test_a_wrong_message_is_refused_by_its_place(bay: Any, prompt: Any, said: str) -> None:
    """In a conversation of two hundred messages the place is what helps."""
    with pytest.raises(InvokeBadRequestError, match=said):
        await ask(bay.llm("acme/chat"), "invoke", prompt)


@pytest.mark.parametrize(
    "tool", [TOOL, {"type": "function", "function": TOOL}, PromptMessageTool.model_validate(TOOL)]
)
async def test_tools_are_taken_in_both_envelopes(make: MakeBay, upstream: OpenAIUpstream, tool: Any) -> None:
    """People copy them from programs written for other libraries."""
    upstream.will_stream(tool_calls=[{"name": "look_up", "arguments": {"a": 1}}])
    result = await ask(make(openai(upstream)).llm("openai/gpt-4.1-mini"), "invoke", "Hi", tools=[tool])

    assert upstream.requests[-1].body["tools"][0]["function"]["name"] == "look_up"
    assert [call.function.name for call in result.tool_calls] == ["look_up"]


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ([{"name": "x"}], r"tools\[0\]\.parameters"),
        ([TOOL, {"type": "function", "function": {"parameters": {}}}], r"tools\[1\]\.name"),
        ([print], r"tools\[0\] is builtin_function_or_method"),
        (5, "tools: give a list"),
    ],
)
async def test_a_wrong_tool_is_refused_by_its_place(bay: Any, tools: Any, said: str) -> None:
    """As messages are."""
    with pytest.raises(InvokeBadRequestError, match=said):
        await ask(bay.llm("acme/chat"), "invoke", "Hi", tools=tools)


class City(BaseModel):
    """A city."""

    name: str
    people: int


@pytest.mark.parametrize("wanted", [City, City.model_json_schema()], ids=["class", "schema"])
async def test_an_answer_follows_a_pydantic_class_or_a_schema(make: MakeBay, wanted: Any) -> None:
    """The result is read back with the same class."""
    result = await ask(make().llm(CHAT), "invoke", "A city", response_format=wanted)
    assert isinstance(City.model_validate_json(result.text), City)


async def test_a_pydantic_class_is_sent_as_its_schema(make: MakeBay, upstream: OpenAIUpstream) -> None:
    """Under the class's name."""
    upstream.will_stream('{"name": "Ulm", "people": 1}')
    bay = make(openai(upstream))
    await ask(bay.llm("openai/gpt-4.1-mini"), "invoke", "A city", response_format=City, temperature=0.5)
    sent = upstream.requests[-1].body

    assert sent["response_format"]["type"] == "json_schema"
    assert sent["response_format"]["json_schema"]["name"] == "City"
    assert set(sent["response_format"]["json_schema"]["schema"]["properties"]) == {"name", "people"}
    assert sent["temperature"] == 0.5


async def test_texts_are_embedded(make: MakeBay) -> None:
    """A string is one text; a generator is read."""
    bay = make()
    one = await ask(bay, "embed", "sandbox/sandbox-embedding", "One", input_type="query")
    two = await ask(bay, "embed", "sandbox/sandbox-embedding", (text for text in ["One", "Two"]))

    assert (len(one.embeddings), len(two.embeddings)) == (1, 2)


@pytest.mark.parametrize(
    ("texts", "options", "said"),
    [
        (["a", 5], {}, r"texts\[1\] is int, but must be a text"),
        ([b"a"], {}, r"texts\[0\] is bytes"),
        (None, {}, "texts: give a list, not NoneType"),
        (["a"], {"input_type": "passage"}, "input_type is 'passage', but must be one of document, query"),
    ],
)
async def test_wrong_texts_are_refused_by_their_place(
    make: MakeBay, texts: Any, options: Any, said: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(InvokeBadRequestError, match=said):
        await ask(make(), "embed", "sandbox/sandbox-embedding", texts, **options)


async def test_documents_are_ranked(make: MakeBay) -> None:
    """Best first."""
    docs = ["The harbour has boats.", "Bread is baked at night."]
    result = await ask(make(), "rerank", "sandbox/sandbox-rerank", "boats in a harbour", docs, top_n=1)
    assert [doc.index for doc in result.docs] == [0]
    with pytest.raises(InvokeBadRequestError, match=r"docs\[0\] is int"):
        await ask(make(), "rerank", "sandbox/sandbox-rerank", "q", [1])


@pytest.mark.parametrize("given", ["bytes", "bytearray", "path", "text", "file"])
async def test_speech_goes_there_and_back(make: MakeBay, tmp_path: Path, given: str) -> None:
    """Audio is bytes, a path or an open file."""
    bay = make()
    spoken = await ask(bay, "speak", "sandbox/sandbox-voice", "One two.")
    path = spoken.save(tmp_path / "spoken.wav")
    pieces = await read(bay, "speak_stream", "sandbox/sandbox-voice", "One two.")
    with path.open("rb") as file:
        audio = {
            "bytes": spoken.audio,
            "bytearray": bytearray(b"".join(pieces)),
            "path": path,
            "text": str(path),
            "file": file,
        }[given]
        heard = await ask(bay, "transcribe", "sandbox/sandbox-recogniser", audio)
    assert "one two" in heard.text.lower()


async def test_a_file_that_cannot_be_read_is_refused(make: MakeBay, tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(InvokeBadRequestError, match=r"cannot read '.*none\.wav': No such file"):
        await ask(make(), "transcribe", "sandbox/sandbox-recogniser", tmp_path / "none.wav")


async def test_a_text_is_moderated(make: MakeBay) -> None:
    """True is harmful."""
    assert not (await ask(make(), "moderate", "sandbox/sandbox-moderation", "A fine day.")).flagged


async def test_tokens_are_counted(bay: Any) -> None:
    """By the model or by the library."""
    assert (await ask(bay, "count_tokens", "acme/chat", "Hello")).tokens == 5
    assert (await ask(bay.llm("openai/gpt-4.1-mini"), "count_tokens", "Hello")).method == "o200k_base"


async def test_models_are_listed_by_type_and_provider(bay: Any) -> None:
    """Of the built-in plugins and of those given."""
    models = await ask(bay, "models", "llm", provider="acme")
    assert [model.model for model in models] == ["chat", "org/chat-2:free"]
    with pytest.raises(
        InvokeBadRequestError, match=r"type is 'chat', but must be one of llm, text-embedding"
    ):
        await ask(bay, "models", "chat")


async def test_credentials_are_proved(make: MakeBay) -> None:
    """Those given, or those that calls would use."""
    bay = make({"acme": "good"})
    assert await ask(bay, "validate_credentials", "acme") is None
    with pytest.raises(CredentialsValidateFailedError):
        await ask(bay, "validate_credentials", "acme", {"api_key": "bad-12345"})
    with pytest.raises(CredentialsValidateFailedError):
        await ask(bay, "validate_credentials", "acme", model="chat", type="llm")


async def test_a_declaration_is_told(bay: Any) -> None:
    """Of one model."""
    schema = await ask(bay.llm("acme/chat"), "schema")
    assert [rule.name for rule in schema.parameter_rules] == ["temperature"]


async def test_an_error_inside_a_stream_comes_after_the_chunks_before_it(
    make: MakeBay, upstream: OpenAIUpstream
) -> None:
    """Nothing that was said is lost."""
    from modelbay.sdk.testing import faults

    upstream.will_stream("a", "b", "c", "d")
    upstream.will_fail(faults.error_event(after=3))
    stream = read(make(openai(upstream)).llm("openai/gpt-4.1-mini"), "stream", "Hi")
    with pytest.raises(InvokeError, match=r"openai/gpt-4\.1-mini: "):
        await stream


async def test_missing_credentials_are_told(make: MakeBay) -> None:
    """With what to give."""
    with pytest.raises(InvokeAuthorizationError, match=r"acme/chat: .* it needs api_key"):
        await ask(make().llm("acme/chat"), "invoke", "Hi")
    with pytest.raises(InvokeAuthorizationError, match=r"acme/chat: .* it needs api_key"):
        await read(make().llm("acme/chat"), "stream", "Hi")


async def test_unknown_parameters_are_refused_or_dropped(make: MakeBay) -> None:
    """As the caller says."""
    with pytest.raises(InvokeBadRequestError, match=r"no parameter 'temp'"):
        await ask(make({"acme": "k"}).llm("acme/chat"), "invoke", "Hi", temp=1)
    assert (await ask(make({"acme": "k"}, drop_unknown=True).llm("acme/chat"), "invoke", "Hi", temp=1)).text


async def test_a_caller_of_a_closed_library_is_told(make: MakeBay) -> None:
    """Both twins, for calls and for streams; closing twice is fine."""
    from tests.library.conftest import close

    bay = make({"acme": "k"})
    llm = bay.llm("acme/chat")
    await ask(llm, "invoke", "Hi")
    await close(bay)
    await close(bay)
    with pytest.raises(RuntimeError, match=r"this Modelbay is closed"):
        await ask(llm, "invoke", "Hi")
    with pytest.raises(RuntimeError, match=r"this Modelbay is closed"):
        await read(llm, "stream", "Hi")


async def test_the_arguments_are_not_changed(make: MakeBay) -> None:
    """Credentials, messages and tools belong to the caller."""
    credentials = {"acme": {"api_key": "good"}}
    messages = [{"role": "user", "content": "Hi"}]
    before = json.dumps([credentials, messages, TOOL])
    bay = make(credentials)
    await ask(bay.llm("acme/chat"), "invoke", messages, tools=[TOOL])
    await ask(bay, "validate_credentials", "acme", credentials["acme"])

    assert json.dumps([credentials, messages, TOOL]) == before

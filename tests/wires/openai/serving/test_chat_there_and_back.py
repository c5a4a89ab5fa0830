"""What goes through a face and its wire comes out the same, wherever both can say it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.published import as_published
from tests.wires.serving_checks import ANSWER_ID, JSON

from modelbay.entities import AssistantPromptMessage, LLMResult, ToolCall, ToolCallFunction, fold
from modelbay.wires.chunks import reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.decode import SSEDecoder
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai.chat import ChatCompletions
from modelbay.wires.openai.serving import CHAT
from modelbay.wires.usage import llm_usage

PUBLISHED = as_published("openai.openapi.json")
WIRE = ChatCompletions()
ASK = CHAT.from_request({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True})
OPTIONS = {"reasoning_field": "reasoning_content", "reasoning_replay": "all"}


def call_of(ask: Any) -> ChatCall:
    """Return the call of a model whose upstream speaks the client's dialect."""
    return ChatCall(
        ask.model,
        ask.messages,
        ask.wishes.parameters,
        ask.tools,
        ask.stop,
        ask.stream,
        ask.user,
        OPTIONS,
        ask.wishes.extras,
    )


def sent_on(body: Any) -> Any:
    return WIRE.to_request(call_of(CHAT.from_request(body)), Endpoint("http://x")).json


WORDS = st.text(min_size=1, max_size=6)
NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
MORE = st.dictionaries(st.sampled_from(["x_one", "x_two", "cache_control"]), JSON.filter(bool), max_size=2)
ADDRESSES = st.sampled_from(["https://a.example/b.png", "data:image/png;base64,iVBORw0KGgo="])
IMAGES = st.fixed_dictionaries(
    {"url": ADDRESSES}, optional={"detail": st.sampled_from(["low", "high", "auto", "x"])}
)
SOUNDS = st.fixed_dictionaries({"data": st.just("AAAA"), "format": st.sampled_from(["wav", "mp3", "flac"])})
FILES = st.sampled_from(
    [
        {"file_id": "file-1"},
        {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        {"file_data": "JVBERi0="},
    ]
)


def part(kind: str, value: Any) -> Any:
    return st.tuples(value, MORE).map(lambda both: {"type": kind, kind: both[0], **both[1]})


PARTS = st.lists(
    part("text", WORDS)
    | part("image_url", IMAGES)
    | part("input_audio", SOUNDS)
    | part("file", FILES)
    | part("video_url", st.just({"url": "https://a.example/b.mp4"})),
    min_size=1,
    max_size=3,
)
CALLS = st.lists(
    st.builds(
        lambda number, name, text, more: {
            **more,
            "id": f"c{number}",
            "type": "function",
            "function": {"name": name, "arguments": text},
        },
        st.integers(0, 9),
        NAMES,
        st.sampled_from(["{}", '{"a": 1}', "not json"]),
        MORE,
    ),
    min_size=1,
    max_size=2,
)
MESSAGES = st.one_of(
    st.fixed_dictionaries({"role": st.just("user"), "content": WORDS | PARTS}, optional={"name": NAMES}),
    st.fixed_dictionaries({"role": st.just("system"), "content": WORDS}),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": WORDS}, optional={"name": NAMES, "reasoning_content": WORDS}
    ),
    st.fixed_dictionaries({"role": st.just("assistant"), "content": st.none() | WORDS, "tool_calls": CALLS}),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": st.none(), "refusal": WORDS},
        optional={"audio": st.just({"id": "a"})},
    ),
    st.fixed_dictionaries({"role": st.just("tool"), "content": WORDS, "tool_call_id": NAMES}),
)
ASSISTANT_AGAIN = st.tuples(MESSAGES, MORE).map(lambda both: {**both[1], **both[0]})
TOOLS = st.fixed_dictionaries(
    {"name": NAMES, "description": WORDS, "parameters": st.just({"type": "object", "properties": {}})},
    optional={"strict": st.booleans()},
).map(lambda function: {"type": "function", "function": function})
SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True}}
FORMATS = st.sampled_from([{"type": "json_object"}, SCHEMA, {"type": "grammar", "grammar": "…"}])
BODIES = st.fixed_dictionaries(
    {
        "model": st.just("m"),
        "messages": st.lists(ASSISTANT_AGAIN, min_size=1, max_size=4),
        "stream": st.just(False),
    },
    optional={
        "temperature": st.floats(0, 2),
        "max_tokens": st.integers(1, 99),
        "seed": st.integers(0, 99),
        "stop": st.lists(WORDS, min_size=1, max_size=3),
        "logprobs": st.booleans(),
        "reasoning_effort": st.sampled_from(["low", "high"]),
        "thinking": st.sampled_from([{"type": "enabled"}, {"type": "disabled"}, {"type": "other", "x": 1}]),
        "response_format": FORMATS,
        "user": NAMES,
        "logit_bias": st.just({"5": 1}),
        "x_unknown": JSON.filter(lambda value: value is not None),
        "metadata": st.just({"a": "b"}),
    },
)


@given(body=BODIES, tools=st.lists(TOOLS, min_size=1, max_size=2), chosen=st.booleans())
def test_a_request_comes_out_as_it_went_in(body: Any, tools: Any, chosen: bool) -> None:
    """An upstream of the client's dialect gets what the client sent, also what Modelbay has no name for."""
    if chosen:
        choice = {"type": "function", "function": {"name": tools[0]["function"]["name"]}}
        body = {**body, "tools": tools, "tool_choice": choice, "parallel_tool_calls": False}

    assert sent_on(body) == body


@pytest.mark.parametrize(
    "extra",
    [
        {"tools": [{"type": "custom", "custom": {"name": "sh"}}], "tool_choice": "required"},
        {"tools": [{"type": "function", "function": {"name": "a", "strict": None, "x": 1}}]},
        {"tools": [{"type": "web_search"}], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
        {"modalities": ["text", "audio"], "audio": {"voice": "ash", "format": "wav"}},
        {"prediction": {"type": "content", "content": "x"}, "web_search_options": {}},
    ],
)
def test_what_only_the_dialect_knows_comes_out_as_it_went_in(extra: Any) -> None:
    """Such fields go around Modelbay's own values."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": False, **extra}

    assert sent_on(body) == body


def test_a_stream_is_metered_whatever_its_client_asks() -> None:
    """Usage is counted for the ledger, also where the client does not want to see it."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}

    wanted = sent_on({**body, "stream_options": {"include_usage": False, "x_more": 1}})

    assert wanted["stream_options"] == {"include_usage": True, "x_more": 1}


TOKEN = {"token": "a", "logprob": -1.0, "bytes": None, "top_logprobs": []}
LOGPROBS = {"content": [TOKEN], "refusal": None}
REASONS = st.sampled_from(["stop", "length", "content_filter"])
USAGES = st.builds(
    llm_usage,
    prompt=st.integers(1, 99),
    completion=st.integers(0, 99),
    cached=st.integers(0, 9),
    cache_write=st.integers(0, 9),
    reasoning=st.integers(0, 9),
)


@st.composite
def results(draw: Any) -> LLMResult:
    calls = [
        ToolCall(id=f"c{number}", function=ToolCallFunction(name=draw(NAMES), arguments=draw(WORDS)))
        for number in range(draw(st.integers(0, 2)))
    ]
    more = draw(st.sampled_from([{}, {"logprobs": LOGPROBS}, {"x_own": [1]}]))
    message = AssistantPromptMessage(
        content=draw(st.text(max_size=20)),
        reasoning_content=draw(st.none() | WORDS),
        tool_calls=calls,
        **more,
    )
    about = draw(st.sampled_from([{}, {"service_tier": "flex", "system_fingerprint": "fp"}]))
    return LLMResult(
        model="up",
        message=message,
        usage=draw(USAGES),
        finish_reason="tool_calls" if calls else draw(REASONS),
        id=f"chatcmpl-{ANSWER_ID}",
        **about,
    )


@given(result=results())
def test_a_whole_answer_is_read_as_it_was_written(result: LLMResult) -> None:
    """A gateway in front of a gateway loses nothing."""
    body = CHAT.from_result(ASK, result, ANSWER_ID)

    PUBLISHED(body, "CreateChatCompletionResponse")
    assert WIRE.to_result(call_of(ASK), body) == result


@given(result=results())
def test_a_whole_answer_is_as_published(result: LLMResult) -> None:
    """Strict clients read by the published description; what it does not have are fields of their own."""
    PUBLISHED(CHAT.from_result(ASK, result, ANSWER_ID), "CreateChatCompletionResponse")


def chunks_of(result: LLMResult, cuts: list[int]) -> list[Any]:
    """Return the answer in chunks of such lengths, as the wires make them."""
    message, chunks = result.message, []
    for index, call in enumerate(message.tool_calls):
        name = call.function.name
        chunks += [tool_chunk("up", index, call_id=call.id, name=name, arguments=call.function.arguments[:1])]
        chunks += [
            tool_chunk("up", index, arguments=piece) for piece in cut(call.function.arguments[1:], cuts)
        ]
    chunks = [reasoning_chunk("up", piece) for piece in cut(message.reasoning_content or "", cuts)] + chunks
    chunks += [text_chunk("up", piece) for piece in cut(message.text, cuts)]
    last = result.to_llm_result_chunk()
    last.delta.message = AssistantPromptMessage(content="", **message.unknown_fields)
    return [*chunks, last.model_copy(update={"service_tier": result.unknown_fields.get("service_tier")})]


def cut(text: str, lengths: list[int]) -> list[str]:
    pieces: list[str] = []
    for length in [*lengths, len(text)]:
        pieces, text = [*pieces, text[:length]], text[length:]
    return [piece for piece in pieces if piece]


def read_stream(data: bytes, size: int) -> LLMResult:
    decoder, reader = SSEDecoder(), WIRE.to_chunks(call_of(ASK))
    events = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]
    chunks = [chunk for event in [*events, *decoder.close()] for chunk in reader.read(event)]
    return fold([*chunks, *reader.close()])


@given(
    result=results(),
    cuts=st.lists(st.integers(1, 4), max_size=4),
    size=st.integers(1, 400),
    whole=st.booleans(),
)
def test_a_streamed_answer_is_read_as_it_was_written(
    result: LLMResult, cuts: list[int], size: int, whole: bool
) -> None:
    """However the upstream cuts its answer into chunks, and the network cuts ours into packets."""
    ask = CHAT.from_request(
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    )
    writer = CHAT.from_chunks(ask, ANSWER_ID)
    about = {"service_tier": result.unknown_fields.get("service_tier")}
    chunks = [result.to_llm_result_chunk().model_copy(update=about)] if whole else chunks_of(result, cuts)

    data = b"".join(map(writer.write, chunks)) + writer.close()

    assert read_stream(data, size) == result


STATES = st.fixed_dictionaries(
    {},
    optional={
        "anthropic": st.just({"content": [{"type": "thinking", "thinking": "a", "signature": "b"}]}),
        "openai": st.fixed_dictionaries(
            {},
            optional={
                "output": st.just([{"type": "reasoning"}]),
                "reasoning_details": st.just([{"text": "a"}]),
            },
        ).filter(bool),
        "cohere": st.just({"tool_plan": "x"}),
    },
).map(lambda state: state or None)


@given(result=results(), state=STATES)
def test_an_answer_that_is_sent_back_is_the_message_that_it_was(result: LLMResult, state: Any) -> None:
    """The provider finds its signed reasoning again, as the client only repeats what it was told."""
    message = AssistantPromptMessage(
        content=result.text,
        reasoning_content=result.message.reasoning_content,
        tool_calls=result.tool_calls,
        opaque_body=state,
    )
    answered = CHAT.from_result(ASK, result.model_copy(update={"message": message}), ANSWER_ID)

    again = CHAT.from_request({"model": "m", "messages": [answered["choices"][0]["message"]]})

    assert again.messages == [message]

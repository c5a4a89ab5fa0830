"""What Converse answers, whole and in events, and how it goes back with the next turn."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.bedrock import BedrockUpstream
from tests.upstreams.bedrock_converse import event, exception
from tests.wires.wire_checks import ENDPOINT, comparable, pieces, refusal_of

from modelbay.entities import AssistantPromptMessage, LLMResult, ToolPromptMessage, UserPromptMessage, fold
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.aws_events import AwsEventDecoder
from modelbay.wires.bedrock import chat
from modelbay.wires.bedrock.errors import to_error
from modelbay.wires.family import ChatCall

CALL = ChatCall("anthropic.claude", [UserPromptMessage(content="Hi")])
DIALECT = chat({})
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}}
HIDDEN = {"reasoningContent": {"redactedContent": b64encode(b"secret thought").decode()}}
USE = {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Rome"}}}
CITED = {
    "citationsContent": {
        "content": [{"text": "It rains."}],
        "citations": [
            {"title": "Book", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}
        ],
    }
}


def answer(*content: dict[str, Any], reason: str = "end_turn", **more: Any) -> dict[str, Any]:
    """Return a whole answer."""
    message = {"role": "assistant", "content": list(content)}
    return {"output": {"message": message}, "stopReason": reason, "usage": USAGE, "metrics": {}} | more


def whole(*content: dict[str, Any], **more: Any) -> LLMResult:
    """Return the result of an answer with these blocks."""
    return DIALECT.to_result(CALL, answer(*content, **more))


def streamed(content: list[dict[str, Any]], reason: str = "end_turn", usage: Any = USAGE) -> bytes:
    """Return the events by which an answer with these blocks comes."""
    found = event("messageStart", role="assistant")
    for index, block in enumerate(content):
        found += b"".join(_events(index, block)) + event("contentBlockStop", contentBlockIndex=index)
    found += event("messageStop", stopReason=reason)
    return found + (event("metadata", usage=usage, metrics={}) if usage else b"")


def _events(index: int, block: dict[str, Any]) -> list[bytes]:
    def delta(value: dict[str, Any]) -> bytes:
        return event("contentBlockDelta", contentBlockIndex=index, delta=value)

    if "toolUse" in block:
        use = dict(block["toolUse"])
        text = orjson.dumps(use.pop("input")).decode()
        start = event("contentBlockStart", contentBlockIndex=index, start={"toolUse": use})
        return [start, delta({"toolUse": {"input": text[:3]}}), delta({"toolUse": {"input": text[3:]}})]
    if "reasoningContent" in block:
        said = block["reasoningContent"].get("reasoningText") or block["reasoningContent"]
        return [delta({"reasoningContent": {name: value}}) for name, value in said.items()]
    if "citationsContent" in block:
        cited = block["citationsContent"]
        return [
            delta({"text": cited["content"][0]["text"]}),
            *(delta({"citation": each}) for each in cited["citations"]),
        ]
    return [delta({"text": block["text"]})]


def read(stream: bytes, *cuts: int) -> LLMResult:
    """Return the whole answer of a stream that came in pieces."""
    decoder, reader = AwsEventDecoder(), DIALECT.to_chunks(CALL)
    frames = [frame for piece in pieces(stream, cuts) for frame in decoder.feed(piece)]
    chunks = [chunk for frame in frames for chunk in reader.read(frame)]
    return fold([*chunks, *reader.close()])


plain: st.SearchStrategy[dict[str, Any]] = st.text("abc é", min_size=1, max_size=9).map(
    lambda text: {"text": text}
)
calls: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda city: {"toolUse": {"toolUseId": "", "name": "weather", "input": {"city": city}}},
    st.text(max_size=4),
)


def numbered(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the blocks with an id of its own for each call."""
    return [
        {"toolUse": block["toolUse"] | {"toolUseId": f"t{index}"}} if "toolUse" in block else block
        for index, block in enumerate(content)
    ]


known: st.SearchStrategy[dict[str, Any]] = st.sampled_from([THOUGHT, HIDDEN, CITED])
contents = st.lists(st.one_of(plain, calls, known), min_size=1, max_size=5).map(numbered)


@given(contents, st.lists(st.integers(0, 3000), max_size=6))
def test_a_stream_in_any_pieces_says_what_the_whole_answer_says(
    content: list[dict[str, Any]], cuts: list[int]
) -> None:
    """Text, reasoning, calls, usage and state are the same, however they come."""
    assert comparable(read(streamed(content), *cuts)) == comparable(whole(*content))


@given(contents)
def test_an_answer_goes_back_as_it_came(content: list[dict[str, Any]]) -> None:
    """Signed reasoning is refused if a letter of it differs, and so is a turn that lost some of it."""
    message = whole(*content).message
    said = [UserPromptMessage(content="Hi"), message, UserPromptMessage(content="Go on")]
    turns = DIALECT.to_request(ChatCall("m.n", said), ENDPOINT).json["messages"]
    kept = [block for block in content if block.get("text", "x").strip()]
    assert ([turn["content"] for turn in turns[1:-1]] or [[]])[0] == kept


def test_reasoning_survives_a_loop_over_tools() -> None:
    """The provider refuses the result of a tool whose call lost the reasoning before it."""
    message = whole(THOUGHT, HIDDEN, {"text": "Let me see."}, USE, reason="tool_use").message
    said = [UserPromptMessage(content="Hi"), message, ToolPromptMessage(content="sunny", tool_call_id="t1")]
    request = DIALECT.to_request(ChatCall("m.n", said), ENDPOINT)
    assert refusal_of(BedrockUpstream(), request) is None
    assert request.json["messages"][1]["content"] == [THOUGHT, HIDDEN, {"text": "Let me see."}, USE]


def test_what_the_application_changed_wins_over_the_state() -> None:
    """An edited text or a removed call must not come back from the state."""
    message = whole(THOUGHT, {"text": "Old."}, USE, reason="tool_use").message
    edited = message.model_copy(update={"content": "New.", "tool_calls": []})
    turns = DIALECT.to_request(ChatCall("m.n", [UserPromptMessage(content="Hi"), edited]), ENDPOINT).json
    assert turns["messages"][1]["content"] == [THOUGHT, {"text": "New."}]


@pytest.mark.parametrize(
    "state",
    [
        "x",
        [1],
        {"content": "x"},
        {"content": [{"text": 1}]},
        {"content": [{"toolUse": {}}]},
        {"content": [{"cachePoint": {"type": "default"}}]},
        {"content": [{"text": "a", "image": {}}]},
    ],
)
def test_state_of_another_form_counts_as_none(state: Any) -> None:
    """It may have been out of our hands; the message says the same without it."""
    message = AssistantPromptMessage(content="Yes.", opaque_body={"bedrock": state})
    said = [UserPromptMessage(content="Hi"), message]
    turns = DIALECT.to_request(ChatCall("m.n", said), ENDPOINT).json["messages"]
    assert turns[1]["content"] == [{"text": "Yes."}]


def test_a_plain_answer_has_no_state() -> None:
    """Text and the calls after it say all: conversations stay small."""
    assert whole({"text": "a"}, USE).message.opaque_body is None
    assert whole({"text": "a"}, trace={"guardrail": {}}).message.opaque_body == {
        "bedrock": {"trace": {"guardrail": {}}}
    }


def test_cached_tokens_are_part_of_the_prompt() -> None:
    """Bedrock counts them beside the other input."""
    told = USAGE | {"cacheReadInputTokens": 100, "cacheWriteInputTokens": 20}
    usage = whole({"text": "a"}, usage=told).usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.cache_write_tokens) == (130, 100, 20)
    assert usage.completion_tokens == 5


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("content_filtered", "content_filter"),
        ("guardrail_intervened", "content_filter"),
    ],
)
def test_reasons_to_stop(reason: str, expected: str) -> None:
    """One vocabulary for all providers."""
    assert whole({"text": "a"}, reason=reason).finish_reason == expected
    assert read(streamed([{"text": "a"}], reason)).finish_reason == expected


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_nonsense_of_the_model_is_a_failure(reason: str) -> None:
    """Half a tool call must not look like a good answer."""
    with pytest.raises(InvokeServerUnavailableError, match=reason):
        whole({"text": "a"}, reason=reason)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("throttlingException", InvokeRateLimitError),
        ("validationException", InvokeBadRequestError),
        ("modelStreamErrorException", InvokeServerUnavailableError),
        ("internalServerException", InvokeServerUnavailableError),
        ("someNewException", InvokeServerUnavailableError),
    ],
)
def test_an_exception_inside_a_stream_is_raised_by_its_name(name: str, expected: type[InvokeError]) -> None:
    """Status 200 was sent long ago."""
    stream = event("messageStart", role="assistant") + exception(name, "sorry")
    with pytest.raises(expected, match="sorry") as caught:
        read(stream)
    assert type(caught.value) is expected


def test_a_stream_without_its_end_is_cut_off_and_one_without_usage_is_marked() -> None:
    """The usage comes after the end: that it is missing spoils nothing but the count."""
    with pytest.raises(InvokeConnectionError):
        read(event("messageStart", role="assistant"))
    usage = read(streamed([{"text": "a"}], usage=None)).usage
    assert usage.estimated


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (400, "ValidationException:http://internal/", InvokeBadRequestError),
        (400, "ServiceQuotaExceededException", InvokeRateLimitError),
        (403, "ExpiredTokenException", InvokeAuthorizationError),
        (404, "ResourceNotFoundException", InvokeBadRequestError),
        (408, "ModelTimeoutException", InvokeServerUnavailableError),
        (424, "ModelErrorException", InvokeBadRequestError),
        (429, "ModelNotReadyException", InvokeServerUnavailableError),
        (429, "ThrottlingException", InvokeRateLimitError),
        (503, "", InvokeServerUnavailableError),
    ],
)
def test_failures_are_read_by_the_name_of_the_exception(
    status: int, name: str, expected: type[InvokeError]
) -> None:
    """The statuses of some say something else."""
    headers = {"x-amzn-errortype": name, "x-amzn-requestid": "r-1"}
    error = to_error(status, headers, b'{"message":"the words"}')
    assert type(error) is expected
    assert (error.description, error.status, error.request_id) == ("the words", status, "r-1")


@pytest.mark.parametrize(
    "body", [[], {}, {"output": {"message": {"content": [{"toolUse": {}}]}}}, {"message": "x"}, {"output": 3}]
)
def test_an_answer_of_another_form_is_the_servers_fault(body: Any) -> None:
    """Never a KeyError."""
    with pytest.raises(InvokeServerUnavailableError):
        DIALECT.to_result(CALL, body)


@pytest.mark.parametrize("name", ["contentBlockStart", "contentBlockDelta", "contentBlockStop"])
def test_an_event_of_another_form_is_the_servers_fault(name: str) -> None:
    """The same in the middle of a stream."""
    with pytest.raises(InvokeServerUnavailableError):
        read(event(name, delta=3))


def test_an_answer_given_to_the_tool_for_it_is_text() -> None:
    """Models that know no schemas are asked for one as a tool; nobody shall see it."""
    asked = {"json_schema": '{"type": "object", "properties": {"city": {"type": "string"}}}'}
    call = ChatCall("amazon.nova", CALL.messages, asked, options={"schema_by_tool": True})
    (tool,) = DIALECT.to_request(call, ENDPOINT).json["toolConfig"]["tools"]
    use = {"toolUse": USE["toolUse"] | {"name": tool["toolSpec"]["name"]}}
    result = DIALECT.to_result(call, answer(use, reason="tool_use"))

    decoder, reader = AwsEventDecoder(), DIALECT.to_chunks(call)
    frames = decoder.feed(streamed([use], "tool_use"))
    folded = fold([*(chunk for frame in frames for chunk in reader.read(frame)), *reader.close()])

    assert comparable(folded) == comparable(result)
    assert (result.text, result.finish_reason) == ('{"city":"Rome"}', "stop")
    assert (result.message.tool_calls, result.message.opaque_body) == ([], None)

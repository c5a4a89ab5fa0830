"""Answers of the messages API, whole and streamed."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wires.wire_checks import comparable, cut_text, folded, read, sse

from modelbay.entities import LLMUsage, UserPromptMessage
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.anthropic import MESSAGES
from modelbay.wires.family import ChatCall

CALL = ChatCall("claude-sonnet-4-5", [UserPromptMessage(content="Hi")], stream=True)
USAGE = {
    "input_tokens": 10,
    "output_tokens": 20,
    "cache_creation_input_tokens": 3,
    "cache_read_input_tokens": 4,
    "output_tokens_details": {"thinking_tokens": 5},
}
THINKING = {"type": "thinking", "thinking": "Hm…", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}
CITED = {"type": "text", "text": "It rains.", "citations": [{"type": "page_location", "cited_text": "Rain."}]}
CALLED = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
SEARCHED = [
    {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "rain"}},
    {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"url": "https://example.org"}]},
]


def message(*content: Any, stop: str | None = "end_turn", **fields: Any) -> dict[str, Any]:
    """Make a whole answer."""
    base = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929"}
    return {**base, "content": list(content), "stop_reason": stop, "usage": USAGE, **fields}


def events(answer: dict[str, Any], cuts: list[int]) -> bytes:
    """Write an answer as the events of a stream, its texts cut at the given places."""
    counted = {"output_tokens": 1} | {name: USAGE[name] for name in USAGE if name.endswith("input_tokens")}
    start = {"type": "message_start", "message": answer | {"content": [], "usage": counted}}
    stream: list[dict[str, Any]] = [start, {"type": "ping"}, {"type": "invented", "index": 0}]
    for index, block in enumerate(answer["content"]):
        stream += _block_events(index, copy.deepcopy(block), cuts)
    ending = {
        name: answer[name]
        for name in ("stop_reason", "stop_sequence", "stop_details", "container")
        if name in answer
    }
    total = {name: USAGE[name] for name in ("output_tokens", "output_tokens_details")}
    stream += [{"type": "message_delta", "delta": ending, "usage": total}, {"type": "message_stop"}]
    return b"".join(sse(event) for event in stream)


def _block_events(index: int, block: dict[str, Any], cuts: list[int]) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = []
    kind = block["type"]
    if kind == "text":
        deltas = [{"type": "text_delta", "text": piece} for piece in cut_text(block["text"], cuts)]
        deltas += [{"type": "citations_delta", "citation": item} for item in block.pop("citations", ())]
        block["text"] = ""
    elif kind == "thinking":
        deltas = [
            {"type": "thinking_delta", "thinking": piece} for piece in cut_text(block["thinking"], cuts)
        ]
        deltas += [{"type": "signature_delta", "signature": block["signature"]}]
        block |= {"thinking": "", "signature": ""}
    elif kind in ("tool_use", "server_tool_use") and block["input"]:
        pieces = cut_text(orjson.dumps(block["input"]).decode(), cuts)
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces]]
        block["input"] = {}
    deltas.append({"type": "invented_delta", "value": 1})
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def test_a_whole_answer() -> None:
    """Text, reasoning and calls each have their place; usage counts the cache as input."""
    result = MESSAGES.to_result(
        CALL, message(THINKING, {"type": "text", "text": "Let me see."}, CALLED, stop="tool_use")
    )

    assert (result.text, result.reasoning, result.finish_reason) == ("Let me see.", "Hm…", "tool_calls")
    [call] = result.tool_calls
    assert (call.id, call.function.name, call.function.arguments) == (
        "toolu_1",
        "weather",
        '{"city":"Oslo"}',
    )
    assert _counts(result.usage) == (17, 20, 4, 3, 5)
    assert (result.usage.total_tokens, result.usage.estimated, result.usage.total_price) == (37, False, None)


def _counts(usage: LLMUsage) -> tuple[int, ...]:
    return (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
    )


@pytest.mark.parametrize(
    ("stop_reason", "wanted"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        (None, "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_stop_reasons(stop_reason: str | None, wanted: str) -> None:
    """One vocabulary for all providers; what it has no word for keeps its own."""
    assert MESSAGES.to_result(CALL, message(stop=stop_reason)).finish_reason == wanted


def test_state_is_kept_only_where_something_would_be_lost() -> None:
    """A plain answer would otherwise travel twice."""
    plain = MESSAGES.to_result(CALL, message({"type": "text", "text": "Hi", "citations": None}, CALLED))
    told = MESSAGES.to_result(
        CALL, message(REDACTED, CITED, *SEARCHED, stop_details={"type": "refusal", "category": "bio"})
    )

    assert plain.message.opaque_body is None
    assert told.message.opaque_body == {
        "anthropic": {
            "stop_details": {"type": "refusal", "category": "bio"},
            "content": [REDACTED, CITED, *SEARCHED],
        }
    }


TEXTS = st.text(max_size=12).map(lambda text: {"type": "text", "text": text})
BLOCKS = st.one_of(
    TEXTS,
    st.text(max_size=12).map(lambda text: {"type": "thinking", "thinking": text, "signature": "s"}),
    st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=3).map(
        lambda value: CALLED | {"input": value}
    ),
    st.sampled_from([REDACTED, CITED, *SEARCHED]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(BLOCKS, max_size=5), st.lists(st.integers(0, 10_000), max_size=6))
def test_a_stream_folds_to_the_whole_answer(blocks: list[dict[str, Any]], cuts: list[int]) -> None:
    """However events and bytes are cut, a caller gets the same, provider state included."""
    content = [
        block | {"id": f"toolu_{index}"} if block["type"] == "tool_use" else block
        for index, block in enumerate(blocks)
    ]
    answer = message(*content)

    streamed = folded(MESSAGES.to_chunks(CALL), events(answer, cuts), cuts)

    assert comparable(streamed) == comparable(MESSAGES.to_result(CALL, answer))


def test_only_the_last_chunk_closes_the_answer() -> None:
    """Everything before is pieces, in the order in which they came."""
    answer = message(THINKING, {"type": "text", "text": "Well"}, CALLED)

    *head, last = read(MESSAGES.to_chunks(CALL), events(answer, [1]))

    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert [chunk.reasoning or chunk.text for chunk in head[:4]] == ["H", "m…", "W", "ell"]
    pieces = [chunk.tool_calls[0] for chunk in head[4:]]
    assert pieces[0].id == "toolu_1"
    assert "".join(piece.function.arguments for piece in pieces) == '{"city":"Oslo"}'
    assert {piece.index for piece in pieces} == {0}
    assert last.usage is not None
    assert _counts(last.usage) == (17, 20, 4, 3, 5)


def test_calls_without_arguments_have_an_empty_object() -> None:
    """The API then sends no piece of them at all; compatible servers send them with the start."""
    answer = message(CALLED | {"input": {}}, stop="tool_use")
    start = {"type": "content_block_start", "index": 1, "content_block": CALLED | {"id": "toolu_2"}}
    stream = events(answer, []).replace(sse({"type": "message_stop"}), b"")
    stream += sse(start) + sse({"type": "content_block_stop", "index": 1}) + sse({"type": "message_stop"})

    calls = folded(MESSAGES.to_chunks(CALL), stream).tool_calls

    assert [call.function.arguments for call in calls] == ["{}", '{"city":"Oslo"}']


def test_arguments_that_were_cut_stay_as_they_came() -> None:
    """The limit may fall inside them; the caller sees how far they came."""
    delta = {"type": "input_json_delta", "partial_json": '{"city": "Os'}
    start = {"type": "content_block_start", "index": 0, "content_block": CALLED | {"input": {}}}
    stream: list[dict[str, Any]] = [
        start,
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "message_stop"},
    ]

    result = folded(MESSAGES.to_chunks(CALL), b"".join(sse(event) for event in stream))

    assert result.tool_calls[0].function.arguments == '{"city": "Os'


def test_usage_that_never_came_is_open() -> None:
    """What the beginning says of the output is not what it became."""
    stream = events(message({"type": "text", "text": "Hi"}), []).replace(
        b'"usage":{"output_tokens":20', b'"x":{"y":1'
    )

    usage = folded(MESSAGES.to_chunks(CALL), stream).usage

    assert (usage.prompt_tokens, usage.completion_tokens, usage.estimated) == (17, 0, True)


@pytest.mark.parametrize("lost", [b"message_stop", b"message_delta", b"content_block_stop"])
def test_a_stream_that_breaks_off_is_an_error(lost: bytes) -> None:
    """Half an answer must not pass for a whole one."""
    stream = events(message({"type": "text", "text": "Hi"}), [])

    with pytest.raises(InvokeConnectionError):
        read(MESSAGES.to_chunks(CALL), stream[: stream.index(b"event: " + lost)])


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("invalid_request_error", InvokeBadRequestError),
        ("not_found_error", InvokeBadRequestError),
        ("request_too_large", InvokeBadRequestError),
        ("authentication_error", InvokeAuthorizationError),
        ("permission_error", InvokeAuthorizationError),
        ("billing_error", InvokeAuthorizationError),
        ("rate_limit_error", InvokeRateLimitError),
        ("api_error", InvokeServerUnavailableError),
        ("timeout_error", InvokeServerUnavailableError),
        ("overloaded_error", InvokeServerUnavailableError),
        ("invented_error", InvokeServerUnavailableError),
    ],
)
def test_errors_inside_an_answer(kind: str, wanted: type[InvokeError]) -> None:
    """The status was 200 already; the type alone tells whose fault it is."""
    error = {"type": "error", "error": {"type": kind, "message": "Too bad"}, "request_id": "req_1"}

    with pytest.raises(wanted, match="Too bad") as streamed:
        read(MESSAGES.to_chunks(CALL), sse(error))
    with pytest.raises(wanted, match="Too bad"):
        MESSAGES.to_result(CALL, error)
    assert type(streamed.value) is wanted
    assert (streamed.value.code, streamed.value.request_id) == (kind, "req_1")


@pytest.mark.parametrize(
    "frame",
    [
        b"data: {oops\n\n",
        b"data: []\n\n",
        b'data: {"type": "content_block_start"}\n\n',
        b'data: {"type": "message_start", "message": 3}\n\n',
    ],
)
def test_frames_of_unexpected_form_are_the_servers_fault(frame: bytes) -> None:
    """A caller can handle an InvokeError; a KeyError says nothing."""
    with pytest.raises(InvokeServerUnavailableError):
        read(MESSAGES.to_chunks(CALL), frame)


@pytest.mark.parametrize("body", [None, [], {}, {"content": None}, {"content": [3]}])
def test_answers_of_unexpected_form_are_the_servers_fault(body: Any) -> None:
    """The same for whole answers."""
    with pytest.raises(InvokeServerUnavailableError):
        MESSAGES.to_result(CALL, body)

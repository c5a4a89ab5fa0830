"""Answers as a client of Anthropic reads them, whole and streamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.upstreams.published import as_published
from tests.wires.anthropic.serving.asked_and_said import (
    CITED,
    SERVER_BLOCKS,
    answers,
    echoed,
    given_back,
    request,
    use,
)
from tests.wires.anthropic.test_answers import events
from tests.wires.anthropic.test_answers import message as told_upstream
from tests.wires.wire_checks import ENDPOINT, comparable, folded, read

from modelbay.entities import AssistantPromptMessage, LLMResult, LLMResultChunk, ToolCall, ToolCallFunction
from modelbay.errors import InvokeRateLimitError
from modelbay.wires.anthropic import MESSAGES as WIRE
from modelbay.wires.anthropic.serving import MESSAGES
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.usage import llm_usage

CALL = ChatCall("claude-sonnet-4-5", [], stream=True)
ASK = MESSAGES.from_request(request())
USAGE = llm_usage(prompt=17, completion=20, cached=4, cache_write=3, reasoning=5)


def written(chunks: Iterable[LLMResultChunk]) -> bytes:
    """Return a whole stream."""
    writer = MESSAGES.from_chunks(ASK, "1")
    return b"".join([writer.write(chunk) for chunk in chunks]) + writer.close()


def told(stream: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream, each under its own name."""
    found = []
    for frame in stream.decode().removesuffix("\n\n").split("\n\n"):
        head, _, data = frame.partition("\n")
        found.append(orjson.loads(data.removeprefix("data: ")))
        assert head == f"event: {found[-1]['type']}"
    return found


def blocks_of(stream: bytes) -> list[dict[str, Any]]:
    """Return the blocks that a client puts together; each is opened, filled and closed before the next."""
    blocks: list[dict[str, Any]] = []
    arguments = ""
    for event in told(stream):
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append(event["content_block"])
            arguments = ""
        elif event["type"] == "content_block_delta":
            assert event["index"] == len(blocks) - 1
            arguments += _fill(blocks[-1], event["delta"])
        elif event["type"] == "content_block_stop" and arguments:
            blocks[-1]["input"] = orjson.loads(arguments)
    return blocks


def _fill(block: dict[str, Any], delta: dict[str, Any]) -> str:
    kind = delta["type"].removesuffix("_delta")
    if kind == "citations":
        block.setdefault("citations", []).append(delta["citation"])
    elif kind != "input_json":
        block[kind] = block.get(kind, "") + delta[kind]
    return str(delta.get("partial_json", ""))


def result(**fields: Any) -> LLMResult:
    """Make an answer of a model of another family."""
    message = AssistantPromptMessage(**{"content": "Well", **fields})
    return LLMResult(model="m", message=message, usage=USAGE, finish_reason="stop")


@settings(max_examples=100, deadline=None)
@given(answers(), st.lists(st.integers(0, 10_000), max_size=6))
def test_an_answer_of_this_api_comes_out_as_it_went_in(blocks: list[dict[str, Any]], cuts: list[int]) -> None:
    """Signatures, citations and server tools, in their order, whole and streamed alike."""
    stop = "tool_use" if any(block["type"] == "tool_use" for block in blocks) else "stop_sequence"
    upstream = told_upstream(*blocks, stop=stop, stop_sequence=None if stop == "tool_use" else "END")
    found = WIRE.to_result(CALL, upstream)

    body = MESSAGES.from_result(ASK, found, "1")
    stream = written(read(WIRE.to_chunks(CALL), events(upstream, cuts), cuts))

    assert [body[name] for name in ("content", "stop_reason", "usage")] == [
        blocks,
        upstream["stop_reason"],
        upstream["usage"],
    ]
    assert comparable(WIRE.to_result(CALL, body)) == comparable(found)
    assert comparable(folded(WIRE.to_chunks(CALL), stream)) == comparable(found)
    assert blocks_of(stream) == blocks


@settings(max_examples=60, deadline=None)
@given(answers(), st.lists(st.integers(0, 10_000), max_size=6))
def test_state_that_comes_only_at_the_end_survives_the_client(
    blocks: list[dict[str, Any]], cuts: list[int]
) -> None:
    """Not every provider's plugin tells which block is complete; a client then carries the state."""
    chunks = read(WIRE.to_chunks(CALL), events(told_upstream(*blocks), cuts), cuts)
    for chunk in chunks[:-1]:
        chunk.delta.message.opaque_body = None

    message = echoed(blocks_of(written(chunks)))

    assert message.opaque_body == WIRE.to_result(CALL, told_upstream(*blocks)).message.opaque_body


def test_an_answer_fits_the_published_description() -> None:
    """The official clients read it by that."""
    fits = as_published("anthropic.schemas.json")
    blocks = [CITED, *SERVER_BLOCKS, use(1)]
    found = WIRE.to_result(CALL, told_upstream(*blocks))
    found.message.opaque_body = {"anthropic": {"content": blocks}, "other": 1}

    fits(MESSAGES.from_result(ASK, found, "1"), "Message")
    fits(MESSAGES.from_result(ASK, result(reasoning_content="Hm"), "1"), "Message")
    stream = written([reasoning_chunk("m", "Hm"), found.to_llm_result_chunk()])
    for event in told(stream):
        if event["type"] != "ping":
            fits(event, "RawMessageStreamEvent")


def test_a_stream_event_by_event() -> None:
    """Clients wait for each of them."""
    chunks = [
        text_chunk("gpt", "Hel"),
        text_chunk("gpt", "lo"),
        tool_chunk("gpt", 0, call_id="c1", name="weather"),
        tool_chunk("gpt", 0, arguments="{}"),
        last_chunk("gpt", USAGE, "tool_calls"),
    ]

    start, *rest = told(written(chunks))

    assert start["message"]["model"] == "gpt"
    assert start["message"]["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert [event["type"] for event in rest] == [
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert rest[-2] == {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 3,
            "cache_read_input_tokens": 4,
            "output_tokens": 20,
            "output_tokens_details": {"thinking_tokens": 5},
        },
    }


def test_calls_whose_pieces_are_mixed_come_one_after_the_other() -> None:
    """Clients hold one block at a time; the other's pieces wait until the first is complete."""
    mixed = [(0, '{"a":'), (1, ""), (1, '{"b":'), (0, "1}"), (1, "2}"), (2, ""), (3, "{}")]
    chunks = [
        tool_chunk("m", index, call_id=f"c{index}", name="f", arguments=piece) for index, piece in mixed
    ]

    blocks = blocks_of(written([*chunks, last_chunk("m", USAGE, "tool_calls")]))

    assert [(block["id"], block["input"]) for block in blocks] == [
        ("c0", {"a": 1}),
        ("c1", {"b": 2}),
        ("c2", {}),
        ("c3", {}),
    ]


def test_calls_without_an_id_get_one() -> None:
    """A client gives results back by it."""
    call = ToolCall(function=ToolCallFunction(name="f", arguments="{}"))
    found = result(tool_calls=[call, call])

    whole = MESSAGES.from_result(ASK, found, "1")["content"]
    streamed = blocks_of(written([tool_chunk("m", 0, name="f"), tool_chunk("m", 1, name="f")]))

    assert [block["id"] for block in whole[1:]] == ["toolu_1_0", "toolu_1_1"]
    assert [block["id"] for block in streamed] == ["toolu_1_0", "toolu_1_1"]


@pytest.mark.parametrize(
    ("reason", "calls", "wanted"),
    [
        ("stop", 0, "end_turn"),
        ("length", 0, "max_tokens"),
        ("tool_calls", 1, "tool_use"),
        ("stop", 1, "tool_use"),
        ("content_filter", 0, "refusal"),
        ("pause_turn", 0, "pause_turn"),
        ("invented", 0, "end_turn"),
        (None, 0, "end_turn"),
    ],
)
def test_stop_reasons(reason: str | None, calls: int, wanted: str) -> None:
    """A closed set: clients decide by it whether to run tools."""
    call = ToolCall(id="c", function=ToolCallFunction(name="f"))
    found = result(tool_calls=[call] * calls)
    found.finish_reason = reason

    assert MESSAGES.from_result(ASK, found, "1")["stop_reason"] == wanted


def test_an_error_is_the_last_event() -> None:
    """A client must not take half an answer for a whole one."""
    writer = MESSAGES.from_chunks(ASK, "1")
    writer.write(text_chunk("m", "Hel"))

    failed = told(writer.fail(InvokeRateLimitError("Slow down.")))

    assert failed == [{"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}]


@pytest.mark.parametrize(
    "fields",
    [
        {"opaque_body": {"openai": {"output": [{"type": "reasoning", "encrypted_content": "x"}]}}},
        {"opaque_body": {"other": 1}, "reasoning_content": "Hm"},
        {"opaque_body": ["any", "JSON"]},
        {"reasoning_content": "Hm"},
        {"content": "", "reasoning_content": "Hm"},
        {},
    ],
)
def test_state_of_other_families_survives_the_client(fields: dict[str, Any]) -> None:
    """A GPT model behind goes on thinking where it was, though the client knows Anthropic only."""
    call = ToolCall(
        id="c", function=ToolCallFunction(name="f", arguments='{"a":1}'), extra_content={"signature": "s"}
    )
    found = result(tool_calls=[call], **fields)

    assert given_back(found) == found.message
    assert echoed(blocks_of(written([found.to_llm_result_chunk()]))) == found.message


def test_what_a_client_carries_never_goes_upstream() -> None:
    """Anthropic would refuse a signature that is not its own."""
    found = result(reasoning_content="Hm", opaque_body={"openai": {"output": [1]}})
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": MESSAGES.from_result(ASK, found, "1")["content"]},
    ]
    ask = MESSAGES.from_request({"model": "m", "max_tokens": 9, "messages": turns})

    conversation = ChatCall("m", ask.messages, {"max_tokens": 9})
    body = WIRE.to_request(conversation, ENDPOINT).json

    assert body["messages"][1]["content"] == [{"type": "text", "text": "Well"}]


def test_thinking_that_nobody_signed_stays_unsigned() -> None:
    """Some servers speak this API and want their thinking back all the same."""
    blocks = [{"type": "thinking", "thinking": "Hm", "signature": ""}, {"type": "text", "text": "Well"}]
    stream = written(read(WIRE.to_chunks(CALL), events(told_upstream(*blocks), [])))

    assert blocks_of(stream) == blocks
    assert echoed(blocks_of(stream)).opaque_body == {"anthropic": {"content": blocks}}


def test_files_in_an_answer_become_links() -> None:
    """The API has answers of text only; nothing is lost."""
    picture = {"type": "image", "url": "https://example.org/a.png"}
    found = result(content=[{"type": "text", "data": "See "}, picture])

    [block] = MESSAGES.from_result(ASK, found, "1")["content"]

    assert block["text"] == "See ![image](https://example.org/a.png)"

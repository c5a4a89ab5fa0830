"""Answers of the chat API, whole and streamed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wires.wire_checks import comparable, cut_text, folded, read, sse

from modelbay.entities import UserPromptMessage
from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.cohere import CHAT
from modelbay.wires.family import ChatCall

CALL = ChatCall("command-a-03-2025", [UserPromptMessage(content="Hi")], stream=True)
USAGE = {
    "billed_units": {"input_tokens": 5.0, "output_tokens": 7.0},
    "tokens": {"input_tokens": 500.0, "output_tokens": 9.0},
    "cached_tokens": 3.0,
}
CITATIONS = [{"start": 0, "end": 2, "text": "It", "sources": []}, {"start": 3, "end": 4, "text": "r"}]


def tool_call(number: int) -> dict[str, Any]:
    """Make a call."""
    return {
        "id": f"c{number}",
        "type": "function",
        "function": {"name": "weather", "arguments": f'{{"city":{number}}}'},
    }


def whole(reason: str = "COMPLETE", **message: Any) -> dict[str, Any]:
    """Make an answer that was not streamed."""
    return {"id": "a1", "finish_reason": reason, "message": {"role": "assistant", **message}, "usage": USAGE}


def events(answer: dict[str, Any], cuts: list[int]) -> bytes:
    """Write an answer as the events of a stream, its texts cut at the given places."""
    message = answer["message"]
    stream = [_event("message-start", message={"role": "assistant"}), {"type": "invented"}]
    for index, block in enumerate(message.get("content", ())):
        kind = block["type"]
        stream.append(_event("content-start", index, message={"content": {"type": kind, kind: ""}}))
        stream += [
            _event("content-delta", index, message={"content": {kind: piece}})
            for piece in cut_text(block[kind], cuts)
        ]
        stream.append({"type": "content-end", "index": index})
    stream += [
        _event("tool-plan-delta", message={"tool_plan": piece})
        for piece in cut_text(message.get("tool_plan", ""), cuts)
    ]
    for index, call in enumerate(message.get("tool_calls", ())):
        stream += _call_events(index, call, cuts)
    for index, citation in enumerate(message.get("citations", ())):
        stream.append(_event("citation-start", index, message={"citations": citation}))
        stream.append({"type": "citation-end", "index": index})
    stream.append(_event("message-end", finish_reason=answer["finish_reason"], usage=answer["usage"]))
    return b"".join(map(sse, stream)) + b"data: [DONE]\n\n"


def _call_events(index: int, call: dict[str, Any], cuts: list[int]) -> list[dict[str, Any]]:
    start = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
    pieces = cut_text(call["function"]["arguments"], cuts)
    return [
        _event("tool-call-start", index, message={"tool_calls": start}),
        *(
            _event("tool-call-delta", index, message={"tool_calls": {"function": {"arguments": piece}}})
            for piece in pieces
        ),
        {"type": "tool-call-end", "index": index},
    ]


def _event(kind: str, index: int | None = None, **delta: Any) -> dict[str, Any]:
    place = {} if index is None else {"index": index}
    return {"type": kind, **place, "delta": delta}


def test_a_whole_answer() -> None:
    """The plan is the text; what is billed is the usage."""
    result = CHAT.to_result(
        CALL, whole("TOOL_CALL", tool_plan="I look.", tool_calls=[tool_call(1), tool_call(2)])
    )

    assert (result.text, result.finish_reason) == ("I look.", "tool_calls")
    assert [(call.id, call.function.arguments) for call in result.tool_calls] == [
        ("c1", '{"city":1}'),
        ("c2", '{"city":2}'),
    ]
    usage = result.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.estimated) == (
        5,
        7,
        3,
        False,
    )


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("TOOL_CALL", "tool_calls"),
        ("ERROR_TOXIC", "content_filter"),
        ("INVENTED", "invented"),
    ],
)
def test_finish_reasons(reason: str, wanted: str) -> None:
    """A reason without a name of ours keeps its own."""
    assert CHAT.to_result(CALL, whole(reason)).finish_reason == wanted


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_an_answer_that_failed_is_an_error(reason: str) -> None:
    """The status was 200 already."""
    answer = whole(reason, content=[{"type": "text", "text": "It"}])
    end = _event("message-end", finish_reason=reason, error="out of memory")

    with pytest.raises(InvokeServerUnavailableError, match=reason):
        CHAT.to_result(CALL, answer)
    with pytest.raises(InvokeServerUnavailableError, match="out of memory"):
        read(CHAT.to_chunks(CALL), sse(end))


def test_usage_that_never_came_is_open() -> None:
    """0 tokens would be priced."""
    assert CHAT.to_result(CALL, whole() | {"usage": None}).usage.estimated


BLOCK = st.sampled_from(["text", "thinking"]).flatmap(
    lambda kind: st.text(max_size=12).map(lambda text: {"type": kind, kind: text})
)
TALK = st.fixed_dictionaries(
    {"content": st.lists(BLOCK, max_size=3)}, optional={"citations": st.just(CITATIONS)}
)
CALLS = st.fixed_dictionaries(
    {
        "tool_plan": st.text(max_size=12),
        "tool_calls": st.integers(1, 3).map(lambda count: [tool_call(number) for number in range(count)]),
    },
    optional={"content": st.text(max_size=5).map(lambda text: [{"type": "thinking", "thinking": text}])},
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(TALK, CALLS), st.lists(st.integers(0, 10_000), max_size=6))
def test_a_stream_folds_to_the_whole_answer(message: dict[str, Any], cuts: list[int]) -> None:
    """However events and bytes are cut, a caller gets the same, provider state included."""
    answer = whole(**message)

    streamed = folded(CHAT.to_chunks(CALL), events(answer, cuts), cuts)

    assert comparable(streamed) == comparable(CHAT.to_result(CALL, answer))


def test_only_the_last_chunk_closes_the_answer() -> None:
    """Everything before is pieces."""
    answer = whole("TOOL_CALL", tool_plan="Look", tool_calls=[tool_call(1), tool_call(2)])

    *head, last = read(CHAT.to_chunks(CALL), events(answer, [2]))

    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert [chunk.text for chunk in head[:2]] == ["Lo", "ok"]
    assert [chunk.tool_calls[0].index for chunk in head[2:]] == [0, 0, 0, 1, 1, 1]
    assert last.usage is not None
    assert last.finish_reason == "tool_calls"


def test_a_stream_that_breaks_off_is_an_error() -> None:
    """Half an answer must not pass for a whole one."""
    stream = events(whole(content=[{"type": "text", "text": "Hi"}]), [])

    with pytest.raises(InvokeConnectionError):
        read(CHAT.to_chunks(CALL), stream[: stream.index(b"event: message-end")])


@pytest.mark.parametrize(
    "value", ["oops", [], {"message": "too busy"}, {"type": "content-delta", "delta": 3, "index": 0}]
)
def test_frames_of_unexpected_form_are_the_servers_fault(value: Any) -> None:
    """A caller can handle an InvokeError; an AttributeError says nothing."""
    with pytest.raises(InvokeServerUnavailableError):
        read(CHAT.to_chunks(CALL), b"data: " + orjson.dumps(value) + b"\n\n")


@pytest.mark.parametrize("body", [None, [], {}, {"message": "?"}, {"message": {"content": [3]}}])
def test_answers_of_unexpected_form_are_the_servers_fault(body: Any) -> None:
    """The same for whole answers."""
    with pytest.raises(InvokeServerUnavailableError):
        CHAT.to_result(CALL, body)

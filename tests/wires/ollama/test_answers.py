"""Answers of Ollama's API, whole and line by line."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wires.wire_checks import comparable, cut_text, folded, read

from modelbay.entities import UserPromptMessage
from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.family import ChatCall
from modelbay.wires.ollama import CHAT, GENERATE

CALL = ChatCall("qwen3:8b", [UserPromptMessage(content="Hi")], stream=True)
BASE = {"model": "qwen3:8b", "created_at": "2026-11-21T00:00:00Z"}
END = {"done": True, "done_reason": "stop", "prompt_eval_count": 5, "eval_count": 7, "total_duration": 1}
CALLS = [
    {"id": "c1", "function": {"index": 0, "name": "weather", "arguments": {"city": "Oslo"}}},
    {"id": "c2", "function": {"index": 1, "name": "time", "arguments": {}}},
]


def whole(text: str = "", thinking: str = "", calls: Any = (), **end: Any) -> dict[str, Any]:
    """Make an answer that was not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    message |= {"thinking": thinking} if thinking else {}
    message |= {"tool_calls": list(calls)} if calls else {}
    return BASE | {"message": message} | END | end


def lines(answer: dict[str, Any], cuts: list[int]) -> bytes:
    """Write an answer as the lines of a stream, its texts cut at the given places."""
    message = answer["message"]
    parts: list[dict[str, Any]]
    parts = [{"content": "", "thinking": piece} for piece in cut_text(message.get("thinking", ""), cuts)]
    parts += [{"content": piece} for piece in cut_text(message["content"], cuts)]
    parts += [{"content": "", "tool_calls": [call]} for call in message.get("tool_calls", ())]
    stream = [BASE | {"message": {"role": "assistant", **part}, "done": False} for part in parts]
    stream.append(answer | {"message": {"role": "assistant", "content": ""}})
    return b"\n".join(map(orjson.dumps, stream)) + b"\n"


def test_a_whole_answer() -> None:
    """Reasoning stands apart; arguments become text; calls are the reason to stop."""
    result = CHAT.to_result(CALL, whole("Let me see.", "Hm", CALLS))

    assert (result.text, result.reasoning, result.finish_reason) == ("Let me see.", "Hm", "tool_calls")
    assert [(call.id, call.function.name, call.function.arguments) for call in result.tool_calls] == [
        ("c1", "weather", '{"city":"Oslo"}'),
        ("c2", "time", "{}"),
    ]
    assert (result.usage.prompt_tokens, result.usage.completion_tokens, result.usage.estimated) == (
        5,
        7,
        False,
    )


@pytest.mark.parametrize(
    ("done_reason", "wanted"), [("stop", "stop"), ("length", "length"), ("load", "load"), (None, "stop")]
)
def test_finish_reasons(done_reason: str | None, wanted: str) -> None:
    """A reason without a name of ours keeps its own."""
    assert CHAT.to_result(CALL, whole("Hi", done_reason=done_reason)).finish_reason == wanted


def test_ids_that_are_missing_are_made_and_never_the_same() -> None:
    """A conversation holds the calls of many answers, and results are told apart by id."""
    calls = [{"function": call["function"]} for call in CALLS]

    ids = [call.id for _ in range(3) for call in CHAT.to_result(CALL, whole(calls=calls)).tool_calls]

    assert len(set(ids)) == len(ids) == 6
    assert all(ids)


@pytest.mark.parametrize(("lost", "counts"), [("prompt_eval_count", (0, 7)), ("eval_count", (5, 0))])
def test_counts_that_are_missing_leave_the_usage_open(lost: str, counts: tuple[int, int]) -> None:
    """The server leaves the prompt out when it had it cached; 0 would be a lie."""
    usage = CHAT.to_result(CALL, whole("Hi") | {lost: None}).usage

    assert (usage.prompt_tokens, usage.completion_tokens) == counts
    assert usage.estimated


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=20),
    st.text(max_size=10),
    st.integers(0, 2),
    st.lists(st.integers(0, 10_000), max_size=6),
)
def test_a_stream_folds_to_the_whole_answer(text: str, thinking: str, calls: int, cuts: list[int]) -> None:
    """However lines and bytes are cut, a caller gets the same."""
    answer = whole(text, thinking, CALLS[:calls])

    streamed = folded(CHAT.to_chunks(CALL), lines(answer, cuts), cuts, lines=True)

    assert comparable(streamed) == comparable(CHAT.to_result(CALL, answer))


def test_completion_mode_reads_another_field() -> None:
    """`response` in place of a message."""
    stream = [
        BASE | {"response": "", "thinking": "Hm", "done": False},
        BASE | {"response": "Hi", "done": False},
    ]
    raw = b"\n".join(map(orjson.dumps, [*stream, BASE | {"response": ""} | END]))

    streamed = folded(GENERATE.to_chunks(CALL), raw, lines=True)
    at_once = GENERATE.to_result(CALL, BASE | {"response": "Hi", "thinking": "Hm"} | END)

    assert (streamed.text, streamed.reasoning) == ("Hi", "Hm")
    assert comparable(streamed) == comparable(at_once)


@given(st.lists(st.integers(0, 9999), max_size=6))
def test_reasoning_in_the_text_is_taken_out(cuts: list[int]) -> None:
    """Imported models write it there; however it is cut, the text is the answer alone."""
    call = ChatCall("m", [UserPromptMessage(content="Hi")], options={"think_tags": True})
    answer = whole("<think>\nHm, <b>\n</think>\n\nHello")

    for result in (
        CHAT.to_result(call, answer),
        folded(CHAT.to_chunks(call), lines(answer, cuts), lines=True),
    ):
        assert (result.reasoning, result.text) == ("Hm, <b>", "Hello")


def test_only_the_last_chunk_closes_the_answer() -> None:
    """Everything before is pieces."""
    *head, last = read(CHAT.to_chunks(CALL), lines(whole("Well", calls=CALLS), [2]), lines=True)

    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert [chunk.text for chunk in head[:2]] == ["We", "ll"]
    assert [chunk.tool_calls[0].index for chunk in head[2:]] == [0, 1]
    assert last.usage is not None
    assert last.finish_reason == "tool_calls"


def test_an_error_line_is_an_error() -> None:
    """The status was 200 already."""
    raw = lines(whole("Hi"), []).split(b"\n")[0] + b'\n{"error":"model runner has stopped"}\n'

    with pytest.raises(InvokeServerUnavailableError, match="model runner has stopped"):
        read(CHAT.to_chunks(CALL), raw, lines=True)


def test_a_stream_that_breaks_off_is_an_error() -> None:
    """Half an answer must not pass for a whole one."""
    with pytest.raises(InvokeConnectionError):
        read(CHAT.to_chunks(CALL), lines(whole("Hi"), []).split(b"\n")[0] + b"\n", lines=True)


@pytest.mark.parametrize("raw", [b"oops\n", b"3\n", b'{"message": 3}\n', b'{"message": {"tool_calls": 3}}\n'])
def test_lines_of_unexpected_form_are_the_servers_fault(raw: bytes) -> None:
    """A caller can handle an InvokeError; a TypeError says nothing."""
    with pytest.raises(InvokeServerUnavailableError):
        read(CHAT.to_chunks(CALL), raw, lines=True)


def test_an_answer_that_is_not_done_is_an_error() -> None:
    """A server that streams although it was told not to has only begun."""
    with pytest.raises(InvokeConnectionError):
        CHAT.to_result(CALL, whole("Hi", done=False))

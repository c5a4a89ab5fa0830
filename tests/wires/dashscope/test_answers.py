"""Answers of DashScope's generation API, whole and streamed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams import dashscope_chat as fake
from tests.wires.wire_checks import comparable, cut_text, folded, read

from modelbay.entities import LLMResult, UserPromptMessage
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.sdk.testing.reply import Reply, to_tool_call
from modelbay.wires.dashscope import chat
from modelbay.wires.dashscope.errors import to_error
from modelbay.wires.family import ChatCall
from modelbay.wires.request import Event

CALL = ChatCall("qwen-plus", [UserPromptMessage(content="Hi")])
CUMULATIVE = ChatCall("qwen-mt-plus", [UserPromptMessage(content="Hi")], options={"cumulative": True})
BODY: dict[str, Any] = {"model": "qwen-plus", "input": {"messages": []}}
INCREMENTAL = BODY | {"parameters": {"incremental_output": True}}
DIALECT = chat({})

replies = st.builds(
    lambda text, thought, calls, cuts: Reply(
        tuple(cut_text(text, cuts)),
        tuple(to_tool_call(call, place) for place, call in enumerate(calls)),
        tuple(cut_text(thought, cuts)),
        usage={"in": 11, "out": 5, "cached": 4, "reasoning": 2},
    ),
    st.text(max_size=40),
    st.text(max_size=40),
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.just("f"),
                "arguments": st.dictionaries(st.text(max_size=5), st.integers(-9, 9), max_size=3),
            }
        ),
        max_size=3,
    ),
    st.lists(st.integers(0, 99), max_size=5),
)


def streamed(reply: Reply, body: dict[str, Any], *, lists: bool = False) -> bytes:
    """Return the stream of a reply."""
    events = fake.answer(body, reply, "r1", stream=True, lists=lists).events
    assert events is not None
    return b"".join(events)


def whole(reply: Reply, *, lists: bool = False) -> LLMResult:
    """Return the result of a reply that came whole."""
    answer = fake.answer(BODY, reply, "r1", stream=False, lists=lists)
    return DIALECT.to_result(CALL, orjson.loads(answer.body))


@given(replies, st.booleans(), st.lists(st.integers(0, 100_000), max_size=20))
def test_a_stream_says_what_the_whole_answer_says(reply: Reply, lists: bool, cuts: list[int]) -> None:
    """Wherever the network cuts it, and whether content is text or a list."""
    found = folded(DIALECT.to_chunks(CALL), streamed(reply, INCREMENTAL, lists=lists), cuts)

    assert comparable(found) == comparable(whole(reply, lists=lists))
    assert (found.text, found.reasoning or "") == (reply.text, reply.thought)


@given(replies)
def test_what_is_repeated_is_passed_on_once(reply: Reply) -> None:
    """Models without increments send all there was so far with each event."""
    found = folded(DIALECT.to_chunks(CUMULATIVE), streamed(reply, BODY))

    assert (found.text, found.reasoning or "") == (reply.text, reply.thought)
    assert [call.function.name for call in found.tool_calls] == ["f"] * len(reply.tool_calls)
    assert [orjson.loads(call.function.arguments) for call in found.tool_calls] == [
        call.value for call in reply.tool_calls
    ]


def test_every_byte_boundary_gives_the_same_chunks() -> None:
    """Multi-byte characters and line ends are cut too."""
    reply = Reply(("Grüße ", "世界"), (to_tool_call({"name": "f", "arguments": {"ß": 1}}, 0),), ("tja",))
    stream = streamed(reply, INCREMENTAL)
    expected = read(DIALECT.to_chunks(CALL), stream)

    for cut in range(len(stream)):
        assert read(DIALECT.to_chunks(CALL), stream, [cut]) == expected


def test_usage_comes_once_and_is_the_last_one() -> None:
    """Every event counts anew; billing the sum would be billing many times."""
    usage = {"in": 11, "out": 5, "cached": 4, "reasoning": 2}
    *head, last = read(DIALECT.to_chunks(CALL), streamed(Reply(("a", "b"), usage=usage), INCREMENTAL))

    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (11, 5)
    assert (last.usage.cached_tokens, last.usage.reasoning_tokens) == (4, 2)


@pytest.mark.parametrize(
    ("word", "reason"), [("stop", "stop"), ("length", "length"), ("tool_calls", "tool_calls")]
)
def test_reasons_to_stop(word: str, reason: str) -> None:
    """Until there is one, the API writes the text "null"."""
    assert whole(Reply(("a",), finish_reason=word)).finish_reason == reason


def test_a_stream_without_a_reason_to_stop_was_cut_off() -> None:
    """There is no other mark of the end."""
    stream = streamed(Reply(("a", "b"), without=frozenset({"end"})), INCREMENTAL)

    with pytest.raises(InvokeConnectionError):
        read(DIALECT.to_chunks(CALL), stream)


def test_bare_text_of_older_models_is_read_too() -> None:
    """Some do not know `result_format`."""
    body = {
        "output": {"text": "Hello", "finish_reason": "stop"},
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    result = DIALECT.to_result(CALL, body)

    assert (result.text, result.finish_reason, result.usage.total_tokens) == ("Hello", "stop", 3)


def test_what_the_model_found_on_the_web_stays_on_the_answer() -> None:
    """Applications show where an answer is from."""
    found = {"search_results": [{"index": 1, "url": "https://news.example"}]}
    choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": "Sun."}}
    result = DIALECT.to_result(CALL, {"output": {"choices": [choice], "search_info": found}})

    assert result.message.unknown_fields["search_info"] == found
    assert result.usage.estimated


CODES: list[tuple[str, type[InvokeError]]] = [
    ("Throttling.RateQuota", InvokeRateLimitError),
    ("LimitRequests", InvokeRateLimitError),
    ("InvalidApiKey", InvokeAuthorizationError),
    ("AccessDenied.Unpurchased", InvokeAuthorizationError),
    ("Arrearage", InvokeAuthorizationError),
    ("InvalidParameter", InvokeBadRequestError),
    ("DataInspectionFailed", InvokeBadRequestError),
    ("ModelNotFound", InvokeBadRequestError),
    ("InternalError.Timeout", InvokeServerUnavailableError),
    ("SomethingNew", InvokeServerUnavailableError),
]


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_an_error_inside_an_answer_has_the_class_of_its_code(code: str, kind: type[InvokeError]) -> None:
    """In a stream the status is a comment, and in a 200 it says success."""
    body = {"code": code, "message": "so it is", "request_id": "r1"}
    reader = DIALECT.to_chunks(CALL)

    for failing in (
        lambda: DIALECT.to_result(CALL, body),
        lambda: list(reader.read(Event("error", orjson.dumps(body)))),
        lambda: list(reader.read(Event("", orjson.dumps(body)))),
    ):
        with pytest.raises(kind) as caught:
            failing()
        assert type(caught.value) is kind
        assert (caught.value.code, caught.value.request_id) == (code, "r1")
        assert "so it is" in str(caught.value)


def test_an_unpaid_account_is_no_bad_request() -> None:
    """It is told with status 400, but no other request would do."""
    error = to_error(400, {}, b'{"code": "Arrearage", "message": "pay first", "request_id": "r1"}')
    other = to_error(400, {}, b'{"code": "InvalidParameter", "message": "no", "request_id": "r1"}')

    assert isinstance(error, InvokeAuthorizationError)
    assert (error.status, error.code, str(error)) == (400, "Arrearage", "pay first")
    assert isinstance(other, InvokeBadRequestError)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["output", "choices", "message", "content", "usage", "tool_calls", "code", "function"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_nonsense_is_a_failure_of_the_server(body: Any) -> None:
    """Never an exception that nobody expects."""
    reader = DIALECT.to_chunks(CALL)
    for reading in (
        lambda: DIALECT.to_result(CALL, body),
        lambda: [*reader.read(Event("result", orjson.dumps(body))), *reader.close()],
    ):
        with suppress(InvokeError):
            reading()

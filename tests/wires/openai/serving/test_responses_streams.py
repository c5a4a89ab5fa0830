"""Streamed answers, as clients of the responses API get them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.openai.serving.response_answers import (
    ANSWER_ID,
    ANSWERS,
    SIGNED,
    UPSTREAM_OUTPUT,
    ask,
    chunks_of,
    complaint_of,
    events_in,
    result,
    written,
)

from modelbay.entities import ImagePromptMessageContent, fold
from modelbay.errors import InvokeBadRequestError, InvokeRateLimitError, InvokeServerUnavailableError
from modelbay.wires.chunks import reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall
from modelbay.wires.openai.responses import Responses
from modelbay.wires.openai.responses_output import BETWEEN_THOUGHTS
from modelbay.wires.openai.responses_stream import ResponseReader
from modelbay.wires.openai.serving.responses import RESPONSES
from modelbay.wires.request import Event

_CALLS = [("call_1", "weather", '{"city":"Rome"}'), ("call_2", "weather", "")]


def _read(events: Iterable[Any]) -> Any:
    reader = ResponseReader(ChatCall("m", []))
    chunks = [chunk for event in events for chunk in reader.read(Event(event["type"], orjson.dumps(event)))]
    return fold([*chunks, *reader.close()])


def _echoed(response: Any) -> Any:
    user = {"role": "user", "content": "Hi"}
    return RESPONSES.from_request({"model": "m", "input": [user, *response["output"]]}).messages[1]


def test_the_events_come_in_the_order_of_the_api() -> None:
    """Clients are state machines."""
    answer = result("Hello", "Hm.", _CALLS[:1], finish="tool_calls")
    events, _ = written(answer, cuts=[2])

    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]


def test_every_event_is_as_the_published_description_says() -> None:
    """Typed clients fail on what is missing."""
    citation = {
        "type": "url_citation",
        "url": "https://x.test",
        "title": "X",
        "start_index": 0,
        "end_index": 2,
    }
    first, _ = written(result("Hello", "Hm.", _CALLS, finish="tool_calls", opaque_body=SIGNED))
    second, _ = written(result(finish="length", annotations=[citation]))
    third, _ = written(result(opaque_body={"openai": {"output": UPSTREAM_OUTPUT}}))
    writer = RESPONSES.from_chunks(ask(), ANSWER_ID)
    failed = events_in(writer.fail(InvokeRateLimitError("Slow down.")))

    for event in [*first, *second, *third, *failed]:
        assert complaint_of("ResponseStreamEvent", event) is None
    assert "response.output_text.annotation.added" in [event["type"] for event in second]


@given(answer=ANSWERS, cuts=st.lists(st.integers(0, 30), max_size=4))
def test_a_stream_cut_anywhere_adds_up_to_the_whole_answer(answer: Any, cuts: Any) -> None:
    """However the pieces came, readers of events and readers of the last response see the same."""
    events, writer = written(answer, cuts)
    streamed, whole = _read(events), Responses().to_result(ChatCall("m", []), writer.response)

    for read in (streamed, whole):
        assert (read.text, read.reasoning) == (answer.text, answer.reasoning)
        assert (read.tool_calls, read.usage) == (answer.tool_calls, answer.usage)
        assert (read.model, read.finish_reason) == (answer.model, answer.finish_reason)
    assert writer.response == events[-1]["response"]


@given(answer=ANSWERS, cuts=st.lists(st.integers(0, 30), max_size=4))
def test_items_are_the_same_in_their_events_and_in_the_response(answer: Any, cuts: Any) -> None:
    """Some clients collect the items as they are done, some take them from the end."""
    events, writer = written(answer, cuts)
    done = {event["output_index"]: event["item"] for event in events if event["type"].endswith("item.done")}
    added = [event["item"]["id"] for event in events if event["type"].endswith("item.added")]

    assert [done[place] for place in range(len(done))] == writer.response["output"]
    assert added == [item["id"] for item in writer.response["output"]]


def test_the_state_of_another_family_survives_a_stream() -> None:
    """It is known only at the end, when the reasoning has been told; it comes in an item of its own."""
    _, writer = written(result(reasoning="Hm.", opaque_body=SIGNED))
    said = _echoed(writer.response)

    assert (said.opaque_body, said.text, said.reasoning_content) == (SIGNED, "Looking.", "Hm.")


def test_the_items_of_an_upstream_of_this_dialect_survive_a_stream() -> None:
    """Their order and their encrypted reasoning matter to the model; the client sees what has no chunks."""
    state = {"openai": {"output": UPSTREAM_OUTPUT}}
    _, writer = written(result(opaque_body=state))

    assert [item["type"] for item in writer.response["output"]] == ["message", "web_search_call", "reasoning"]
    assert _echoed(writer.response).opaque_body == state


def test_a_plain_answer_of_an_upstream_of_this_dialect_carries_nothing() -> None:
    """There is nothing in it that its text does not say."""
    _, writer = written(result(opaque_body={"openai": {"output": UPSTREAM_OUTPUT[2:]}}))

    assert [item["type"] for item in writer.response["output"]] == ["message"]


def test_an_answer_that_the_client_edited_loses_the_items_it_was_made_of() -> None:
    """What the client says counts; items that say something else must not."""
    _, writer = written(result(opaque_body={"openai": {"output": UPSTREAM_OUTPUT}}))
    writer.response["output"][0]["content"][0]["text"] = "[removed]"
    said = _echoed(writer.response)

    assert (said.text, said.opaque_body) == ("[removed]", None)


_PIECES = st.one_of(
    st.text(min_size=1, max_size=3).map(lambda text: text_chunk("m", text)),
    st.text(min_size=1, max_size=3).map(lambda text: reasoning_chunk("m", text)),
    st.builds(
        lambda index, arguments: tool_chunk(
            "m", index, call_id=f"call_{index}", name="f", arguments=arguments
        ),
        st.integers(0, 2),
        st.text(min_size=1, max_size=3),
    ),
)


@given(chunks=st.lists(_PIECES, max_size=8))
def test_pieces_in_any_order_add_up_to_what_they_say(chunks: Any) -> None:
    """Models think between calls, and speak between thoughts."""
    writer = RESPONSES.from_chunks(ask(), ANSWER_ID)
    read = _read(events_in(b"".join([*map(writer.write, chunks), writer.close()])))
    meant = fold(chunks)

    assert (read.text, read.tool_calls) == (meant.text, meant.tool_calls)
    assert read.reasoning.replace(BETWEEN_THOUGHTS, "") == meant.reasoning.replace(BETWEEN_THOUGHTS, "")
    assert [item["id"].rpartition("_")[2] for item in writer.response["output"]] == [
        str(place) for place in range(len(writer.response["output"]))
    ]


def test_pieces_of_calls_may_come_in_turns_and_names_late() -> None:
    """Some servers do it; the calls must not get mixed up."""
    writer = RESPONSES.from_chunks(ask(), ANSWER_ID)
    pieces = [
        tool_chunk("m", 0, arguments='{"a"'),
        tool_chunk("m", 1, call_id="c1", name="g", arguments="{"),
        tool_chunk("m", 0, call_id="c0", name="f", arguments=":1"),
        tool_chunk("m", 1, arguments="}"),
        tool_chunk("m", 0, arguments="}"),
    ]
    data = b"".join([*(writer.write(piece) for piece in pieces), writer.close()])

    assert [
        (call.id, call.function.name, call.function.arguments) for call in _read(events_in(data)).tool_calls
    ] == [
        ("c1", "g", "{}"),
        ("c0", "f", '{"a":1}'),
    ]
    assert [item["call_id"] for item in writer.response["output"]] == ["c0", "c1"]


def test_a_call_without_an_id_gets_one() -> None:
    """Its result could not name it."""
    writer = RESPONSES.from_chunks(ask(), ANSWER_ID)
    writer.write(tool_chunk("m", 0, name="f"))
    writer.close()

    assert writer.response["output"][0]["call_id"] == "call_0f1e2d3c_0"


def test_an_image_in_a_stream_is_an_item() -> None:
    """That is how this API gives images."""
    writer = RESPONSES.from_chunks(ask(), ANSWER_ID)
    chunk = text_chunk("m", "")
    chunk.delta.message.content = [
        ImagePromptMessageContent(base64_data="iVBORw0KGgo=", mime_type="image/png")
    ]
    writer.write(text_chunk("m", "Here."))
    writer.write(chunk)
    writer.close()

    assert [item["type"] for item in writer.response["output"]] == ["message", "image_generation_call"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvokeRateLimitError("Slow down."), "rate_limit_exceeded"),
        (InvokeServerUnavailableError("Gone."), "server_error"),
        (InvokeBadRequestError("Too long.", code="context_length_exceeded"), "context_length_exceeded"),
    ],
)
def test_an_error_after_the_beginning_is_an_event_and_a_failed_response(error: Any, code: Any) -> None:
    """Clients look for the one or for the other."""
    writer = RESPONSES.from_chunks(ask(), ANSWER_ID)
    begun = writer.write(text_chunk("m", "Hel"))
    events = events_in(begun + writer.fail(error))

    assert (events[-2]["type"], events[-2]["code"], events[-2]["message"]) == (
        "error",
        code,
        error.description,
    )
    assert events[-1]["type"] == "response.failed"
    assert (writer.response["status"], writer.response["error"]["message"]) == ("failed", error.description)
    with pytest.raises(type(error)):
        _read(events)


def test_an_answer_of_nothing_is_an_empty_message() -> None:
    """Clients read the text of the first message."""
    events, writer = written(result(""))

    assert writer.response["output"][0]["content"][0]["text"] == ""
    assert chunks_of(result(""))[-1].usage == _read(events).usage

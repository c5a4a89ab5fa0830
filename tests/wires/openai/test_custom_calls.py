"""Calls of tools that take free text: whole, in pieces, and behind clients that know no such calls."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.published import as_published
from tests.wires.openai.frames import DONE, answer, chunk, stream, whole_result
from tests.wires.serving_checks import ANSWER_ID
from tests.wires.wire_checks import cut_text

from modelbay.entities import AssistantPromptMessage, ToolCall, ToolCallFunction, fold
from modelbay.wires.anthropic.serving import MESSAGES
from modelbay.wires.decode import SSEDecoder
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai.chat import ChatCompletions
from modelbay.wires.openai.custom_calls import TextPieces, arguments_of_text
from modelbay.wires.openai.serving import CHAT

PUBLISHED = as_published("openai.openapi.json")
ASK = CHAT.from_request({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True})
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CUTS = st.lists(st.integers(0, 99), max_size=4)


def streamed(text: str, pieces: list[str]) -> Any:
    """Return the chunks of an answer that calls `shell` with a text that comes in pieces."""
    called = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "shell", "input": ""}}
    later = [{"index": 0, "custom": {"input": piece}} for piece in pieces]
    frames = [chunk({"tool_calls": [piece]}) for piece in (called, *later)]
    return stream(*frames, chunk({}, "tool_calls"), DONE)


@given(TEXTS, CUTS)
def test_a_text_in_pieces_is_the_text(text: str, cuts: list[int]) -> None:
    """Later pieces hold nothing but more of it: they were once lost, as no function was in them."""
    result = fold(streamed(text, cut_text(text, cuts)))

    [call] = result.message.tool_calls
    assert (call.id, call.type, call.function.name) == ("c1", "custom", "shell")
    assert orjson.loads(call.function.arguments) == {"input": text}
    assert result.finish_reason == "tool_calls"


@given(TEXTS, CUTS)
def test_a_client_gets_the_text_in_pieces(text: str, cuts: list[int]) -> None:
    """In the fields in which the API streams it, and nothing of our arguments."""
    writer = CHAT.from_chunks(ASK, ANSWER_ID)
    written = b"".join(map(writer.write, streamed(text, cut_text(text, cuts)))) + writer.close()

    frames = [event.data for event in SSEDecoder().feed(written)][:-1]
    deltas = [orjson.loads(frame)["choices"][0]["delta"] for frame in frames]
    first, *later = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    assert (first["id"], first["type"], first["custom"]["name"]) == ("c1", "custom", "shell")
    assert first["custom"]["input"] + "".join(piece["custom"]["input"] for piece in later) == text
    assert not any("function" in piece for piece in (first, *later))


@given(TEXTS, CUTS)
def test_arguments_may_be_cut_anywhere(text: str, cuts: list[int]) -> None:
    """Inside an escape, too: who cuts them does not know what they hold."""
    reader = TextPieces()

    assert "".join(map(reader.read, cut_text(arguments_of_text(text), cuts))) == text


def test_a_whole_call_is_answered_and_sent_back_as_it_came() -> None:
    """What the API does not get back it cannot go on with."""
    called = {"id": "c1", "type": "custom", "custom": {"name": "shell", "input": 'ls "a"\n'}}
    result = whole_result(answer({"content": None, "tool_calls": [called]}, "tool_calls"))

    body = CHAT.from_result(ASK, result, ANSWER_ID)

    assert body["choices"][0]["message"]["tool_calls"] == [called]
    PUBLISHED(body, "CreateChatCompletionResponse")
    assert sent_back([result.message]) == [called]


def test_a_call_survives_a_client_of_another_api() -> None:
    """Such a client carries what its blocks cannot say; the type is part of that."""
    call = ToolCall(
        id="c1", type="custom", function=ToolCallFunction(name="shell", arguments='{"input":"ls"}')
    )
    given_back = anthropic_echo(call)

    assert sent_back(given_back) == [
        {"id": "c1", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    ]


@pytest.mark.parametrize("kind", ["custom", "other", 1, None, ["custom"]])
def test_a_type_that_a_client_made_up_changes_no_more_than_the_form(kind: Any) -> None:
    """State only adds: name and text of the call are those of its block."""
    call = ToolCall(id="c1", function=ToolCallFunction(name="f", arguments='{"input":"ls"}'))
    body = anthropic_body(call)
    packed = MESSAGES.from_result(MESSAGES.from_request(body), answered(call, type=kind), ANSWER_ID)
    body["messages"].append({"role": "assistant", "content": packed["content"]})

    [sent] = sent_back(MESSAGES.from_request(body).messages)

    assert sent.get("custom", sent.get("function"))["name"] == "f"
    assert sent["type"] in ("custom", "function")


def answered(call: ToolCall, **more: Any) -> Any:
    result = whole_result(answer({"content": "So."}))
    result.message = AssistantPromptMessage(content="So.", tool_calls=[call.model_copy(update=more)])
    return result


def anthropic_body(call: ToolCall) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


def anthropic_echo(call: ToolCall) -> Any:
    """Return the messages of an Anthropic client that gives the call back."""
    body = anthropic_body(call)
    written = MESSAGES.from_result(MESSAGES.from_request(body), answered(call), ANSWER_ID)
    body["messages"].append({"role": "assistant", "content": written["content"]})
    return MESSAGES.from_request(body).messages


def sent_back(messages: Any) -> Any:
    """Return the calls that an upstream of chat completions gets."""
    body: Any = ChatCompletions().to_request(ChatCall("m", messages), Endpoint("http://x")).json
    return body["messages"][-1]["tool_calls"]

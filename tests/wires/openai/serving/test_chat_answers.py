"""Answers and streams as clients of chat completions read them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from tests.upstreams.published import as_published
from tests.wires.serving_checks import ANSWER_ID

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    ImagePromptMessageContent,
    LLMResult,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
)
from modelbay.errors import InvokeRateLimitError
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.openai.serving import CHAT
from modelbay.wires.usage import llm_usage

PUBLISHED = as_published("openai.openapi.json")
USAGE = llm_usage(prompt=9, completion=4, cached=5, reasoning=2)
FUNCTION = {"name": "tide", "parameters": {"type": "object", "properties": {}}}
TIDE = ToolCall(id="c1", function=ToolCallFunction(name="tide", arguments="{}"), extra_content={"sign": "s"})


def ask(**fields: Any) -> Any:
    asked = CHAT.from_request({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields})
    asked.options["created"] = 1_700_000_000
    return asked


def body_of(message: AssistantPromptMessage, reason: str = "stop", asked: Any = None, **more: Any) -> Any:
    result = LLMResult(model="up", message=message, usage=USAGE, finish_reason=reason, **more)
    return CHAT.from_result(asked or ask(), result, ANSWER_ID)


def frames(*chunks: Any, **fields: Any) -> list[Any]:
    """Return what the frames of a stream hold."""
    writer = CHAT.from_chunks(ask(stream=True, **fields), ANSWER_ID)
    data = b"".join(map(writer.write, chunks)) + writer.close()
    assert data.endswith(b"\n\n")
    *bodies, end = data[:-2].split(b"\n\n")
    assert end == b"data: [DONE]"
    return [orjson.loads(body.removeprefix(b"data: ")) for body in bodies]


def deltas(found: list[Any]) -> list[Any]:
    return [frame["choices"][0]["delta"] for frame in found if frame["choices"]]


def test_an_answer_has_what_the_api_has() -> None:
    """Clients read these fields without asking whether they are there."""
    body = body_of(AssistantPromptMessage(content="Low."), service_tier="flex", system_fingerprint="fp")

    assert body == {
        "id": f"chatcmpl-{ANSWER_ID}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "up",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Low.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
        "service_tier": "flex",
        "system_fingerprint": "fp",
    }


def test_a_call_without_words_has_no_content() -> None:
    """Clients tell by null that there is nothing to show; the provider's signature stays on its call."""
    message = body_of(AssistantPromptMessage(content="", tool_calls=[TIDE]), "tool_calls")["choices"][0][
        "message"
    ]

    assert message["content"] is None
    assert message["tool_calls"][0]["extra_content"] == {"sign": "s"}


def test_a_client_of_legacy_functions_gets_a_function_call() -> None:
    """It knows no other."""
    asked = ask(functions=[FUNCTION])
    choice = body_of(AssistantPromptMessage(content="", tool_calls=[TIDE]), "tool_calls", asked)["choices"][0]
    first, rest = (
        tool_chunk("up", 0, call_id="c1", name="tide", arguments="{"),
        tool_chunk("up", 0, arguments="}"),
    )
    streamed = frames(first, rest, last_chunk("up", USAGE, "tool_calls"), functions=[FUNCTION])

    assert choice["message"]["function_call"] == {"name": "tide", "arguments": "{}"}
    assert (choice["finish_reason"], "tool_calls" in choice["message"]) == ("function_call", False)
    assert deltas(streamed)[1:3] == [
        {"function_call": {"name": "tide", "arguments": "{"}},
        {"function_call": {"arguments": "}"}},
    ]
    assert streamed[-1]["choices"][0]["finish_reason"] == "function_call"


def test_a_reason_without_a_word_in_the_api_is_told_beside_the_nearest() -> None:
    """Clients in typed languages fail at a word that they do not know."""
    choice = body_of(AssistantPromptMessage(content="a"), "pause_turn")["choices"][0]

    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "pause_turn")


def test_sounds_and_images_have_their_fields() -> None:
    """A spoken answer has its words beside the sound and no content."""
    words, sound = TextPromptMessageContent(data="Yes."), AudioPromptMessageContent(base64_data="AA")
    spoken = AssistantPromptMessage(content=[words, sound], opaque_body={"openai": {"audio": {"id": "a1"}}})
    drawn = AssistantPromptMessage(
        content=[ImagePromptMessageContent(mime_type="image/png", base64_data="AA")]
    )

    body = body_of(spoken)
    message = body["choices"][0]["message"]
    assert (message["content"], message["audio"]["transcript"], message["audio"]["id"]) == (
        None,
        "Yes.",
        "a1",
    )
    assert (
        body_of(drawn)["choices"][0]["message"]["images"][0]["image_url"]["url"] == "data:image/png;base64,AA"
    )
    PUBLISHED(body, "CreateChatCompletionResponse")


@pytest.mark.parametrize("include", [True, False])
def test_a_stream_begins_with_the_role_and_ends_with_a_reason(include: bool) -> None:
    """Usage comes in a frame of its own, and only to who asked for it."""
    chunks = [text_chunk("up", "Lo"), text_chunk("up", 'w."\n'), last_chunk("up", USAGE, "stop")]
    found = frames(*chunks, stream_options={"include_usage": include})

    assert deltas(found) == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Lo"},
        {"content": 'w."\n'},
        {},
    ]
    assert [frame["choices"][0]["finish_reason"] for frame in found[:4]] == [None, None, None, "stop"]
    assert ["usage" in frame for frame in found[:4]] == [include] * 4
    assert (len(found), found[-1]["choices"] == []) == ((5, True) if include else (4, False))


def test_every_frame_of_a_stream_is_as_published() -> None:
    """Of all kinds of chunks, whichever way they are written."""
    chunks = [
        reasoning_chunk("up", "Hm."),
        text_chunk("up", "a"),
        tool_chunk("up", 0, call_id="c1", name="tide"),
        tool_chunk("up", 0, arguments="{}"),
        last_chunk("up", USAGE, "tool_calls"),
    ]
    for frame in frames(*chunks, stream_options={"include_usage": True}):
        PUBLISHED(frame, "CreateChatCompletionStreamResponse")


def test_pieces_of_a_call_say_only_what_is_new() -> None:
    """Clients join strings: a repeated name or id would be doubled."""
    chunks = [
        tool_chunk("up", 0, call_id="c1", name="tide", arguments="{"),
        tool_chunk("up", 0, arguments="}"),
        tool_chunk("up", 1, call_id="c2", name="wind"),
    ]

    assert [delta["tool_calls"][0] for delta in deltas(frames(*chunks))[1:]] == [
        {"index": 0, "id": "c1", "type": "function", "function": {"name": "tide", "arguments": "{"}},
        {"index": 0, "function": {"arguments": "}"}},
        {"index": 1, "id": "c2", "type": "function", "function": {"name": "wind", "arguments": ""}},
    ]


def test_calls_are_numbered_from_nought() -> None:
    """Clients gather them into a list, whatever numbers the provider gives."""
    pieces = [
        tool_chunk("up", 3, call_id="c1", name="tide", arguments="{"),
        tool_chunk("up", 5, call_id="c2", name="wind", arguments="{}"),
        tool_chunk("up", 3, arguments="}"),
    ]
    whole = AssistantPromptMessage(tool_calls=[TIDE, TIDE.model_copy(update={"id": "c2"})])
    at_once = LLMResult(model="up", message=whole, usage=USAGE, finish_reason="tool_calls")

    assert [delta["tool_calls"][0]["index"] for delta in deltas(frames(*pieces))[1:]] == [0, 1, 0]
    calls = deltas(frames(at_once.to_llm_result_chunk()))[1]["tool_calls"]
    assert [(call["index"], call["id"]) for call in calls] == [(0, "c1"), (1, "c2")]


def test_state_comes_on_the_last_delta() -> None:
    """What a client gathers from the deltas is the message that it sends back."""
    state = {"anthropic": {"content": [{"type": "thinking", "thinking": "a", "signature": "b"}]}}
    found = deltas(frames(text_chunk("up", "a"), last_chunk("up", USAGE, "stop", state)))

    assert found[-1] == {"opaque_body": state}


def test_a_refusal_is_told_as_one_and_once() -> None:
    """Who parses the answer looks for it there; its words are no content."""
    piece = text_chunk("up", "No.")
    piece.delta.message.refusal = "No."  # type: ignore[attr-defined]
    last = last_chunk("up", USAGE, "stop")
    last.delta.message.refusal = "No."  # type: ignore[attr-defined]

    assert deltas(frames(piece, last))[1:] == [{"refusal": "No."}, {}]
    assert body_of(AssistantPromptMessage(content="No.", refusal="No."))["choices"][0]["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": "No.",
    }


def test_an_error_in_a_stream_is_its_last_frame() -> None:
    """Clients raise it; no mark of a good end comes after it."""
    writer = CHAT.from_chunks(ask(stream=True), ANSWER_ID)
    writer.write(text_chunk("up", "a"))
    data = writer.fail(InvokeRateLimitError("Slow down."))

    assert orjson.loads(data.removeprefix(b"data: "))["error"]["code"] == "rate_limit_exceeded"
    assert (data.count(b"\n\n"), data.endswith(b"\n\n")) == (1, True)


def test_a_refusal_that_was_told_as_content_is_not_told_again() -> None:
    """Some upstreams say only at the end what the words were; who reads both fields would have them twice."""
    last = last_chunk("up", USAGE, "stop")
    last.delta.message.refusal = "No, no."  # type: ignore[attr-defined]

    told = deltas(frames(text_chunk("up", "No, "), text_chunk("up", "no."), last))[1:]
    unsaid = deltas(frames(last))[1:]

    assert told == [{"content": "No, "}, {"content": "no."}, {}]
    assert unsaid == [{"refusal": "No, no."}]

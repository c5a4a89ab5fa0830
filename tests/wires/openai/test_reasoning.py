"""Reasoning, in all the ways in which servers send it beside an answer."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wires.openai.frames import (
    DIALECTS,
    DONE,
    answer,
    chunk,
    stream,
    whole_result,
)

from modelbay.entities import fold
from modelbay.wires.family import ChatCall, Endpoint


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_under_both_names(field: Any) -> None:
    """A chunk may carry the end of the reasoning and the beginning of the answer."""
    chunks = stream(
        chunk({"role": "assistant", "content": None, field: "Let "}),
        chunk({field: "me see.", "content": "Yes"}),
        chunk({"content": "."}, "stop"),
        DONE,
    )

    assert (fold(chunks).reasoning, fold(chunks).text) == ("Let me see.", "Yes.")
    assert whole_result(answer({"content": "Yes.", field: "Let me see."})).reasoning == "Let me see."


def test_reasoning_sent_under_both_names_counts_once() -> None:
    """Servers that rename the field send both for a while."""
    result = whole_result(answer({"content": "Yes", "reasoning": "Hm.", "reasoning_content": "Hm."}))

    assert result.reasoning == "Hm."


def test_typed_reasoning_is_read_and_comes_back_unchanged() -> None:
    """A signature is only good with the exact reasoning it signs, which streams in pieces."""
    options = {"replay": ["reasoning_details"]}
    detail = {"type": "reasoning.text", "index": 0, "format": "f"}
    streamed = fold(
        stream(
            chunk({"reasoning_details": [{**detail, "text": "Let me "}]}),
            chunk({"reasoning_details": [{**detail, "text": "see."}]}),
            chunk({"reasoning_details": [{**detail, "signature": "sig"}]}),
            chunk({"content": "Yes"}, "stop"),
            DONE,
            **options,
        )
    )
    details = [{**detail, "text": "Let me see.", "signature": "sig"}]
    whole = whole_result(answer({"content": "Yes", "reasoning_details": details}), **options)
    call = ChatCall("gpt", [streamed.message], options=options)

    assert streamed.reasoning == whole.reasoning == "Let me see."
    assert streamed.message.opaque_body == whole.message.opaque_body
    assert DIALECTS.chat({}).to_request(call, Endpoint("https://x")).json["messages"] == [
        {"role": "assistant", "content": "Yes", "reasoning_details": details}
    ]


def test_think_tags_in_the_text_become_reasoning() -> None:
    """Servers without a parser for reasoning leave it in the text."""
    pieces = ["<thi", "nk>Hm", "m.</", "think>\n\n", "Yes"]
    chunks = stream(*[chunk({"content": piece}) for piece in pieces], chunk({}, "stop"), think_tags=True)

    assert (fold(chunks).reasoning, fold(chunks).text) == ("Hmm.", "Yes")


def test_content_in_parts_is_read() -> None:
    """A server with thinking parts sends its content as a list, streamed too."""
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Yes"},
    ]
    result = fold(stream(chunk({"content": parts}, "stop"), DONE))

    assert (result.reasoning, result.text) == ("Hm.", "Yes")
    assert whole_result(answer({"content": parts})).message == result.message


def test_cumulative_pieces_add_only_what_is_new() -> None:
    """One server repeats all that was said in every chunk."""
    frames = [chunk({"content": text, "reasoning": "Hm."}) for text in ("Y", "Ye", "Yes")]

    result = fold(stream(*frames, chunk({}, "stop"), cumulative=True))

    assert (result.reasoning, result.text) == ("Hm.", "Yes")

"""Stop sequences, code fences and think tags, however the stream is cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import SystemPromptMessage, TextPromptMessageContent, UserPromptMessage
from modelbay.sdk.code_block import FenceFilter, ask_for_code_block
from modelbay.sdk.stops import StopFilter, enforce_stop_tokens
from modelbay.sdk.text_filters import TextFilter
from modelbay.sdk.thinking import split_thinking, wrap_thinking

SCRAPS = st.text(alphabet="ab.`\n ", max_size=30)


def through(make: Callable[[], TextFilter], pieces: list[str]) -> str:
    text_filter = make()
    return "".join([text_filter.feed(piece) for piece in pieces]) + text_filter.close()


def cut(text: str, data: st.DataObject) -> list[str]:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@given(text=SCRAPS, stop=st.lists(st.text(alphabet="ab.`\n", max_size=4), max_size=3), data=st.data())
def test_a_stream_stops_where_the_whole_text_would(text: str, stop: list[str], data: st.DataObject) -> None:
    """A stop sequence may be cut in two by the network."""
    assert through(lambda: StopFilter(stop), cut(text, data)) == enforce_stop_tokens(text, stop)


def test_stop_sequences_are_literal() -> None:
    """As a regular expression a dot would cut at the first character."""
    assert enforce_stop_tokens("one.two|three", [".", "|"]) == "one"
    assert enforce_stop_tokens("one", ["."]) == "one"
    assert enforce_stop_tokens("one", []) == "one"
    assert enforce_stop_tokens("one", [""]) == "one"


def test_text_that_cannot_begin_a_stop_is_not_held_back() -> None:
    """Holding back makes a stream look slow."""
    stops = StopFilter(["STOP"])

    assert stops.feed("Hello ST") == "Hello "
    assert stops.feed("REET") == "STREET"


@given(text=SCRAPS, data=st.data())
def test_fences_are_removed_wherever_the_stream_is_cut(text: str, data: st.DataObject) -> None:
    """Three backticks rarely arrive as one piece."""
    assert through(FenceFilter, cut(text, data)) == through(FenceFilter, [text])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('```JSON\n{"a": 1}\n```\nDone!', '{"a": 1}\n'),
        ('{"a": 1}\n```', '{"a": 1}\n'),
        ('{"a": 1}', '{"a": 1}'),
        ('Here:\n```json\n{"a": 1}\n```\n', 'Here:\n{"a": 1}\n'),
        ("", ""),
    ],
)
def test_what_is_inside_the_fence_is_the_answer(text: str, shown: str) -> None:
    """The application parses what comes out."""
    assert through(FenceFilter, [text]) == shown


def test_asking_for_a_code_block_leaves_the_callers_messages_alone() -> None:
    """The original wrapper changed them in place, so a second call asked twice."""
    system = SystemPromptMessage(content="Be brief.")
    user = UserPromptMessage(content=[TextPromptMessageContent(data="List three.")])

    asked = ask_for_code_block([system, user], "JSON")

    assert "Be brief." in asked[0].text
    assert "JSON" in asked[0].text
    assert asked[-1].text == "List three.\n```JSON\n"
    assert (system.text, user.text) == ("Be brief.", "List three.")


def test_reasoning_is_wrapped_in_think_tags_across_deltas() -> None:
    """The tag opens once and closes when the answer begins."""
    deltas: list[dict[str, Any]] = [
        {"reasoning_content": "first"},
        {"reasoning": " second"},
        {"content": "answer"},
        {"content": "!"},
    ]
    text, is_open = "", False
    for delta in deltas:
        piece, is_open = wrap_thinking(delta, is_open)
        text += piece

    assert text == "<think>\nfirst second\n</think>answer!"
    assert split_thinking(text) == ("first second", "answer!")


def test_text_without_think_tags_has_no_reasoning() -> None:
    """A tag in the middle is the author's own text."""
    assert split_thinking("say <think> aloud") == ("", "say <think> aloud")

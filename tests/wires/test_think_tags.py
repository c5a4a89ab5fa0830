"""Think blocks in the text of an answer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelbay.wires.think_tags import ThinkTags, without_think_block

_TEXT = st.text(alphabet="ab\n <>/think", max_size=40)


def _split(pieces: list[str], *, implied: bool = False) -> tuple[str, str]:
    tags = ThinkTags(implied=implied)
    settled = [*(tags.feed(piece) for piece in pieces), tags.close()]
    return "".join(thought for thought, _ in settled), "".join(text for _, text in settled)


@given(_TEXT, st.lists(st.integers(0, 60), max_size=6), st.booleans())
def test_the_places_where_a_text_was_cut_do_not_matter(text: Any, cuts: Any, implied: Any) -> None:
    """A tag may arrive in any number of pieces; what is reasoning must not depend on that."""
    text = f"<think>{text}"
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]

    assert _split(pieces, implied=implied) == _split([text], implied=implied)


def test_a_block_at_the_beginning_is_reasoning() -> None:
    """Line breaks around the tags belong to the tags."""
    assert _split(["\n<think>\nWhy?\n\n</think>\n\nBecause."]) == ("Why?", "Because.")


def test_tags_later_in_the_answer_are_part_of_it() -> None:
    """An answer may speak about think tags."""
    text = "Write <think>x</think> so."

    assert _split([text]) == ("", text)


def test_a_block_without_an_opening_tag_is_read_where_that_is_declared() -> None:
    """Some chat templates write the opening tag themselves, so that the answer has only the closing one."""
    assert _split(["Hm", "m.</th", "ink>Yes"], implied=True) == ("Hmm.", "Yes")


def test_an_answer_cut_inside_its_reasoning_has_no_text() -> None:
    """A model may run out of tokens while it thinks."""
    assert _split(["<think>Let me see </thi"]) == ("Let me see </thi", "")


def test_whitespace_before_an_answer_without_a_block_is_kept() -> None:
    """Nothing may be lost of an answer that only looked as if it began with a tag."""
    assert _split([" \n<", "thin air"]) == ("", " \n<thin air")


def test_a_block_is_taken_out_of_earlier_answers() -> None:
    """Models are confused by their earlier reasoning when they read it as an answer."""
    assert without_think_block("<think>\nlong\n</think>\n\nShort.") == "Short."
    assert without_think_block("No <think>x</think>") == "No <think>x</think>"

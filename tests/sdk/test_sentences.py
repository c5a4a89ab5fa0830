"""Long text is split at the ends of sentences, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.sdk.sentences import greedy_sentence_windows, split_into_parts, split_into_sentences

Splitter = Callable[[str, int], list[str]]
TEXTS = st.text(alphabet=st.sampled_from("ab .!?\n\r。，é̈👩‍🇩🇪") | st.characters(codec="utf-8"))


@given(text=TEXTS, limit=st.integers(1, 60))
@pytest.mark.parametrize("split", [split_into_sentences, split_into_parts, greedy_sentence_windows])
def test_parts_fit_and_join_to_exactly_the_text(split: Splitter, text: str, limit: int) -> None:
    """A lost space or a doubled word would be heard, judged or billed."""
    parts = split(text, limit)

    assert "".join(parts) == text
    assert all(0 < len(part) <= limit for part in parts)


@pytest.mark.parametrize(
    "sentence",
    [
        "Pi is 3.14 and e is 2.72, roughly.",
        "Dr. Smith and J. R. Miller met, e.g. on Monday.",
        "See https://example.com/a.b?c=d for more.",
        "It is called z.B. Nutzung in German.",
        "See fig. 3 and no. 5 for that!",
        "Wait... what is this?",
    ],
)
def test_dots_inside_a_sentence_do_not_end_it(sentence: str) -> None:
    """A pause after "Dr." is the classic mistake of speech."""
    text = f"{sentence} Second one."

    assert split_into_sentences(text, len(sentence) + 1) == [f"{sentence} ", "Second one."]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hello there! How are you? Fine.", ["Hello there! ", "How are you? ", "Fine."]),
        ("你好吗？我很好。谢谢！", ["你好吗？", "我很好。", "谢谢！"]),
        ("He said “Go away.” Then he left.", ["He said “Go away.” ", "Then he left."]),
        ("first line\nsecond line\n", ["first line\n", "second line\n"]),
        ("「行こう。」と言った。", ["「行こう。」", "と言った。"]),
    ],
)
def test_sentences_end_where_readers_pause(text: str, parts: list[str]) -> None:
    """Closing quotes and the space after belong to the sentence that ends."""
    assert split_into_sentences(text, max(map(len, parts))) == parts


def test_short_sentences_share_a_part() -> None:
    """Each part is a request, and requests cost time."""
    assert split_into_sentences("One. Two. Three. Four.", 11) == ["One. Two. ", "Three. ", "Four."]


def test_overlong_sentence_is_cut_at_a_word_then_at_a_comma() -> None:
    """Only when nothing better exists."""
    assert split_into_sentences("the quick brown fox", 10) == ["the quick ", "brown fox"]
    assert split_into_sentences("天气很好，我们去公园", 7) == ["天气很好，", "我们去公园"]


def test_overlong_word_is_cut_between_characters_that_readers_see() -> None:
    """Half a flag or a lost accent is another character."""
    family, flag, accented = "👩‍👩‍👧", "🇩🇪", "e\u0301"

    assert split_into_sentences(family * 2, 6) == [family, family]
    assert split_into_sentences(flag * 3, 3) == [flag] * 3
    assert split_into_sentences(accented * 3, 3) == [accented] * 3


def test_parts_for_moderation_prefer_paragraphs() -> None:
    """A judgement needs context, and a paragraph has more of it than a sentence."""
    text = "One two. Three.\n\nFour five. Six.\n\nSeven."

    assert split_into_parts(text, 30) == ["One two. Three.\n\n", "Four five. Six.\n\nSeven."]
    assert split_into_parts(text, 12) == ["One two. ", "Three.\n\n", "Four five. ", "Six.\n\nSeven."]


def test_greedy_windows_end_after_the_last_terminator_that_fits() -> None:
    """Plugins rely on exactly this plain behaviour, decimals and all."""
    assert greedy_sentence_windows("A b. C d. Eeeeeee", 9) == ["A b. C d.", " Eeeeeee"]
    assert greedy_sentence_windows("It is 3.14 now", 9) == ["It is 3.", "14 now"]
    assert greedy_sentence_windows("abcdefgh", 3) == ["abc", "def", "gh"]
    assert greedy_sentence_windows("a;b;c", 3, ";") == ["a;", "b;c"]
    assert greedy_sentence_windows("") == []


@pytest.mark.parametrize("split", [split_into_sentences, split_into_parts, greedy_sentence_windows])
def test_impossible_limit_is_refused(split: Splitter) -> None:
    """It would never end."""
    with pytest.raises(ValueError, match="at least 1"):
        split("text", 0)

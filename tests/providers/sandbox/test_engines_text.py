"""Embeddings, ranking and moderation of the sandbox: simple, but in the right order and always the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.providers.sandbox.engines.embed import embed
from modelbay.providers.sandbox.engines.moderate import CATEGORIES, moderate
from modelbay.providers.sandbox.engines.rank import rank
from modelbay.providers.sandbox.engines.words import stem


def similarity(first: str, second: str, seed: int = 0) -> float:
    return sum(a * b for a, b in zip(embed(first, seed=seed), embed(second, seed=seed), strict=True))


@given(text=st.text(), dimensions=st.integers(1, 300), seed=st.integers(0, 5))
def test_every_text_has_one_vector_of_length_one(text: str, dimensions: int, seed: int) -> None:
    """Also the empty text, and one whose features cancel out: cosine similarity divides by the length."""
    vector = embed(text, dimensions=dimensions, seed=seed)

    assert len(vector) == dimensions
    assert math.isclose(math.hypot(*vector), 1.0)
    assert vector == embed(text, dimensions=dimensions, seed=seed)


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_similar_texts_are_more_similar_than_others(seed: int) -> None:
    """The one thing that an embedding is for."""
    cat, cats = "The cat sat on the mat.", "A cat is sitting on a mat."
    market, shares = "The stock market fell sharply today.", "Stock markets fell today."
    recipe = "Whisk the eggs with sugar."

    others = [(cat, market), (cat, shares), (cat, recipe), (market, recipe), (cats, market), (shares, recipe)]
    assert min(similarity(cat, cats, seed), similarity(market, shares, seed)) > 0.4
    assert max(similarity(*pair, seed) for pair in others) < 0.3


def test_chinese_texts_are_compared_without_spaces() -> None:
    """CJK is written without them, so words alone would find nothing in common."""
    assert (
        similarity("我喜欢在公园里跑步", "我爱在公园跑步")
        > 0.4
        > similarity("我喜欢在公园里跑步", "股票市场今天大跌")
    )


def test_spelling_of_the_same_characters_does_not_matter() -> None:
    """Unicode has several ways to write é and full-width letters."""
    assert similarity("Caf\u00e9 ＡＢＣ", "cafe\u0301 abc") == pytest.approx(1.0)


def test_seeds_give_different_vectors() -> None:
    """Otherwise a test could not tell two sandbox models apart."""
    assert embed("harbour", seed=1) != embed("harbour", seed=2)


def test_vector_without_dimensions_is_refused() -> None:
    """A size of 0 has no vector of length 1."""
    with pytest.raises(ValueError, match="at least 1"):
        embed("x", dimensions=0)


def test_documents_are_ranked_by_words_in_common() -> None:
    """The document with more and rarer words of the query comes first."""
    docs = ["Bananas are yellow.", "Passwords must be long.", "To reset your password, click the link."]

    ranked = rank("How do I reset my password?", docs)

    assert [index for index, _ in ranked] == [2, 1, 0]
    assert ranked[0][1] > ranked[1][1] > ranked[2][1] == 0.0


def test_chinese_documents_are_ranked() -> None:
    """Pairs of characters stand for words; a single one still finds what begins with it."""
    assert rank("跑步", ["股票市场", "公园里跑步"])[0][0] == 1
    assert rank("猫", ["犬です", "猫が好き"])[0][0] == 1


@given(st.text(), st.lists(st.text(), max_size=8))
def test_every_document_gets_one_score_from_0_to_1_in_order(query: str, docs: list[str]) -> None:
    """Callers cut by a threshold, and equals must not change places from call to call."""
    ranked = rank(query, docs)

    assert sorted(index for index, _ in ranked) == list(range(len(docs)))
    assert ranked == sorted(ranked, key=lambda pair: (-pair[1], pair[0]))
    assert all(0 <= score < 1 for _, score in ranked)


@pytest.mark.parametrize(
    "forms",
    [("city", "cities"), ("run", "running", "runs"), ("jump", "jumped", "jumping"), ("glass",), ("is",)],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    """Light stemming: enough for plurals and common verb forms."""
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("text", "category", "found"),
    [
        ("I will kill you!", "violence", "kill you"),
        ("what an I.D.1.0.T he is", "harassment", "I.D.1.0.T"),
        ("you l o s e r", "harassment", "l o s e r"),
        ("Pórn here", "sexual", "Pórn"),
        ("ｐｏｒｎ", "sexual", "ｐｏｒｎ"),
        ("how to m4ke   a b0mb", "illicit", "m4ke   a b0mb"),
        ("我想自杀", "self-harm", "自杀"),
        ("they are subhumans", "hate", "subhumans"),
        ("sooo stupiiid", "harassment", "stupiiid"),
    ],
)
def test_disguised_words_are_found_where_they_are(text: str, category: str, found: str) -> None:
    """Spans point into the original text, whatever was folded to find them."""
    verdict = moderate(text)

    assert verdict.flagged
    assert [(span.category, text[span.start : span.end]) for span in verdict.spans] == [(category, found)]
    assert [name for name, is_found in verdict.categories.items() if is_found] == [category]


@pytest.mark.parametrize(
    "text", ["", "skill yourself up", "assessment", "stable stabilise", "kill the process", "你好"]
)
def test_harmless_text_is_not_flagged(text: str) -> None:
    """Bad words inside good ones are the classic false alarm."""
    verdict = moderate(text)

    assert not verdict.flagged
    assert verdict.categories == dict.fromkeys(CATEGORIES, False)


def test_verdict_does_not_repeat_the_words() -> None:
    """Verdicts get logged; what they are about must not be."""
    assert "moron" not in repr(moderate("you moron"))


@given(st.text())
def test_places_are_those_of_the_original_text(text: str) -> None:
    """Folding keeps every character's place, even where Unicode changes lengths."""
    assert moderate(f"{text} moron").spans[-1].end == len(text) + 6

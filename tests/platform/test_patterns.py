"""Which patterns contain which: compared with trying all short texts."""

from __future__ import annotations

import itertools
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.patterns import Patterns

TEXTS = ["".join(signs) for length in range(6) for signs in itertools.product("ab/", repeat=length)]

patterns = st.lists(
    st.sampled_from(["a", "b", "/", "*", "?", "[ab]", "[!a]", "[!/b]", "[a-b]", "[", "]", "[]a]", "[b-a]"]),
    max_size=5,
).map("".join)


def is_matched(text: str, *by: str) -> bool:
    """Whether any of the patterns matches, as at a call."""
    return any(fnmatchcase(text, pattern) for pattern in by)


@given(patterns, st.lists(patterns, max_size=3))
def test_what_is_said_to_be_contained_is_and_what_escapes_does(pattern: str, others: list[str]) -> None:
    """One wrong answer, and somebody makes a key that opens more than their own."""
    found = Patterns(others).missing(pattern)

    if found is None:
        assert not [text for text in TEXTS if is_matched(text, pattern) and not is_matched(text, *others)]
    else:
        assert is_matched(found, pattern)
        assert not is_matched(found, *others)


@pytest.mark.parametrize(
    ("pattern", "others"),
    [
        ("openai/gpt-4.1", ["openai/*"]),
        ("openai/gpt-4*", ["openai/*"]),
        ("openai/*", ["anthropic/*", "open*"]),
        ("openai/gpt-?", ["openai/*-?"]),
        ("[ab]/x", ["a/*", "b/x"]),
        ("*", ["?*", ""]),
        ("a*b*c", ["a*c"]),
        ("[a-z]", ["[a-m]", "[n-z]"]),
    ],
)
def test_what_is_contained(pattern: str, others: list[str]) -> None:
    """Also where only several together contain it."""
    assert Patterns(others).missing(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "others", "text"),
    [
        ("openai/*", ["openai/gpt-4*"], "openai/"),
        ("*", ["*/*"], ""),
        ("openai*", ["openai/*"], "openai"),
        ("fast", ["openai/*"], "fast"),
        ("a?", ["a[!x]"], "ax"),
        ("[a-z]", ["[a-m]", "[o-z]"], "n"),
    ],
)
def test_what_is_not_contained_is_shown(pattern: str, others: list[str], text: str) -> None:
    """The shortest text that gets away is what a person understands."""
    assert Patterns(others).missing(pattern) == text


def test_what_cannot_be_told_is_refused() -> None:
    """Deciding it may take exponentially long; nobody may hold up the platform with that."""
    others = Patterns([f"*{sign}" + "?" * 30 for sign in "abcdefgh"] + ["*a*b*c*d*"])

    with pytest.raises(InvokeBadRequestError, match="too entangled"):
        others.missing("*" + "?" * 40)


def test_many_ordinary_patterns_are_told_apart() -> None:
    """A key may have a thousand of them."""
    others = Patterns([f"provider-{number}/model-{number}-*" for number in range(1000)])

    assert [others.missing(f"provider-{number}/model-{number}-large") for number in range(500)] == [
        None
    ] * 500
    assert others.missing("provider-7/model-*") is not None

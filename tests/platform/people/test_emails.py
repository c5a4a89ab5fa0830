"""E-mail addresses: one spelling for one person, and never one for two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.emails import normal_email


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Smith+bay@Example.COM\n", "ann.smith+bay@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("李@例子.example", "李@xn--fsqu00a.example"),
        ("ann@localhost", "ann@localhost"),
    ],
)
def test_an_address_has_one_spelling(typed: str, stored: str) -> None:
    """People write their own address in several ways."""
    assert normal_email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        *("", "@", "ann", "ann@", "@example.com", "a b@example.com", "ann@exa mple.com", "ann@example..com"),
        *("ann@-example.com", "ann@example.com.", "ann@[127.0.0.1]", "a\x00@example.com", "a\n@example.com"),
        *("x" * 65 + "@example.com", "ann@" + "x" * 64 + ".com", "ann@" + "x." * 130 + "com"),
        *('"ann"@example.com', "<ann@example.com>", "ann@b@example.com", "\udc80@example.com"),
    ],
)
def test_what_is_no_address_is_refused_by_name(typed: str) -> None:
    """And never a traceback."""
    with pytest.raises(InvokeBadRequestError, match=r"^member: .*is not an e-mail address") as caught:
        normal_email(typed, field="member")
    assert caught.value.field == "member"


@given(st.emails() | st.text())
def test_a_stored_address_is_its_own_spelling(text: str) -> None:
    """Whatever is stored is found again by itself."""
    try:
        stored = normal_email(text)
    except InvokeBadRequestError:
        return
    assert normal_email(stored) == stored


@pytest.mark.parametrize(
    "other", ["ſam@example.com", "\u212aam@example.com", "straße@example.com", "İ@example.com"]
)
def test_two_mailboxes_never_become_one_user(other: str) -> None:
    """Unicode folds letters that mail servers keep apart: who owns one would sign in as the other."""
    folded = other.casefold()
    try:
        assert normal_email(other) != normal_email(folded)
    except InvokeBadRequestError:
        return  # a spelling that no keyboard writes is refused

"""Cutting text into slices whose counts add up to the count of the whole.

Every published encoding first splits text into pieces with a regular expression that looks ahead by one
character and never back, and then encodes each piece alone. A cut is clean, that is, changes no count, where

- a space follows something that is not blank: no piece goes on past its own non-blank characters into a
  space, and what comes before sees the end of the text as it would see the space;
- a line end or one of the marks below follows a letter or a digit: a piece of letters may begin with such a
  mark but never has one inside or behind (the apostrophe, which may be inside, is not among them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SLICE = 1 << 16
"""Characters of a slice, about 4 ms of counting."""

BLANK_BLOCK = 1 << 18
"""Characters of a block of blanks. The tokenizer's expression fails on runs of about a million."""

_WINDOW = 1 << 12  # one search step: `re` holds the interpreter while it searches
_CLEAN_CUT = re.compile(r"(?<=\S)(?= )|(?<=[^\W_])(?=[\n,.;:!?，。、；：！？])")
_ENDLESS_BLANKS = re.compile(rf"(?<!\s)\s{{{BLANK_BLOCK},}}")  # from the start of a run only: linear time


class Slice(NamedTuple):
    """A part of a text; `clean` is false where the cut behind it may change the count by a token."""

    text: str
    clean: bool = True


def slices(text: str, size: int = SLICE) -> Iterator[Slice]:
    """Cut a text into slices of about `size` characters; longer where there is no clean cut."""
    start = 0
    while (cut := _next_cut(text, start + size)) is not None:
        yield from _blocks(text[start:cut])
        start = cut
    yield from _blocks(text[start:])


def _next_cut(text: str, start: int) -> int | None:
    """Find the first clean cut at or after `start`, window by window."""
    for begin in range(start, len(text), _WINDOW):
        # The window sees one character more, which the look-ahead needs.
        if found := _CLEAN_CUT.search(text, begin, begin + _WINDOW + 1):
            return found.start()
    return None


def _blocks(text: str) -> Iterator[Slice]:
    """Cut runs of blanks that no tokenizer survives; any other text stays whole."""
    start = 0
    if len(text) > BLANK_BLOCK:
        for run in _ENDLESS_BLANKS.finditer(text):
            for cut in range(run.start() + BLANK_BLOCK, run.end(), BLANK_BLOCK):
                yield Slice(text[start:cut], clean=False)
                start = cut
    yield Slice(text[start:])

"""Whether all that a pattern matches is matched by others too: exactly, for patterns as `fnmatch` reads them.

A pattern is a small automaton: a place in it, and a step for each character. What it matches is contained in
what others match unless there is a text that leads to its end and to none of theirs; that text is searched.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence, Set
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from modelbay.errors import InvokeBadRequestError

_PREFERRED: Final = string.ascii_lowercase + string.digits + "-/.:_"
_LAST: Final = 0x10FFFF
_STEPS: Final = 300_000  # a quarter of a second, 30 MB; hostile patterns may need exponentially many

Places = frozenset[tuple[int, int]]
"""Where a text has led to: in which pattern, and where in it."""


class Patterns:
    """Patterns that others may be contained in."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._known = frozenset(patterns)
        self._others = [tuple(_parts(pattern)) for pattern in patterns]
        self._codes = {ord(letter) for pattern in patterns for letter in pattern}
        self._begin = self._settled((which, 0) for which in range(len(patterns)))
        self._table: dict[tuple[Places, str], Places] = {}
        self._steps = 0

    def missing(self, pattern: str) -> str | None:
        """Return a short text that another pattern matches and none of these does; None if there is none.

        Raises:
            InvokeBadRequestError: They are too entangled to tell, or too many have been asked about.
        """
        if pattern in self._known or "*" in self._known:
            return None
        parts, signs = tuple(_parts(pattern)), _signs(self._codes | set(map(ord, pattern)))
        states = [((place, self._begin), "") for place in _resting(parts, 0)]
        seen = {state for state, _ in states}
        for (place, theirs), text in states:  # grows while it is read
            if place == len(parts) and not self._ended(theirs):
                return text
            for sign in _taken(parts[place], signs) if place < len(parts) else ():
                after = self._step(theirs, sign)
                for rest in _resting(parts, _next(parts, place)):
                    if (rest, after) not in seen:
                        seen.add((rest, after))
                        states.append(((rest, after), text + sign))
        return None

    def _step(self, places: Places, sign: str) -> Places:
        after = self._table.get((places, sign))
        self._steps += 1 if after is not None else 1 + len(places)
        if self._steps > _STEPS:
            raise InvokeBadRequestError("these patterns are too entangled: write simpler ones")
        if after is None:
            after = self._table[places, sign] = self._settled(
                (which, _next(self._others[which], place))
                for which, place in places
                if place < len(self._others[which]) and _takes(self._others[which][place], sign)
            )
        return after

    def _settled(self, places: Iterable[tuple[int, int]]) -> Places:
        return frozenset(
            (which, rest) for which, place in places for rest in _resting(self._others[which], place)
        )

    def _ended(self, places: Places) -> bool:
        return any(place == len(self._others[which]) for which, place in places)


def _parts(pattern: str) -> Iterator[str]:
    """Yield the parts of a pattern: `*`, and what matches one character, such as `?`, `[a-z]` or a letter."""
    place = 0
    while place < len(pattern):
        end = _end_of_set(pattern, place) if pattern[place] == "[" else place + 1
        part = pattern[place:end]
        yield "[[]" if part == "[" else part  # one that is not closed is a letter
        place = end


def _end_of_set(pattern: str, begin: int) -> int:
    first = begin + 1
    first += pattern.startswith("!", first)
    first += pattern.startswith("]", first)
    found = pattern.find("]", first)
    return begin + 1 if found < 0 else found + 1


def _resting(parts: Sequence[str], place: int) -> Iterator[int]:
    """Yield a place and those behind it that need no character."""
    yield place
    while place < len(parts) and parts[place] == "*":
        place += 1
        yield place


def _taken(part: str, signs: Sequence[str]) -> Iterable[str]:
    """Return those characters that a part of a pattern matches; a letter is one of them itself."""
    if len(part) == 1 and part not in "*?":
        return (part,)
    return (sign for sign in signs if _takes(part, sign))


def _takes(part: str, sign: str) -> bool:
    if len(part) == 1:
        return part == sign or part in "*?"
    return _is_in_set(part, sign)


@lru_cache(maxsize=65536)
def _is_in_set(part: str, sign: str) -> bool:
    return fnmatchcase(sign, part)


def _next(parts: Sequence[str], place: int) -> int:
    return place if parts[place] == "*" else place + 1


def _signs(codes: Set[int]) -> list[str]:
    """Return one character of each kind that patterns of these characters cannot tell apart."""
    starts = sorted({0} | codes | {code + 1 for code in codes if code < _LAST})
    ends = [*(start - 1 for start in starts[1:]), _LAST]
    return [_nicest(start, end) for start, end in zip(starts, ends, strict=True)]


def _nicest(start: int, end: int) -> str:
    """Return a character between two, one that people can read if there is any."""
    return next((sign for sign in _PREFERRED if start <= ord(sign) <= end), chr(start))

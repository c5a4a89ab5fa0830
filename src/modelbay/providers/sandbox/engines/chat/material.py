"""What a message offers to fill arguments and JSON answers with: names, quotes, numbers, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import TypeVar

from modelbay.providers.sandbox.engines.words import words

__all__ = ["Material", "name_words"]

_Value = TypeVar("_Value", str, float)
_QUOTES = (
    r"\"([^\"\n]{1,500})\"",
    r"“([^”\n]{1,500})”",
    r"「([^」\n]{1,500})」",
    r"(?<!\w)'([^'\n]{1,500})'(?!\w)",
)
_QUOTED = re.compile("|".join(_QUOTES))
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w]|\.\d)")
_NAME = r"[A-ZÀ-Þ][\w'-]*"
# The first word of a message is written large anyway: it counts only together with a second one.
_CAPITALISED = re.compile(rf"(?<=[\w,;:] ){_NAME}(?: {_NAME})*|\A\s*\b{_NAME}(?: {_NAME})+")
_PREPOSITION = re.compile(
    r"\b(?:in|for|to|at|about|of|from|called|named)\s+(?:the\s+|an?\s+)?(?!\S*@)([\w-]{2,})", re.IGNORECASE
)
_SEARCHED = 20_000  # characters; a schema of many properties searches that often
_WORD = re.compile(r"[^\W\d_][\w-]*")
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-./]+")
_TOO_COMMON = frozenset(
    words(
        "a an the is are was were be been it its this that these those i me my you your we us our they he "
        "she and or not but if of to in on at by for from with as please can could would will what which who "
        "how when where why do does did tell give let get make use using want need some any all there here "
        "just now know say"
    )
)


def name_words(name: str) -> set[str]:
    """Return the words of an identifier or a sentence that mean something: `getWeather` has one, weather."""
    return {word for word in words(_CAMEL_HUMP.sub(" ", name)) if word not in _TOO_COMMON}


@dataclass(slots=True)
class Material:
    """A message taken apart. What was used once is not offered again while there is something else."""

    message: str
    head: str  # as much of it as is searched
    said: set[str]
    quotes: list[str]
    numbers: list[float]
    names: list[str]

    @classmethod
    def of(cls, message: str) -> Material:
        """Take a message apart."""
        head = message[:_SEARCHED]
        quotes = [next(filter(None, groups)) for groups in _QUOTED.findall(head)]
        bare = _QUOTED.sub(" ", head)
        names = [name.strip() for name in _CAPITALISED.findall(bare)]
        names += [word for word in _PREPOSITION.findall(bare) if not word.isdigit()]
        numbers = [number for number in map(float, _NUMBER.findall(bare)) if isfinite(number)]
        return cls(message, head, set(words(head)), quotes, numbers, list(dict.fromkeys(names)))

    def named(self, name: str) -> str | None:
        """Return what the message says a property is: "city: Paris", "city=Paris", "the city is Paris"."""
        spoken = r"[\s_-]*".join(map(re.escape, _CAMEL_HUMP.sub(" ", name).split()))
        pattern = rf"\b{spoken}\s*(?:[:=]|\bis\b)\s*(?:\"([^\"]*)\"|([^\s,;\"]+))"
        found = re.search(pattern, self.head, re.IGNORECASE) if spoken else None
        if found is None:
            return None
        return found[1] if found[1] is not None else found[2].rstrip(".!?")

    def mentions(self, text: str) -> bool:
        """Tell whether the words of a name or of an option occur in the message."""
        asked = set(words(_CAMEL_HUMP.sub(" ", text)))
        return bool(asked) and asked <= self.said

    def next_number(self, fits: Callable[[float], bool]) -> float | None:
        """Take the first number that fits."""
        return _take(self.numbers, fits)

    def next_text(self, fits: Callable[[str], bool]) -> str | None:
        """Take the first quotation that fits, else the first name."""
        quote = _take(self.quotes, fits)
        return quote if quote is not None else _take(self.names, fits)

    def search(self, pattern: re.Pattern[str]) -> str | None:
        """Return the first place that matches."""
        found = pattern.search(self.head)
        return found[0] if found else None

    def plain_words(self) -> Iterator[str]:
        """Yield the words that mean something, the last first: sentences end with what they are about."""
        return (word for word in reversed(_WORD.findall(self.head)) if name_words(word))


def _take(values: list[_Value], fits: Callable[[_Value], bool]) -> _Value | None:
    chosen = (index for index, value in enumerate(values) if fits(value))
    index = next(chosen, None)
    return None if index is None else values.pop(index)

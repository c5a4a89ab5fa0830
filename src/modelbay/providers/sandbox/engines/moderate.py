"""Moderation by a word list: a few mild words per category, also in disguise. No meaning is known.

Case, accents, full-width letters, digits for letters ("m0r0n"), repeated letters and punctuation in between
("i.d.i.o.t") do not hide a word; being part of another word ("skill") does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

__all__ = ["CATEGORIES", "Span", "Verdict", "moderate"]

_PHRASES: dict[str, str] = {
    "violence": "kill you|kill him|kill her|kill them|murder you|stab|stabbing|massacre|beat you up|"
    "shoot you|blow up the|behead|杀了你|杀死|捅死|砍死",
    "self-harm": "kill myself|killing myself|suicide|suicidal|end my life|self harm|hurt myself|cut myself|"
    "hang myself|want to die|自杀|自残|不想活",
    "harassment": "idiot|moron|loser|worthless|nobody likes you|shut up|stupid|pathetic|"
    "you are trash|白痴|蠢货|去死|废物",
    "hate": "subhuman|subhumans|vermin|ethnic cleansing|racial purity|inferior race|"
    "go back to your country|劣等民族|种族清洗",
    "sexual": "porn|pornography|nude|nudes|naked|erotic|sexting|xxx video|色情|裸照|裸体",
    "illicit": "make a bomb|build a bomb|buy cocaine|sell cocaine|cook meth|fentanyl|stolen credit card|"
    "counterfeit money|fake passport|hack into|launder money|制造炸弹|贩毒|毒品|洗钱|假护照",
}
CATEGORIES = tuple(_PHRASES)
_DISGUISES = {
    "a": "4@",
    "b": "8",
    "e": "3",
    "g": "9",
    "i": "1!|",
    "l": "1|",
    "o": "0",
    "s": "5$",
    "t": "7+",
    "z": "2",
}
_LATIN_END = 0x024F
_MOST_REPEATS = 4  # of one letter: a bound keeps matching linear


@dataclass(frozen=True, slots=True)
class Span:
    """Where a match is: `text[start:end]` of what was judged. The words themselves are not repeated."""

    category: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `categories` has every category, `spans` are in the order of the text."""

    flagged: bool
    categories: dict[str, bool]
    spans: tuple[Span, ...]


def moderate(text: str) -> Verdict:
    """Judge a text of any length."""
    folded = _folded(text)
    spans = [
        Span(category, *match.span())
        for category, pattern in _patterns().items()
        for match in pattern.finditer(folded)
    ]
    found = {span.category for span in spans}
    return Verdict(
        bool(spans),
        {category: category in found for category in CATEGORIES},
        tuple(sorted(spans, key=lambda span: (span.start, span.end))),
    )


def _folded(text: str) -> str:
    """Return the text in plain small letters, character by character, so that places stay the same."""
    return text.lower() if text.isascii() else "".join(map(_folded_character, text))


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[0]
    if ord(character) > _LATIN_END and not base.isascii():
        return character
    return base.lower()[:1] or character


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {category: re.compile(_either(phrases.split("|"))) for category, phrases in _PHRASES.items()}


def _either(phrases: Iterable[str]) -> str:
    latin = "|".join(_disguised(phrase) for phrase in phrases if phrase.isascii())
    other = "|".join(re.escape(phrase) for phrase in phrases if not phrase.isascii())
    return rf"(?<![a-z0-9])(?:{latin})(?![a-z0-9])" + (f"|{other}" if other else "")


def _disguised(phrase: str) -> str:
    """Return a pattern for a phrase: with punctuation between its letters, or with a space between all."""
    words = phrase.split()
    tight = r"[\W_]{1,3}".join(_letters(word, r"[^\w\s]{0,2}_?") for word in words)
    if len(words) > 1:
        return tight
    return f"{tight}|{_letters(phrase, ' ')}"


def _letters(word: str, between: str) -> str:
    pieces: list[str] = []
    for letter, run in groupby(word):
        pieces += [_class(letter)] * (len(list(run)) - 1)
        pieces.append(f"{_class(letter)}{{1,{_MOST_REPEATS}}}")
    return between.join(pieces)


def _class(letter: str) -> str:
    return f"[{re.escape(letter + _DISGUISES.get(letter, ''))}]"

"""Cut text into words for ranking: Latin ones reduced to a light stem, CJK ones as characters and pairs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["CJK", "normalised", "stem", "words"]

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUN = re.compile(rf"[{CJK}]+|[^\W{CJK}]+")
_ENDINGS = ("ingly", "edly", "ings", "ing", "ied", "ies", "ed", "es", "ly", "s")
_SHORTEST_STEM = 3


def normalised(text: str) -> str:
    """Return the text in one spelling: compatibility forms and letter case do not matter."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> Iterator[str]:
    """Yield the terms of a text. CJK is written without spaces, so pairs of characters stand for words."""
    for run in _RUN.findall(normalised(text)):
        if _is_cjk(run[0]):
            yield from run
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            yield stem(run)


def _is_cjk(character: str) -> bool:
    return character > "\u303f" and re.match(f"[{CJK}]", character) is not None


def stem(word: str) -> str:
    """Return a Latin word without its commonest endings: "cities" and "city" become one, "is" stays."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "aeiouls":
        return word[:-1]  # "running" to "run"
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] in "eyi" else word

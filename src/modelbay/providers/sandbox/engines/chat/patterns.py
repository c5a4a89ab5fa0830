"""Make a text for a simple regular expression, without ever running it: a hostile one could run for years."""

from __future__ import annotations

import re

__all__ = ["text_for_pattern"]

_TOKEN = re.compile(
    r"(?P<set>\[(?:\\.|[^\]\\])+\])|\\(?P<escape>.)|(?P<any>\.)|(?P<anchor>[\^$])|"
    r"(?P<plain>[^\\\[\](){}|*+?.^$])"
)
_QUANTIFIER = re.compile(r"[*+?]|\{(\d{1,4})(?:,\d*)?\}")
_CLASSES = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_LONGEST = 10_000


def text_for_pattern(pattern: str) -> str | None:
    """Return a text for a pattern of characters, sets and counts; None if it has groups or alternatives."""
    made, at = "", 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        character = _character(token) if token else None
        if token is None or character is None:
            return None
        quantifier = _QUANTIFIER.match(pattern, token.end())
        made += character * _count(quantifier)
        at = quantifier.end() if quantifier else token.end()
    return made if len(made) <= _LONGEST else None


def _character(token: re.Match[str]) -> str | None:
    """Return a character for one place of the pattern, "" for an anchor, None where it is not that simple."""
    if token["anchor"]:
        return ""
    if token["any"]:
        return "a"
    if token["escape"]:
        known = _CLASSES.get(token["escape"])
        return known or (None if token["escape"].isalnum() else token["escape"])
    return _of_set(token["set"]) if token["set"] else token["plain"]


def _of_set(text: str) -> str | None:
    inner = text[1:-1]
    if inner.startswith("^"):
        return None
    return _CLASSES.get(inner[1]) if inner.startswith("\\") else inner[0]


def _count(quantifier: re.Match[str] | None) -> int:
    """Return the fewest repeats that are allowed, but at least one where one is allowed."""
    return int(quantifier[1]) if quantifier and quantifier[1] else 1

"""Reasoning that a server writes into the text, between think tags, taken out of it."""

from __future__ import annotations

import re
from enum import Enum

OPEN, CLOSE = "<think>", "</think>"
_BLOCK = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)


class _Place(Enum):
    BEGINNING = "beginning"
    REASONING = "reasoning"
    GAP = "gap"
    ANSWER = "answer"


class ThinkTags:
    """Splits a text that may begin with a think block, wherever the text was cut into pieces.

    Only a block at the beginning counts: later tags are part of what the answer says. `implied` is for
    servers whose template opens the block itself, so that only its end is in the text.
    """

    def __init__(self, *, implied: bool = False) -> None:
        self._place = _Place.REASONING if implied else _Place.BEGINNING
        self._held = ""
        self._reasoned = False

    def feed(self, text: str) -> tuple[str, str]:
        """Take in the next piece; return the reasoning and the answer that it settles."""
        if self._place is _Place.ANSWER:
            return "", text
        self._held += text
        if self._place is _Place.BEGINNING:
            self._begin()
        reasoning = self._reason() if self._is(_Place.REASONING) else ""
        if self._is(_Place.GAP):
            return reasoning, self._skip_gap()
        return reasoning, self._release() if self._is(_Place.ANSWER) else ""

    def close(self) -> tuple[str, str]:
        """Return the reasoning and the answer that were held back, at the end of the text."""
        held = self._release()
        if self._place is _Place.REASONING:
            return held.rstrip("\n"), ""
        return "", "" if self._place is _Place.GAP else held

    def _is(self, place: _Place) -> bool:
        return self._place is place

    def _begin(self) -> None:
        """Find out whether the text begins with a think block; until that is sure, nothing changes."""
        start = self._held.lstrip()
        if start.startswith(OPEN):
            self._held, self._place = start[len(OPEN) :], _Place.REASONING
        elif not OPEN.startswith(start):
            self._place = _Place.ANSWER

    def _reason(self) -> str:
        reasoning, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._held, self._place = rest, _Place.GAP
            return self._trim(reasoning.rstrip("\n"))
        settled = reasoning[: len(reasoning) - _tail(reasoning)].rstrip("\n")
        self._held = reasoning[len(settled) :]
        return self._trim(settled)

    def _trim(self, reasoning: str) -> str:
        """Return the reasoning without the line breaks that belong to the opening tag."""
        trimmed = reasoning if self._reasoned else reasoning.lstrip("\n")
        self._reasoned = self._reasoned or bool(trimmed)
        return trimmed

    def _skip_gap(self) -> str:
        answer = self._release().lstrip("\n")
        if answer:
            self._place = _Place.ANSWER
        return answer

    def _release(self) -> str:
        held, self._held = self._held, ""
        return held


def without_think_block(text: str) -> str:
    """Return the text without the think block that it begins with, if it does."""
    return _BLOCK.sub("", text, count=1) if text.lstrip().startswith(OPEN) else text


def _tail(text: str) -> int:
    """How many last characters may be the beginning of the closing tag."""
    place = text.rfind(CLOSE[0], max(0, len(text) - len(CLOSE) + 1))
    return len(text) - place if place >= 0 and CLOSE.startswith(text[place:]) else 0

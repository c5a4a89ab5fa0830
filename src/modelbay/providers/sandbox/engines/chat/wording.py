"""The sentences that the chat engine says by itself."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from modelbay.providers.sandbox.engines.words import CJK

__all__ = ["default_answer", "filler_words", "thoughts"]

_COUNTED = re.compile(rf"[{CJK}]|[^\W_{CJK}][\w'-]*")
_GREETINGS = ("Hello!", "Hi there!", "Good to hear from you!", "Welcome!")
_HINTS = ("Try /help to see what I can do.", "There is more behind /help.", "Say /help for my commands.")
_QUOTED = 160  # characters of the message that are repeated
_SENTENCE = 12  # words of filler
_FILLER = (
    "bay harbour tide gull anchor sail breeze lantern pier rope shell wave sand island compass map deck "
    "captain voyage star cloud morning quiet gentle bright distant patient wooden silver follows carries "
    "crosses meets remembers guides turns rests waits shines under over toward along beside and while then"
)


def default_answer(message: str, instructions: str, turn: int, seed: int) -> str:
    """Return an answer that shows what was read: message, instructions, and how far the conversation is."""
    sentences = [_one_of(_GREETINGS, message, seed), "I am the sandbox, a script and no neural model."]
    sentences.append(_what_was_said(message))
    if instructions:
        sentences.append(f"I have also read my instructions ({_words(instructions)}).")
    if turn > 1:
        sentences.append(f"This is turn {turn} of our conversation.")
    return " ".join([*sentences, _one_of(_HINTS, message, seed)])


def _what_was_said(message: str) -> str:
    said = " ".join(message.split())
    if not said:
        return "Your message was empty."
    if len(said) > _QUOTED:
        said = said[:_QUOTED] + "…"
    kind = "asked" if message.rstrip().endswith(("?", "？")) else "wrote"
    return f"You {kind} in {_words(message)}: “{said}”"


def _words(text: str) -> str:
    count = len(_COUNTED.findall(text))
    return "1 word" if count == 1 else f"{count} words"


def _one_of(choices: tuple[str, ...], message: str, seed: int) -> str:
    return choices[zlib.crc32(f"{seed}\0{choices[0]}\0{message}".encode()) % len(choices)]


def thoughts(message: str) -> str:
    """Return what a model might think about a message."""
    found = _COUNTED.findall(message)
    if not found:
        return "There is nothing to think about: the message is empty."
    longest = max(found, key=len)
    return (
        f"The message has {_words(message)}. The longest is “{longest}”. "
        f"It {'is' if message.rstrip().endswith(('?', '？')) else 'is not'} a question. I can answer that."
    )


def filler_words(count: int, seed: int) -> Iterator[str]:
    """Yield that many words of sentences without meaning, each with the space in front."""
    vocabulary = _FILLER.split()
    for index in range(count):
        word = vocabulary[zlib.crc32(f"{seed}:{index}".encode()) % len(vocabulary)]
        place = index % _SENTENCE
        word = word.capitalize() if place == 0 else word
        is_end = place == _SENTENCE - 1 or index == count - 1
        yield f"{' ' if index else ''}{word}{'.' if is_end else ''}"

"""Estimates, for models whose tokenizer is not published or not shipped here.

Text: a weighted sum of what its UTF-8 bytes tell about it (letters, numbers, scripts). The weights are
fitted to o200k_base on samples of 90 languages, code and data; docs/decisions/0004-tokens.md has the errors.
"""

from __future__ import annotations

import base64
import binascii
import math

from modelbay.entities import MultiModalPromptMessageContent

_SLICE = 1 << 18  # characters looked at in one step; a step holds the interpreter for about a millisecond

# Tokens per character of other scripts, by the first bytes that encode them.
_SCRIPTS = (
    (0xC2, 0xC3, 1.36),  # accented letters of Western Europe
    (0xC4, 0xCD, 1.78),  # other Latin letters, accents
    (0xCE, 0xCF, 0.42),
    (0xD0, 0xD3, 0.37),
    (0xD4, 0xD7, 0.43),  # Armenian, Hebrew
    (0xD8, 0xDF, 0.46),
    (0xE0, 0xE0, 0.46),  # India, Thai, Lao
    (0xE1, 0xE1, 0.42),  # Georgian, Khmer, Vietnamese accents
    (0xE2, 0xE2, 1.42),  # punctuation, arrows, box drawing
    (0xE3, 0xE3, 0.77),
    (0xE4, 0xE9, 0.8),
    (0xEA, 0xED, 0.8),
    (0xEE, 0xEF, 1.3),  # full-width forms
    (0xF0, 0xF4, 1.37),
)
_LETTER, _HUMP, _DIGIT, _NUMBER, _MARK, _BLANK_PAIR, _LINE = 0.23, 1.43, 0.2, 1.48, 0.24, 0.11, 1.7

_FILE_BYTES_PER_TOKEN = {"audio": 1_600, "video": 1_000, "document": 50}
"""Speech at 128 kbit/s is ten tokens a second; a document's page of 50 kB is 1,000 tokens."""
_UNKNOWN_FILE = 1_000


def _kind(byte: int) -> int:
    """Sort a byte: `a` small letter, `A` capital, `0` digit, a line end, a blank, `.` mark, `x` not ASCII."""
    if byte >= 0x80:
        return ord("x")
    char = chr(byte)
    if char in "\r\n":
        return ord("\n")
    if char.isspace() or not char.isprintable():
        return ord(" ")
    if char.isalnum():
        return ord("0") if char.isdigit() else ord("a") if char.islower() else ord("A")
    return ord(".")


_KINDS = bytes(map(_kind, range(256)))
_WEIGHT_OF_LEAD = {lead: weight for first, last, weight in _SCRIPTS for lead in range(first, last + 1)}
_SCRIPT_CLASSES = [
    (weight, bytes(b for b in range(256) if _WEIGHT_OF_LEAD.get(b) != weight))
    for weight in sorted(set(_WEIGHT_OF_LEAD.values()))
]
_BEFORE_NUMBER = [bytes([before, ord("0")]) for before in b" .\naAx"]


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text: 0 for the empty text, else at least 1."""
    if not text:
        return 0
    total = sum(_weigh(text[start : start + _SLICE]) for start in range(0, len(text), _SLICE))
    return max(1, round(total))


def _weigh(text: str) -> float:
    data = text.encode("utf-8", "replace")
    kinds = b" " + data.translate(_KINDS)
    capitals, small = kinds.count(b"A"), kinds.count(b"a")
    return (
        _LETTER * (capitals + small)
        + _HUMP * kinds.count(b"aA")
        + _DIGIT * kinds.count(b"0")
        + _NUMBER * sum(map(kinds.count, _BEFORE_NUMBER))
        + _MARK * kinds.count(b".")
        + _BLANK_PAIR * kinds.count(b"  ")
        + _LINE * kinds.count(b"\n")
        + (0.0 if data.isascii() else _weigh_scripts(data))
    )


def _weigh_scripts(data: bytes) -> float:
    return sum(weight * len(data.translate(None, others)) for weight, others in _SCRIPT_CLASSES)


def estimate_file(file: MultiModalPromptMessageContent) -> int:
    """Estimate a sound, a video or a document by its size; text in a document is read, an address is not."""
    kind = str(getattr(file, "type", "document"))
    if not file.base64_data:
        return _UNKNOWN_FILE
    if file.mime_type.startswith("text/"):
        return _estimate_text_file(file.base64_data)
    size = len(file.base64_data) * 3 // 4
    return max(1, math.ceil(size / _FILE_BYTES_PER_TOKEN.get(kind, 50)))


def _estimate_text_file(data: str) -> int:
    try:
        return estimate_tokens(base64.b64decode(data).decode("utf-8", "replace"))
    except binascii.Error:
        return _UNKNOWN_FILE

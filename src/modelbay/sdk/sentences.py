"""Split long text for models that take only so many characters, without losing or changing one.

Joined, the parts always equal the text: white space stays with what is in front of it. A part may
therefore be nothing but white space where the text has more of it than fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain

__all__ = ["greedy_sentence_windows", "split_into_parts", "split_into_sentences"]

# Latin ends count only before white space ("3.14", "example.com"), CJK ones anywhere; closing quotes belong.
_END = re.compile(
    r"""(?:(?<![.!?…‽؟۔।])[.!?…‽؟۔।]++["'”’»)\]]*+(?=\s|\Z) | [。！？；｡．…]+["'”’」』）】》]* | \n)\s*""",
    re.VERBOSE,
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LAST_WORD = re.compile(r"[\w.]+\Z")
_LINE_NUMBER = re.compile(r"(?:\A|\n)\s*\d{1,3}\Z")  # "1. First": the number of a list entry
_ABBREVIATION_LIST = """dr mr mrs ms prof st sr jr hon rev gen col capt lt sgt vs
e.g i.e cf ca approx dept est inc ltd co corp
bros mt ave blvd jan feb apr jun jul aug sep sept oct nov dec z.b u.a d.h bzw hr fr evtl ggf mme mlle m
p.ej sra srta dra av"""
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_BEFORE_NUMBERS = frozenset(("no", "nos", "nr", "fig", "abb", "vol", "p", "pp", "art", "ch", "sec"))
_CLAUSE_END = "，、,;:：；"
_ZERO_WIDTH_JOINER = "\u200d"


def split_into_sentences(text: str, limit: int) -> list[str]:
    """Split text into parts of whole sentences, as many in each as fit.

    A sentence longer than the limit is cut at a word, and a word longer than the limit where no character
    falls apart. Abbreviations, numbers, initials and addresses do not end a sentence.

    Args:
        text: Any text; "" gives no parts.
        limit: The most characters a part may have, at least 1.

    Raises:
        ValueError: The limit is below 1.
    """
    _check_limit(limit)
    pieces = (piece for sentence in _sentences(text) for piece in _fitting(sentence, limit))
    return list(_packed(pieces, limit))


def split_into_parts(text: str, limit: int) -> list[str]:
    """Split text between paragraphs, else between sentences, else between words; as few parts as that allows.

    For models that judge a text in pieces (moderation). Parts do not overlap. Arguments and errors are those
    of `split_into_sentences`.
    """
    _check_limit(limit)
    pieces: list[str] = []
    for paragraph in _cut_after(text, (match.end() for match in _PARAGRAPH.finditer(text))):
        pieces += [paragraph] if len(paragraph) <= limit else split_into_sentences(paragraph, limit)
    return list(_packed(pieces, limit))


def greedy_sentence_windows(org_text: str, max_length: int = 2000, pattern: str = r"[。.!?]") -> list[str]:
    """Split text into windows that are as long as possible and end after a terminator.

    The window is cut at `max_length` where it holds no terminator. This is the plain splitter that plugins
    know as `_split_text_into_sentences`; it takes "3.14" and "Dr." for ends.

    Args:
        pattern: A regular expression for a terminator.

    Raises:
        ValueError: `max_length` is below 1.
    """
    if max_length <= 0:
        raise ValueError(f"max_length must be at least 1, not {max_length}.")
    terminator, windows, start = re.compile(pattern), [], 0
    while len(org_text) - start > max_length:
        end = start + max_length
        ends = [match.end() for match in terminator.finditer(org_text, start, end) if match.end() > start]
        windows.append(org_text[start : ends[-1] if ends else end])
        start += len(windows[-1])
    return [*windows, org_text[start:]] if start < len(org_text) else windows


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise ValueError(f"limit must be at least 1 character, not {limit}.")


def _sentences(text: str) -> Iterator[str]:
    ends = (match.end() for match in _END.finditer(text) if _is_end(text, match))
    return _cut_after(text, ends)


def _cut_after(text: str, ends: Iterable[int]) -> Iterator[str]:
    start = 0
    for end in ends:
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _is_end(text: str, match: re.Match[str]) -> bool:
    """Tell a full stop from the dot of an abbreviation, an initial or a list number."""
    if not match[0].startswith(".") or match[0].startswith("..") or "\n" in match[0]:
        return True
    following = text[match.end() : match.end() + 1]
    if following.islower():
        return False
    before = text[max(0, match.start() - 20) : match.start()]
    word = found[0] if (found := _LAST_WORD.search(before)) else ""
    is_initial = len(word) == 1 and word.isalpha() and word.isupper() and word != "I"
    is_counted = word.lower() in _BEFORE_NUMBERS and following.isdigit()
    return not (is_initial or is_counted or word.lower() in _ABBREVIATIONS or _LINE_NUMBER.search(before))


def _packed(pieces: Iterable[str], limit: int) -> Iterator[str]:
    """Put neighbours together as long as they fit."""
    part: list[str] = []
    length = 0
    for piece in pieces:
        if part and length + len(piece) > limit:
            yield "".join(part)
            part, length = [], 0
        part.append(piece)
        length += len(piece)
    if part:
        yield "".join(part)


def _fitting(sentence: str, limit: int) -> Iterator[str]:
    start = 0
    while len(sentence) - start > limit:
        end = _cut_before(sentence, start, start + limit)
        yield sentence[start:end]
        start = end
    yield sentence[start:]


def _cut_before(text: str, start: int, end: int) -> int:
    """Return where to cut, at `end` or before: at a space, else after a comma, else anywhere."""
    at_word = (cut for cut in range(end, start, -1) if text[cut - 1].isspace() or text[cut].isspace())
    after_comma = (cut for cut in range(end, start, -1) if text[cut - 1] in _CLAUSE_END)
    anywhere = range(end, start, -1)
    cuts = chain(at_word, after_comma, anywhere)
    return next((cut for cut in cuts if not _holds_together(text, cut)), end)


def _holds_together(text: str, cut: int) -> bool:
    """Tell whether the cut goes through what a reader sees as one character (UAX 29, the common cases)."""
    before, after = text[cut - 1], text[cut]
    if _ZERO_WIDTH_JOINER in (before, after) or (before, after) == ("\r", "\n"):
        return True
    if unicodedata.category(after) in ("Mn", "Mc", "Me") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\u1160" <= after <= "\u11ff":  # vowels and finals of a Hangul syllable
        return True
    return _is_flag_letter(after) and _flag_letters_before(text, cut) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, cut: int) -> int:
    """Count the regional indicators in front of a cut: two make a flag."""
    count = 0
    while count < cut and _is_flag_letter(text[cut - count - 1]):
        count += 1
    return count
